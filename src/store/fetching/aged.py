"""Fetches what grows old: an address or path with a greatest age."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from store.backends.delivery import obtain
from store.backends.destinations import leaving_no_directory
from store.backends.digested import DigestedResource
from store.backends.failures import tell_past_the_cache
from store.backends.placing import Delivery
from store.backends.telling import tell_failed
from store.cache.backends.base import Cache
from store.cache.content import Content
from store.errors import LocatorError, QueryError, StorageError
from store.fetching.asking import Asking, Wanted, read_locator
from store.fetching.locator import Locator
from store.fetching.pinning import spelled
from store.fetching.results import Result
from store.files.atomic import private_directory
from store.freshness.aged_file import AgedFile
from store.freshness.policy import Duration
from store.freshness.results import AgedResult
from store.freshness.sources import SourceLike
from store.integrity.digest import Digests, DigestsLike, digests_from
from store.plugins.loading import load_transports
from store.transports.base import TransferOptions

if TYPE_CHECKING:
    # Events load when there is something to tell.
    from store.events import Event, Listener

log = logging.getLogger(__name__)

_KEYS: Final = frozenset({"url", "urls", "path", "digest", "digests", "allow_unverified"})
"""What a query with a greatest age may say."""


def fetch_aged(
    wanted: Wanted,
    *,
    cache: Cache,
    options: TransferOptions,
    asking: Asking,
    max_age: Duration,
    stale_if_error: Duration,
    digest: DigestsLike,
    delivery: Delivery | None,
    refresh: bool,
) -> Result:
    """Bring a file here that is asked for again when it is too old; see `freshness.aged_file.AgedFile`.

    Args:
        wanted: A locator, path or query that names addresses or a path, and no driver of another kind.
        cache: The cache that it lies in.
        options: How bytes are moved.
        asking: Has the store that places it.
        max_age: How old it may be; the text ``none`` for any age.
        stale_if_error: How old a copy may be that is handed out where the source fails.
        digest: What the content must be, beside what the locator pins.
        delivery: Where the caller wants it; None leaves it in the cache.
        refresh: Ask the source now, however young the file is.

    Raises:
        QueryError: The locator is of a driver whose resources do not grow old.
        StoreError: What the source said, and no copy may be handed out in its place.
        StorageError: The cache cannot take the file, and it is wanted nowhere else.
    """
    locator = read_locator(wanted)
    sources, beside = _sources_of(locator)
    pins = digests_from([*locator.digests, *beside, *digests_from(digest)])
    end = None if options.listener is None else _End(options.listener)
    opened = partial(
        _opened,
        sources,
        max_age=max_age,
        stale_if_error=stale_if_error,
        digest=pins,
        options=options if end is None else options._replace(listener=end),
    )
    file = opened(content=cache.content)
    try:
        found, placed, reason = _brought(file, opened, locator, asking, delivery, refresh=refresh)
    except BaseException as error:
        tell_failed(options.listener, file.name, error, locator.driver, file.uid)
        raise
    if end is not None:
        end.tell(file, found, placed, reason)
    return _result(locator, pins, found, placed)


def _result(locator: Locator, pins: Digests, found: AgedResult, placed: Path) -> Result:
    return Result(
        locator=locator.text,
        driver=locator.driver,
        uid=str(found.digests[0]),
        path=placed,
        size=found.size,
        digests=tuple(map(str, pins)),
        verified=bool(pins),
        cached=found.origin != "fetched",
        attempts=found.attempts,
        origin=found.origin,
    )


def _opened(sources: Sequence[SourceLike], **options: Any) -> AgedFile:  # noqa: ANN401 - its own
    """Return the file, with strangers' transports where ours do not open its scheme."""
    first, *mirrors = sources
    try:
        return AgedFile(first, mirrors=mirrors, **options)
    except LocatorError:
        load_transports()
    return AgedFile(first, mirrors=mirrors, **options)


