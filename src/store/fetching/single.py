"""Fetches one resource: from a locator or query to a verified file."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.cache.backends.base import Cache
from store.config.reading import read_settings, settings_fingerprint
from store.fetching.asking import Wanted
from store.fetching.fetcher import Fetcher
from store.fetching.mirrored import with_mirrors
from store.fetching.results import Resolved
from store.integrity.digest import DigestsLike

if TYPE_CHECKING:
    # A warm fetch tells nobody: events load when there is something to tell.
    from store.events import Listener
    from store.fetching.explaining import Explanation
    from store.freshness.policy import Duration
    from store.transports.progress import Progress

_lock = threading.Lock()
_default: tuple[Any, Fetcher] | None = None


def fetch(
    locator: Wanted,
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
    max_age: Duration = None,
    stale_if_error: Duration = 0,
    listener: Listener | None = None,
    mirrors: Sequence[str] = (),
    unpack: bool = False,
    decompress: bool = False,
    symlinks: bool = False,
) -> Path:
    """Turn a locator or query into a verified local file.

    Args:
        locator: A URL, a path, ``driver:spec``, or a query: a mapping with ``driver`` beside the driver's
            own keys. ``!member`` behind a locator names one thing in an archive.
        dest: A directory that gets a private, editable file; None returns the path in the cache, read-only.
        output: The path of a private, editable file, instead of ``dest``.
        cache: The cache to be asked; None opens the one that the settings name.
        digest: What the content must be, beside what the locator pins.
        progress: A callback ``(received_bytes, total_bytes | None, name)``, or True for a tqdm bar.
        offline: Open no socket; None takes the setting.
        refresh: Ask the store anew what the query stands for.
        link: Place by a hard link where that is possible.
        allow_unverified: Accept a URL without a digest; None takes the setting.
        max_age: Of an address or path: how old the file may be before its source is asked again: seconds,
            ``"1d"``, a ``timedelta``, or ``"none"`` for any age; 0 asks each time. It implies
            ``allow_unverified``. None keeps what was fetched for as long as the driver has it.
        stale_if_error: With ``max_age``: how old a copy may be to be returned where the source fails; None
            for any age.
        listener: Is told each event.
        mirrors: Further addresses of the same resource, asked in their order after the locator, which is
            a URL with a digest.
        unpack: Unpack the archive (tar, plain or compressed, or zip) once it is verified. The path is that
            of a directory: read-only in the cache, a private one below ``dest`` (named as the archive,
            without its suffix), or ``output`` itself. It appears whole or not at all.
        decompress: Decompress the file (gz, bz2, xz, zst) once it is verified.
        symlinks: Make the archive's symbolic links, those that stay inside it; else they are refused.

    Returns:
        The file's absolute path, or the directory's; never None.

    Raises:
        StoreError: See `store.errors`; what was there before is as it was.
    """
    with_default = cache is None and progress is None and offline is None and listener is None
    fetcher = default_fetcher() if with_default else fetcher_for(cache, progress, offline, listener)
    if with_default and dest is output is digest is max_age is None and not (unpack or decompress):
        path = fetcher.glance(locator)
        if path is not None:
            return path
    return fetcher.fetch(
        with_mirrors(locator, mirrors) if mirrors else locator,
        dest=dest,
        output=output,
        digest=digest,
        link=link,
        refresh=refresh,
        allow_unverified=allow_unverified,
        max_age=max_age,
        stale_if_error=stale_if_error,
        unpack=unpack,
        decompress=decompress,
        symlinks=symlinks,
    ).path


def resolve(
    locator: Wanted,
    *,
    cache: Cache | None = None,
    digest: DigestsLike = None,
    offline: bool | None = None,
    refresh: bool = False,
    allow_unverified: bool | None = None,
) -> Resolved:
    """Say what a locator or query stands for, without downloading it.

    Arguments and errors are those of `fetch`.
    """
    fetcher = (
        default_fetcher()
        if cache is None and offline is None
        else fetcher_for(cache, None, offline, None)
    )
    return fetcher.resolve(
        locator, digest=digest, refresh=refresh, allow_unverified=allow_unverified
    )


def why(
    locator: Wanted,
    *,
    cache: Cache | None = None,
    digest: DigestsLike = None,
    offline: bool | None = None,
    allow_unverified: bool | None = None,
) -> Explanation:
    """Say why the next fetch would find a resource in the cache, or not.

    No socket is opened, and nothing in the cache is changed: no use is marked, and what is damaged stays
    where it lies. Where a file's stamp does not vouch for it, the file is hashed.

    Arguments and errors are those of `fetch`.
    """
    from store.fetching.explaining import explain

    flags = {"offline": offline} if offline is not None else None
    return explain(
        locator,
        settings=read_settings(flags).settings,
        cache=default_fetcher().cache if cache is None else cache,
        digest=digest,
        allow_unverified=allow_unverified,
    )


def default_fetcher() -> Fetcher:
    """Return the process's own fetcher, made anew when the settings' variables or the directory change."""
    global _default  # noqa: PLW0603 - one fetcher a process is the point
    mark = settings_fingerprint()
    known = _default
    if known is not None and known[0] == mark:
        return known[1]
    with _lock:
        fetcher = Fetcher()
        _default = (mark, fetcher)
    return fetcher


def fetcher_for(
    cache: Cache | None,
    progress: Progress,
    offline: bool | None,  # noqa: FBT001 - handed on from keywords
    listener: Listener | None,
) -> Fetcher:
    """Return a fetcher for one call that differs from the default; it shares the default's cache."""
    settings = read_settings({"offline": offline} if offline is not None else None).settings
    shared = default_fetcher().cache if cache is None else cache
    return Fetcher(settings, cache=shared, progress=progress, listener=listener)
