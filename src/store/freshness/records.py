"""The record of an aged file: whence it came, when, and what it is.

One JSON file, ``aged/v1/<key>.json`` below the cache's directory, beside the directory ``aged/v1/<key>/``
that holds the file's lasting name. It holds no secret: of an address only what may be shown, and keys.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Final

import attrs

from store import jsontext
from store.cache.content import Content
from store.cache.layout import Address
from store.cache.records import read_small, write_small
from store.integrity.digest import SIZES, Digest, Digests, digests_from
from store.integrity.stamp import Stamp

log = logging.getLogger(__name__)

_VERSION: Final = 1


@attrs.frozen(kw_only=True)
class AgedRecord:
    """What is known of an aged file; times in seconds since 1970 UTC, by our own clock.

    Attributes:
        key: 64 hexadecimal digits that stand for the whole source.
        shown: The source without secrets, for people.
        digest: The digest that the file lies under in the cache's content.
        name: Its name there.
        size: In bytes.
        digests: All digests that were computed, strongest first.
        fetched_at: When its bytes were moved.
        checked_at: When the source was last known to have this content: what its age counts from.
        giver: The key of the address that gave it, which its validators are of; empty where not known.
        etag: The entity tag that came with it, or None.
        last_modified: The time of change that came with it, as an HTTP date, or None.
        stamp: The stamp of a local source when it was copied; None where it could not be trusted.
    """

    key: str
    shown: str
    digest: Digest
    name: str
    size: int
    digests: Digests
    fetched_at: float
    checked_at: float
    giver: str = ""
    etag: str | None = None
    last_modified: str | None = None
    stamp: Stamp | None = None

    @property
    def address(self) -> Address:
        """What the file is in the cache's content."""
        return Address(self.digest, self.name)


def read(path: str, key: str) -> AgedRecord | None:
    """Read a record; one that is missing, damaged or of another source is None, the latter two logged."""
    found = read_small(path)
    if found is None:
        return None
    record = _parsed(found[0])
    if record is None or record.key != key:
        log.warning("the record %s is damaged or of another source: the file is fetched anew", path)
        return None
    return record


def write(content: Content, path: str, record: AgedRecord) -> None:
    """Write a record in one step, made to last as the content is.

    Raises:
        StorageError: It cannot be written; what was there is as it was.
    """
    durable = content.durability == "full"
    write_small(content.layout, path, _spelled(record).encode(), content.clock, durable=durable)


def harmless(label: Any) -> str | None:  # noqa: ANN401 - whatever a server or a file said
    """Return a validator that may be sent back to a server as it stands, or None."""
    fit = isinstance(label, str) and label.isascii() and label.isprintable()
    return label if fit else None


def _spelled(record: AgedRecord) -> str:
    data = attrs.asdict(record, recurse=False)
    data["digest"] = str(record.digest)
    data["digests"] = dict(record.digests)
    data["stamp"] = None if record.stamp is None else list(record.stamp)
    return json.dumps({"v": _VERSION, **data})


def _parsed(data: bytes) -> AgedRecord | None:
    try:
        value = jsontext.loads(data)
        if value.pop("v") != _VERSION:
            return None
        digests = digests_from(value["digests"], allow_weak=True)
        value |= {"digest": Digest.parse(value["digest"]), "digests": digests}
        value["stamp"] = Stamp.from_json(value["stamp"])
        record = AgedRecord(**value)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record if _sound(record) else None


def _sound(record: AgedRecord) -> bool:
    """Whether every field is of its kind: a record is read by nobody who looks again."""
    texts: tuple[Any, ...] = (record.key, record.shown, record.name, record.giver)
    labels = (record.etag, record.last_modified)
    times: tuple[Any, ...] = (record.fetched_at, record.checked_at)
    return (
        all(isinstance(one, str) for one in texts)
        and all(one is None or harmless(one) == one for one in labels)
        and all(type(one) in {int, float} for one in times)
        and type(record.size) is int
        and len(record.digest.hex) == 2 * SIZES[record.digest.algorithm]
        and record.name not in {"", ".", ".."}
        and "/" not in record.name
    )
