"""What came of a fetch or a look-up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from store.errors import StoreError

if TYPE_CHECKING:
    # A hit tries nothing.
    from store.transports.attempts import Attempt


class Result(NamedTuple):
    """A fetched resource.

    Attributes:
        locator: What was asked for, without secrets.
        driver: The name of the driver that was asked.
        uid: The resource's identity.
        path: The file, absolute.
        size: Its size in bytes.
        digests: What it was verified against, as ``algorithm:hex``; empty where nothing was pinned.
        verified: Whether it was held against a digest.
        cached: Whether the cache had it, so that nothing was moved.
        attempts: Every try that was made for it in this call, the last of which succeeded; none for a hit.
        origin: How it was come by, where a greatest age was given: ``fetched``, ``fresh``, ``revalidated``
            or ``stale``: see `store.freshness.policy.Origin`. Else None.
    """

    locator: str
    driver: str
    uid: str
    path: Path
    size: int
    digests: tuple[str, ...]
    verified: bool
    cached: bool
    attempts: tuple[Attempt, ...] = ()
    origin: str | None = None


class Outcome(NamedTuple):
    """What became of one of many: a result or an error.

    Attributes:
        number: Its place in the input, from 0.
        locator: What was asked for, without secrets.
        result: The fetched resource, or None.
        error: Why there is none, or None; its ``attempts`` hold every try.
    """

    number: int
    locator: str
    result: Result | None
    error: StoreError | None = None


class Resolved(NamedTuple):
    """What a locator stands for, before anything is downloaded.

    Attributes:
        locator: What was asked for, without secrets.
        driver: The name of the driver that was asked.
        uid: The resource's identity.
        digests: ``algorithm:hex``, strongest first; empty where none is known.
        size: In bytes, or None.
        filename: What the file is called, or None.
        urls: Where it can be had, without secrets.
    """

    locator: str
    driver: str
    uid: str
    digests: tuple[str, ...]
    size: int | None
    filename: str | None
    urls: tuple[str, ...]
