"""Tells whether a file and an object have one content."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from store.buckets.cyclic import computable, cyclic_of
from store.buckets.memory import Known
from store.buckets.scanning import Stamped, stamped
from store.buckets.summaries import digest_in, sha1_in
from store.buckets.sums import Hashed, hash_whole
from store.clock import SYSTEM_CLOCK, Clock
from store.errors import DriftError
from store.files.failures import storage_errors
from store.integrity.digest import Digest
from store.integrity.hashing import CHUNK, hash_file
from store.integrity.regular import open_regular
from store.transports.objects.base import ObjectMeta

_MD5: Final = re.compile(r"[0-9a-f]{32}")
_PARTED: Final = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,4})")
_MIB: Final = 1 << 20

_PART_SIZES: Final = tuple(
    size * _MIB for size in (8, 5, 16, 50, 10, 64, 100, 15, 25, 32, 128, 256, 512, 1024)
)
"""The sizes of parts that clients use, in bytes, the usual ones first: aws and boto3 8 MiB, rclone 5 MiB,
s5cmd 50 MiB."""

_PROBES: Final = 4
"""How many part sizes are tried on one file: each reads it once."""

_READS: Final = 3
"""How often a file is read that changes while it is read."""

SAME_TIME: Final = 1.0
"""How far times may lie apart that are taken for one, in seconds: some stores keep no fractions."""


def single_part_md5(etag: str | None) -> str | None:
    """Return the MD5 that an entity tag of an object in one part is, if it is one.

    Source: the S3 API reference, *Object*, ``ETag``: not so for some kinds of encryption, where a tag that
    does not match proves nothing.
    """
    return etag if etag is not None and _MD5.fullmatch(etag) else None


def is_parted(etag: str | None) -> bool:
    """Whether an entity tag is one of an object that came in parts (``md5-N``)."""
    return _PARTED.fullmatch(etag or "") is not None


def part_sizes(etag: str | None, size: int) -> list[int]:
    """Return which sizes of parts may have made an entity tag (``md5-N``), likely ones first; none if none.

    Args:
        etag: The entity tag.
        size: The object's bytes.
    """
    match = _PARTED.fullmatch(etag or "")
    if match is None or size == 0:
        return []
    parts = int(match[2])
    even = -(-size // parts)
    usual = [one for one in _PART_SIZES if -(-size // one) == parts]
    whole = -(-even // _MIB) * _MIB
    if whole not in usual and -(-size // whole) == parts:
        usual.append(whole)
    return (usual if parts > 1 else [size])[:_PROBES]


def multipart_etag(path: str | Path, part_size: int) -> str:
    """Return the entity tag that S3 gives a file uploaded in parts: the MD5 of the parts' MD5s, and how many.

    Args:
        path: The file.
        part_size: The bytes of each part but the last.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no regular file.
    """
    descriptor = open_regular(path, follow_links=True)
    try:
        parts = [hashlib.md5(usedforsecurity=False)]
        filled = 0
        while data := os.read(descriptor, min(CHUNK, part_size - filled)):
            parts[-1].update(data)
            filled += len(data)
            if filled == part_size:
                parts.append(hashlib.md5(usedforsecurity=False))
                filled = 0
        if not filled and len(parts) > 1:
            parts.pop()
    finally:
        os.close(descriptor)
    whole = hashlib.md5(b"".join(one.digest() for one in parts), usedforsecurity=False)
    return f"{whole.hexdigest()}-{len(parts)}"


class Read(NamedTuple):
    """What a file was found to be.

    Attributes:
        stamp: Its stamp, the same before and after.
        known: Its digests.
        began: When the reading began, in nanoseconds (`Clock.file_time_ns`).
        sums: The SHA-256 of each of its parts, where they were wanted and it is larger than one.
    """

    stamp: Stamped
    known: Known
    began: int
    sums: tuple[str, ...]


def read_digests(
    path: str,
    stamp: Stamped,
    *,
    md5: bool = False,
    sums: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> Read:
    """Read a file, and again where it changes meanwhile.

    Args:
        path: The file; a link is followed.
        stamp: What stat said of it before.
        md5: Whether its MD5 is wanted too.
        sums: Whether the sums of the parts it would go up in are, too.
        clock: The time.

    Raises:
        StorageError: It cannot be read.
        DriftError: It never stops changing.
    """
    for _ in range(_READS):
        began = clock.file_time_ns()
        with storage_errors(path):
            before, found, after = _read(path, md5=md5, sums=sums)
        if before == after:
            digests = dict(found.digests)
            return Read(after, Known(digests["sha256"], digests.get("md5")), began, found.sums)
    raise DriftError(
        f"{path} changes while it is read: sync again when it is finished, or exclude it",
        name=path,
        expected=str(stamp),
    )


def _read(path: str, *, md5: bool, sums: bool) -> tuple[Stamped, Hashed, Stamped]:
    try:
        descriptor = open_regular(path, follow_links=True)
    except ValueError as error:
        raise OSError(22, "is no regular file any more", path) from error
    try:
        before = stamped(os.fstat(descriptor))
        algorithms = ("sha256", "md5") if md5 else ("sha256",)
        found = hash_whole(descriptor, algorithms, before[2], sums=sums)
        return before, found, stamped(os.fstat(descriptor))
    finally:
        os.close(descriptor)


def proven(
    path: str,
    known: Known,
    meta: ObjectMeta,
    *,
    checksums: Callable[[], Mapping[str, str]] = dict,
) -> bool | None:
    """Return whether a file and an object of its size have one content, as far as that can be proven.

    In turn: the SHA-256 that its writer kept (``store-sha256``), its SHA-1 (``sha1sum``), an entity tag of
    one part, a checksum that the store computed over the whole, an entity tag of several parts of a size that
    can be guessed. A writer may keep the metadata of an older content: where the entity tag speaks against
    the SHA-256, what the store computed decides.

    Args:
        path: The file.
        known: Its digests.
        meta: What the store says of the object, its metadata included.
        checksums: Asks the store for its checksums: see `ObjectClient.checksums`.

    Returns:
        None where nothing is proven either way.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no regular file.
    """
    kept = digest_in(meta.metadata)
    md5 = single_part_md5(meta.etag)
    if kept is not None:
        same = kept == Digest("sha256", known.sha256)
        doubtful = same and md5 is not None and md5 != (known.md5 or _digest_of(path, "md5"))
        return (_checked(path, known, checksums()) is not False) if doubtful else same
    older = sha1_in(meta.metadata)
    if older is not None:
        return older.hex == _digest_of(path, "sha1")
    if md5 is not None and md5 == (known.md5 or _digest_of(path, "md5")):
        return True
    checked = _checked(path, known, checksums())
    if checked is not None:
        return checked
    if any(multipart_etag(path, size) == meta.etag for size in part_sizes(meta.etag, meta.size)):
        return True
    return None


def _checked(path: str, known: Known, told: Mapping[str, str]) -> bool | None:
    """Hold a file against the strongest checksum that a store tells; None where none can be computed here."""
    if "sha256" in told:
        return told["sha256"] == known.sha256
    if "sha1" in told:
        return told["sha1"] == _digest_of(path, "sha1")
    cyclic = computable(told)
    if cyclic is not None:
        return told[cyclic] == cyclic_of(path, cyclic)
    return None if "md5" not in told else told["md5"] == (known.md5 or _digest_of(path, "md5"))


def _digest_of(path: str, algorithm: str) -> str:
    return dict(hash_file(path, (algorithm,), follow_links=True).digests())[algorithm]


def presumed(stamp: Stamped, meta: ObjectMeta, *, up: bool) -> bool:
    """Return whether a file and an object of its size are taken for alike by their times alone.

    Args:
        stamp: The file's stamp.
        meta: What the store says of the object.
        up: Whether the file is the original: then an object written after it counts; else only one of its
            very time.
    """
    if meta.last_modified is None or single_part_md5(meta.etag) is not None:
        return False
    ahead = meta.last_modified.timestamp() - stamp[3] / 1e9
    return ahead >= 0 if up else abs(ahead) <= SAME_TIME
