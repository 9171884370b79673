"""One aged file in the cache: its record, its content, its lasting name."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from store.cache.content import Content, Kept
from store.cache.examining import grain_of
from store.cache.naming import give_name
from store.cache.uses import DAY
from store.errors import StorageError
from store.files.atomic import discard
from store.files.failures import storage_errors
from store.freshness.policy import Policy
from store.freshness.records import AgedRecord, read, write
from store.integrity.digest import Digests
from store.integrity.stamp import Stamp

_KEY_DIGITS = 32
"""How much of a key names an entry, in hexadecimal digits; the record has it whole."""


class Held(NamedTuple):
    """An aged file that was found whole just now."""

    record: AgedRecord
    path: Path
    """Its lasting name; where there can be none, the same as ``kept``."""
    kept: Path
    """Where it lies in the cache's content, under its digest: no other content ever takes its place."""


class Proven(NamedTuple):
    """What this process may hand out for as long as its stat is this one and its record young enough."""

    held: Held
    path: str
    inode: int
    ctime_ns: int
    mtime_ns: int
    size: int
    device: int
    process: int
    due: float
    """When the use is to be marked again, in seconds since 1970 UTC."""


class Entry:
    """Where the file of one source lies, and what is known of it.

    Args:
        content: The cache's files.
        key: 64 hexadecimal digits that stand for the whole source.
        name: What the file is called.

    Attributes:
        directory: The directory of the lasting name, which holds nothing else.
        path: The lasting name; what it leads to changes in one step when the source has changed.
        proven: What was found whole, and may be handed out for one ``lstat``; None where nothing was.
    """

    def __init__(self, content: Content, key: str, name: str) -> None:
        self._content = content
        self._key = key
        self._record = f"{content.layout.aged}{key[:_KEY_DIGITS]}.json"
        self.directory = Path(f"{content.layout.aged}{key[:_KEY_DIGITS]}")
        self.path = self.directory / name
        self.proven: Proven | None = None

    @property
    def uid(self) -> str:
        """What those who fetch it wait for each other by."""
        return f"aged:{self._key}"

    def quick(self, policy: Policy) -> Held | None:
        """Return the file if it is fresh and can be known to be whole by one ``lstat``, else None."""
        proven = self.proven
        if proven is None:
            return None
        now = self._content.clock.now()
        if not policy.fresh(now - proven.held.record.checked_at) or now >= proven.due:
            return None
        try:
            status = os.lstat(proven.path)
        except OSError:
            return None
        same = (
            status.st_ino == proven.inode
            and status.st_ctime_ns == proven.ctime_ns
            and status.st_mtime_ns == proven.mtime_ns
            and status.st_size == proven.size
            and status.st_dev == proven.device
            and proven.process == os.getpid()
        )
        return proven.held if same else None

    def look(self, pins: Digests = ()) -> Held | None:
        """Return the file, whatever its age, checked just now; None where it is not there or not whole.

        Args:
            pins: What it must be, beside what its record says.
        """
        self.proven = None
        record = read(self._record, self._key)
        if record is None or _disagree(record.digests, pins):
            return None
        kept = self._content.layout.file(record.address)
        before = _stamp(kept)
        if not self._content.holds(kept, (record.digest, *pins)):
            return None
        held = self._named(record, kept)
        self._prove(held, before)
        return held

    def known(self) -> AgedRecord | None:
        """Return the record as it stands, whatever became of the file."""
        return read(self._record, self._key)

    def put(self, record: AgedRecord, kept: Kept, before: Held | None) -> Held:
        """Let the entry stand for a file that the cache keeps from now on.

        The record comes first: whoever looks between the two steps mends the lasting name.

        Args:
            record: What is known of the file.
            kept: The file.
            before: What the entry stood for until now.

        Raises:
            StorageError: The record cannot be written; the entry is as it was.
        """
        try:
            self.renew(record)
        except StorageError:
            self._put_back(None if before is None else before.record)
            raise
        held = self._named(record, str(kept.path))
        if before is not None and before.kept != held.kept:
            self._content.linked(str(before.kept))
        return held

    def _put_back(self, record: AgedRecord | None) -> None:
        """Let the old record stand again where only the very last step of writing another failed."""
        with contextlib.suppress(OSError):
            if record is None:
                os.unlink(self._record)  # noqa: PTH108 - text
            elif self.known() != record:
                write(self._content, self._record, record)

    def renew(self, record: AgedRecord) -> None:
        """Write another record of the same file.

        Raises:
            StorageError: It cannot be written; what was there is as it was.
        """
        self.proven = None
        with storage_errors(self._record):
            write(self._content, self._record, record)

    def clear(self) -> None:
        """Forget the file and take its lasting name away; nothing happens where there is none.

        Raises:
            StorageError: They cannot be removed.
        """
        self.proven = None
        record = self.known()
        for path in (self._record, str(self.path)):
            with storage_errors(path), contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(path)  # noqa: PTH108 - text
        discard(self.directory)
        if record is not None:
            self._content.linked(self._content.layout.file(record.address))

    def _named(self, record: AgedRecord, kept: str) -> Held:
        named = give_name(self._content, kept, str(self.path))
        return Held(record, self.path if named else Path(kept), Path(kept))

    def _prove(self, held: Held, before: Stamp | None) -> None:
        """Let later looks go by the stat alone, where it is the one that was there before the check."""
        stamp = _stamp(str(held.path))
        content = self._content
        if stamp is None or stamp != before or content.verify != "stamp":
            return
        if stamp.racy(content.clock.file_time_ns(), grain_of(stamp.device)):
            return
        self.proven = Proven(
            held=held,
            path=str(held.path),
            inode=stamp.inode,
            ctime_ns=stamp.ctime_ns,
            mtime_ns=stamp.mtime_ns,
            size=stamp.size,
            device=stamp.device,
            process=os.getpid(),
            due=content.clock.now() + DAY,
        )


def _disagree(known: Digests, pins: Digests) -> bool:
    """Whether what is recorded of a content shows that it is another, so that it need not be read."""
    found = dict(known)
    return any(found.get(pin.algorithm, pin.hex) != pin.hex for pin in pins)


def _stamp(path: str) -> Stamp | None:
    try:
        return Stamp.of(os.lstat(path))
    except OSError:
        return None
