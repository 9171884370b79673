"""Fetches one resource: from a locator or query to a verified local file."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import attrs

from store.cache.backends.base import Cache
from store.config.model import Settings
from store.events import Listener
from store.integrity.digest import DigestsLike
from store.transports.progress import Progress


@attrs.frozen(kw_only=True)
class Result:
    """What came of a fetch.

    Attributes:
        locator: What was asked for, without secrets.
        driver: The name of the driver that was asked.
        uid: The resource's identity.
        path: The file, absolute.
        size: Its size in bytes.
        digests: What it was verified against, as ``algorithm:hex``; empty where nothing was pinned.
        verified: Whether it was held against a digest.
        cached: Whether the cache had it, so that nothing was moved.
    """

    locator: str
    driver: str
    uid: str
    path: Path
    size: int
    digests: tuple[str, ...]
    verified: bool
    cached: bool


@attrs.frozen(kw_only=True)
class Resolved:
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


class Fetcher:
    """Fetches with one set of settings and one cache; keeps stores, connections and answers between calls.

    Safe for many threads; a context manager that closes the cache it opened itself.

    Args:
        settings: What the user decided; None reads the settings that hold here.
        cache: The cache to be asked; None opens the one that the settings name.
        progress: A callback ``(received_bytes, total_bytes | None, name)``, True for a tqdm bar, or None.
        listener: Is told each event.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        cache: Cache | None = None,
        progress: Progress = None,
        listener: Listener | None = None,
    ) -> None:
        raise NotImplementedError

    def fetch(
        self,
        locator: str | PathLike[str] | Mapping[str, Any],
        *,
        dest: str | PathLike[str] | None = None,
        output: str | PathLike[str] | None = None,
        digest: DigestsLike = None,
        link: bool = False,
        refresh: bool = False,
        allow_unverified: bool | None = None,
    ) -> Result:
        """Bring one resource here; see `store.fetch` for arguments and errors."""
        raise NotImplementedError

    def resolve(
        self,
        locator: str | PathLike[str] | Mapping[str, Any],
        *,
        digest: DigestsLike = None,
        refresh: bool = False,
        allow_unverified: bool | None = None,
    ) -> Resolved:
        """Say what would be fetched, without downloading it."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections, and the cache if the fetcher opened it."""
        raise NotImplementedError


def fetch(
    locator: str | PathLike[str] | Mapping[str, Any],
    *,
    dest: str | PathLike[str] | None = None,
    output: str | PathLike[str] | None = None,
    cache: Cache | None = None,
    digest: DigestsLike = None,
    progress: Progress = None,
    offline: bool | None = None,
    refresh: bool = False,
    link: bool = False,
    allow_unverified: bool | None = None,
    listener: Listener | None = None,
) -> Path:
    """Turn a locator or query into a verified local file.

    Args:
        locator: A URL, a path, ``driver:spec``, or a query: a mapping with ``driver`` beside the driver's
            own keys.
        dest: A directory that gets a private, editable file; None returns the path in the cache, read-only.
        output: The path of a private, editable file; instead of ``dest``.
        cache: The cache to be asked; None opens the one that the settings name.
        digest: What the content must be, beside what the locator pins.
        progress: A callback ``(received_bytes, total_bytes | None, name)``, or True for a tqdm bar.
        offline: Open no socket; None takes the setting.
        refresh: Ask the store anew what the query stands for.
        link: Place by a hard link where that is possible.
        allow_unverified: Accept a URL without a digest; None takes the setting.
        listener: Is told each event.

    Returns:
        The file's absolute path; never None.

    Raises:
        StoreError: See `store.errors`; what was there before is as it was.
    """
    raise NotImplementedError