def _sources_of(locator: Locator) -> tuple[list[SourceLike], Digests]:
    """Return the addresses or the path of a locator, and the digests that stand beside them.

    Raises:
        QueryError: It is asked of another driver, or says more.
    """
    query: Mapping[str, Any] = locator.query
    if locator.driver not in {"bucket", "file", "http"} or not query.keys() <= _KEYS:
        raise QueryError(
            f"{locator.text} cannot be given a greatest age (max_age): that is for addresses and paths, with"
            " digests at most; what a driver's own query stands for is asked anew with refresh"
        )
    urls = query.get("urls") or ()
    sources = [query.get("url"), *((urls,) if isinstance(urls, str) else urls)]
    path = query.get("path")
    sources.append(Path(path) if isinstance(path, str) and path[:5].lower() != "file:" else path)
    named = [one for one in sources if one is not None]
    if not named:
        raise QueryError(f"{locator.text} names no address and no path")
    pins = (*digests_from(query.get("digest")), *digests_from(query.get("digests")))
    return named, pins


def _brought(
    file: AgedFile,
    opened: Callable[..., AgedFile],
    locator: Locator,
    asking: Asking,
    delivery: Delivery | None,
    *,
    refresh: bool,
) -> tuple[AgedResult, Path, StorageError | None]:
    """Return the file, where it lies, and why it went past the cache where it did."""
    try:
        found = file.refresh() if refresh else file.obtain()
    except StorageError as error:
        if delivery is None:
            tell_past_the_cache(
                error, file.name, asking.store("file").cache_backend.content.layout.root
            )
            raise
        log.warning("the cache cannot take %s, so it goes without: %s", file.name, error)
        return (*_past_the_cache(opened, locator, asking, delivery), error)
    return found, _placed(file, found, locator, asking, delivery), None


def _past_the_cache(
    opened: Callable[..., AgedFile], locator: Locator, asking: Asking, delivery: Delivery
) -> tuple[AgedResult, Path]:
    """Bring a file into a private directory beside where it is wanted, then into place.

    Raises:
        StoreError: What the source or the place said.
    """
    with (
        leaving_no_directory(delivery.directory),
        private_directory(delivery.directory) as directory,
        contextlib.closing(Content(directory, durability="relaxed")) as content,
    ):
        file = opened(content=content)
        found = file.obtain()
        return found, _placed(file, found, locator, asking, delivery)


def _placed(
    file: AgedFile, found: AgedResult, locator: Locator, asking: Asking, delivery: Delivery | None
) -> Path:
    """Place a file where the caller wants it, as any resource that the cache has under its digests."""
    if delivery is None:
        return found.path
    resource = DigestedResource(
        found.digests, size=found.size, filename=file.name, urls=(found.kept.as_uri(),)
    )
    query = spelled(locator.query)
    obtained = obtain(asking.store("file"), resource, delivery, query=query, open_end=True)
    return Path(str(obtained.path))


class _End:
    """A listener that keeps the end back until the file lies where it is wanted."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._end: Event | None = None

    def __call__(self, event: Event) -> None:
        """Hand on what is no end."""
        from store.events import ENDS

        if isinstance(event, ENDS):
            self._end = event
        else:
            self._listener(event)

    def tell(self, file: AgedFile, found: AgedResult, path: Path, reason: Exception | None) -> None:
        """Tell the end: what was not fetched, a stale copy too, is a hit.

        Args:
            file: The file that grows old.
            found: What it is now.
            path: Where it lies for the caller.
            reason: Why the cache does not have it, or None.
        """
        from store.events import Bypassed, Cached, Hit

        if reason is not None:
            self._listener(Bypassed(file.name, str(path), str(reason), file.uid))
            return
        hit = Hit(file.name, str(found.path), found.size, file.uid)
        self._listener(self._end if isinstance(self._end, Cached) else hit)
