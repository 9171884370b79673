"""The record beside content: what is known of it without reading it.

One JSON file a digest; its modification time is when the content was last used. Writers take no lock: the
last one wins, and what another wrote meanwhile is lost at the cost of a hash.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final, NamedTuple

from store import jsontext
from store.cache.journals import journals_of
from store.cache.layout import Layout
from store.cache.quarantine import clear_way, made_way
from store.clock import Clock
from store.errors import StorageError
from store.integrity.digest import SIZES, Digest
from store.integrity.stamp import Stamp

log = logging.getLogger(__name__)

VERSION: Final = 1

_MAX_SIZE: Final = 1 << 20
"""The largest record that is read, in bytes; ours have some hundred."""


class Known(NamedTuple):
    """What is known of one file."""

    stamp: Stamp | None
    """Its stamp after the last full check; None where none could be trusted."""
    durable: bool
    """Whether a power cut can no longer have taken it away."""

    def vouches_for(self, stamp: Stamp) -> bool:
        """Whether a file that has this stamp now is the one that was checked."""
        if self.stamp is None or not self.stamp.same_file(stamp):
            return False
        return self.durable or (self.stamp.boot == stamp.boot != "")


class Record(NamedTuple):
    """What is known of the files of one content.

    Attributes:
        digests: All digests that were computed or are known.
        size: In bytes.
        added: When it was kept first, in seconds since 1970 UTC.
        files: By file name.
        used: When it was last used, in seconds since 1970 UTC; lies in the file's time, not in it.
    """

    digests: frozenset[Digest]
    size: int
    added: float
    files: dict[str, Known]
    used: float = 0.0


def read_record(layout: Layout, digest: Digest) -> Record | None:
    """Read a record; one that is missing, damaged or no regular file is None, the latter two logged."""
    path = layout.record(digest)
    found = read_small(path) or journals_of(layout).find(path)
    if found is None:
        return None
    record = _parsed(*found)
    if record is None:
        log.warning("the record %s is damaged: its files are hashed before they are used", path)
    return record


def read_small(path: str, largest: int = _MAX_SIZE) -> tuple[bytes, float] | None:
    """Read a small file of ours, and when it was last changed, in seconds since 1970 UTC.

    One that is missing or cannot be read is None; what is no regular file, or has more than ``largest``
    bytes, reads as empty.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.debug("%s cannot be read: %s", path, error)
        return None
    try:
        status = os.fstat(descriptor)
        regular = stat.S_ISREG(status.st_mode) and status.st_size <= largest
        return (os.read(descriptor, status.st_size + 1) if regular else b""), status.st_mtime
    except OSError as error:
        log.debug("the record %s cannot be read: %s", path, error)
        return b"", 0.0
    finally:
        os.close(descriptor)


def write_small(layout: Layout, path: str, data: bytes, clock: Clock, *, durable: bool) -> None:
    """Write a small file of ours in one step, whatever lies in its way.

    Raises:
        OSError: It cannot be written.
    """
    from store.files.atomic import write_bytes

    clear_way(layout, path, clock)
    try:
        write_bytes(path, data, durable=durable)
    except StorageError:
        if not made_way(layout, path, clock):
            raise
        write_bytes(path, data, durable=durable)


def write_record(
    layout: Layout,
    digest: Digest,
    record: Record,
    clock: Clock,
    *,
    durable: bool = False,
    used: float | None = None,
) -> None:
    """Write a record in one step, whatever lies in its way.

    Args:
        layout: Where the cache lies.
        digest: What the files are named by.
        record: What is known of them.
        clock: The time.
        durable: Make it survive a power cut.
        used: When the content was last used, in seconds since 1970 UTC; None is now.

    Raises:
        OSError: It cannot be written.
    """
    path = layout.record(digest)
    write_small(layout, path, spelled(record).encode(), clock, durable=durable)
    journals_of(layout).changed()
    if used is not None:
        os.utime(path, (used, used))


def spelled(record: Record) -> str:
    """Return a record as the text of its file."""
    data = {
        "v": VERSION,
        "digests": {one.algorithm: one.hex for one in sorted(record.digests)},
        "size": record.size,
        "added": record.added,
        "files": {
            name: {
                "stamp": None if known.stamp is None else list(known.stamp),
                "durable": known.durable,
            }
            for name, known in record.files.items()
        },
    }
    return json.dumps(data)


def spelled_first(digest: Digest, stamp: Stamp, name: str, *, added: float, durable: bool) -> str:
    """Return what `spelled` would for one file that just came: put together, as thousands come at once.

    Args:
        digest: What it was verified to be.
        stamp: Its stamp.
        name: Its file name.
        added: When it came, in seconds since 1970 UTC.
        durable: Whether a power cut can no longer take it away.
    """
    boot, device, inode, size, modified, changed = stamp
    return (
        f'{{"v": {VERSION}, "digests": {{"{digest.algorithm}": "{digest.hex}"}}, "size": {size}, "added": '
        f'{added!r}, "files": {{{_quoted(name)}: {{"stamp": [{_quoted(boot)}, {device}, {inode}, {size}, '
        f'{modified}, {changed}], "durable": {"true" if durable else "false"}}}}}}}'
    )


def _parsed(data: bytes | str, used: float) -> Record | None:
    try:
        value = jsontext.loads(data)
        if value["v"] != VERSION:
            return None
        return Record(
            digests=digests_in(value["digests"]),
            size=number_in(value["size"], int),
            added=number_in(value["added"], int, float),
            files={name: _known(one) for name, one in value["files"].items()},
            used=used,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def digests_in(value: Any) -> frozenset[Digest]:  # noqa: ANN401 - whatever a file held
    """Return the digests that a mapping of JSON gives by algorithm.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: It gives none.
    """
    return frozenset(_digest(*item) for item in value.items())


def number_in(value: Any, *kinds: type) -> Any:  # noqa: ANN401 - whatever a file held
    """Return a number of JSON that is of one of these types, and no flag.

    Raises:
        ValueError: It is not.
    """
    if type(value) not in kinds:
        raise ValueError("number")
    return value


def _digest(algorithm: str, number: Any) -> Digest:  # noqa: ANN401 - whatever a file held
    if not isinstance(number, str) or len(number) != 2 * SIZES[algorithm]:
        raise ValueError(algorithm)
    return Digest(algorithm, number)


def _known(value: Any) -> Known:  # noqa: ANN401 - whatever a file held
    if type(value["durable"]) is not bool:
        raise ValueError("durable")
    return Known(Stamp.from_json(value["stamp"]), value["durable"])
