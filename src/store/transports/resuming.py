"""Keeps what came of a large body, so that the next try goes on with it.

A part is bound to one address, one strong entity tag and one size (RFC 9110, section 13.1.5): a range of it
is asked for with ``If-Range``, and a server that has another version by now sends the whole anew.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from store.addresses import public
from store.clock import Clock
from store.errors import IntegrityError, StorageError, StoreError, TooLargeError
from store.files.budding import Budding
from store.files.growing import Growing, Stretches
from store.machine import boot_id
from store.transports.base import Stream

log = logging.getLogger(__name__)

RESUMABLE_FROM: Final = 1 << 20
"""From which size on a body is kept when it breaks off, in bytes: 1 MiB."""

_VERSION: Final = 1

_STRONG: Final = re.compile('"[!#-~\x80-\xff]+"')
"""A strong entity tag that can be sent (RFC 9110, section 8.8.3)."""

_directory: ContextVar[Path | None] = ContextVar("store_part", default=None)


@contextlib.contextmanager
def resumable(directory: Path) -> Iterator[None]:
    """Let what this thread receives in the block be kept in a directory when it breaks off.

    Args:
        directory: Belongs to one resource, and lies on the file system that the resource is to lie on;
            made when there is something to keep.
    """
    token = _directory.set(directory)
    try:
        yield
    finally:
        _directory.reset(token)


def strong(etag: object) -> bool:
    """Whether an entity tag names one sequence of bytes (RFC 9110, section 8.8.3)."""
    return isinstance(etag, str) and _STRONG.fullmatch(etag) is not None


def part_of(address: str, *, pinned: bool) -> Growing | None:
    """Return what is there of the body at an address, to go on with; None where there is nothing.

    Args:
        address: Where the body is.
        pinned: Whether the whole will be held against a digest. Without one only what this boot has
            written is gone on with: a power cut may have taken bytes whose record is there.
    """
    growing = _claimed()
    if growing is None:
        return None
    about = growing.about or {}
    if not _whole(growing, about) or not (pinned or about.get("boot") == boot_id() != ""):
        growing.discard()
        return None
    if about["address"] != public(address):
        growing.close()
        return None
    growing.stretches = but_the_last_byte(growing.stretches, about["total"])
    return growing


def _whole(growing: Growing, about: dict[str, Any]) -> bool:
    """Whether a part says of itself what it takes to go on with it, and nothing that cannot be."""
    total = about.get("total")
    return bool(
        growing.stretches
        and about.get("v") == _VERSION
        and isinstance(about.get("address"), str)
        and strong(about.get("etag"))
        and type(total) is int
        and growing.stretches[-1][1] <= os.fstat(growing.descriptor).st_size <= total
    )


def but_the_last_byte(stretches: Stretches, total: int) -> Stretches:
    """Leave the last byte of a part that is complete to be fetched, so that its source is asked at all."""
    if stretches == [(0, total)]:
        return [(0, total - 1)]
    return stretches


def part_for(
    address: str, stream: Stream, clock: Clock, beside: Path | None = None
) -> Growing | Budding | None:
    """Return an empty part for a body that begins; None where it could not be gone on with anyway.

    Args:
        address: Where the body is.
        stream: Its beginning.
        clock: The time.
        beside: The directory that it may lie in until it is worth a part, for who calls
            `Budding.ripen` now and then; None makes a part at once.
    """
    directory = _directory.get()
    if stream.size is None or stream.size < RESUMABLE_FROM or not strong(stream.etag):
        return None
    about: dict[str, Any] = {
        "v": _VERSION,
        "address": public(address),
        "etag": stream.etag,
        "total": stream.size,
        "boot": boot_id(),
        "at": clock.now(),
    }
    if beside is not None:
        return None if directory is None else Budding(directory, beside, about, clock.monotonic)
    growing = _claimed(new=True)
    if growing is None:
        return None
    try:
        growing.begin(about)
    except OSError as error:
        log.debug("%s is received without a part to go on with: %s", public(address), error)
        growing.discard()
        return None
    return growing


def forget() -> None:
    """Remove what an earlier try has left: the resource is here."""
    growing = _claimed()
    if growing is not None:
        growing.discard()


def is_the_same(part: Growing, stream: Stream, offset: int) -> bool:
    """Whether a stream goes on with a part: the byte, the version and the size are the right ones."""
    about = part.about or {}
    return (stream.offset, stream.etag, stream.size) == (offset, about["etag"], about["total"])


def worth_keeping(error: BaseException) -> bool:
    """Whether what came before an error is worth to be gone on with.

    It is not where the bytes are wrong or unwanted, nor where the disk refused: a full one needs the room.
    """
    if isinstance(error, StoreError):
        return not isinstance(error, IntegrityError | TooLargeError | StorageError)
    return not isinstance(error, OSError)


def _claimed(*, new: bool = False) -> Growing | None:
    """Become the writer of this resource's part, if there may be one; it is made only where it is ``new``."""
    directory = _directory.get()
    if directory is None or not (new or os.path.lexists(directory)):
        return None
    try:
        return Growing.claim(directory)
    except StoreError as error:
        log.debug("nothing is kept of what breaks off: %s", error)
        return None
