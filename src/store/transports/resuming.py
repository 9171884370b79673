"""Keeps what came of a large body, so that the next try goes on with it.

A part is bound to one address, one strong entity tag and one size (RFC 9110, section 13.1.5): a range of it
is asked for with ``If-Range``, and a server that has another version by now sends the whole anew.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from store.addresses import public
from store.clock import Clock
from store.errors import IntegrityError, StorageError, StoreError, TooLargeError
from store.files.growing import Growing, Stretches
from store.transports.base import Stream

log = logging.getLogger(__name__)

RESUMABLE_FROM: Final = 1 << 20
"""From which size on a body is kept when it breaks off, in bytes: 1 MiB."""

_VERSION: Final = 1

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


def strong(etag: str | None) -> bool:
    """Whether an entity tag names one sequence of bytes (RFC 9110, section 8.8.3)."""
    return etag is not None and len(etag) > 2 and etag[0] == etag[-1] == '"'  # noqa: PLR2004 - the quotes


def part_of(address: str) -> Growing | None:
    """Return what is there of the body at an address, to go on with; None where there is nothing."""
    directory = _directory.get()
    if directory is None or not directory.exists():
        return None
    growing = _claimed(directory)
    if growing is None:
        return None
    about = growing.about or {}
    fits = (
        growing.stretches
        and about.get("v") == _VERSION
        and about.get("address") == public(address)
        and isinstance(about.get("total"), int)
        and strong(str(about.get("etag")))
    )
    if fits:
        growing.stretches = but_the_last_byte(growing.stretches, about["total"])
        return growing
    growing.close()
    return None


def but_the_last_byte(stretches: Stretches, total: int) -> Stretches:
    """Leave the last byte of a part that is complete to be fetched, so that its source is asked at all."""
    if stretches == [(0, total)]:
        return [(0, total - 1)]
    return stretches


def part_for(address: str, stream: Stream, clock: Clock) -> Growing | None:
    """Return an empty part for a body that begins; None where it could not be gone on with anyway."""
    directory = _directory.get()
    if (
        directory is None
        or stream.size is None
        or stream.size < RESUMABLE_FROM
        or not strong(stream.etag)
    ):
        return None
    growing = _claimed(directory)
    if growing is not None:
        about: dict[str, Any] = {
            "v": _VERSION,
            "address": public(address),
            "etag": stream.etag,
            "total": stream.size,
            "at": clock.now(),
        }
        try:
            growing.begin(about)
        except OSError as error:
            log.debug("%s is received without a part to go on with: %s", public(address), error)
            growing.close()
            return None
    return growing


def is_the_same(part: Growing, stream: Stream, offset: int) -> bool:
    """Whether a stream goes on with a part: the byte, the version and the size are the right ones."""
    about = part.about or {}
    return (stream.offset, stream.etag, stream.size) == (offset, about["etag"], about["total"])


def worth_keeping(error: BaseException) -> bool:
    """Whether what came before an error is worth to be gone on with."""
    return not isinstance(error, IntegrityError | TooLargeError | StorageError) and isinstance(
        error, StoreError | KeyboardInterrupt | SystemExit
    )


def _claimed(directory: Path) -> Growing | None:
    try:
        return Growing.claim(directory)
    except StoreError as error:
        log.debug("nothing is kept of what breaks off: %s", error)
        return None
