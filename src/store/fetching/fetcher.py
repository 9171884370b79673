"""Fetches with one set of settings and one cache."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from store.addresses import public
from store.backends.delivery import Obtained
from store.backends.hits import cached_path
from store.backends.resources import digests_of, filename_of, size_of, uid_of
from store.backends.telling import tell_hit
from store.cache.backends.base import Cache
from store.config.model import Settings
from store.config.reading import read_settings
from store.errors import (
    ConfigurationError,
    StoreError,
    UnknownNameError,
)
from store.fetching.asking import Answer, Asking, Wanted
from store.fetching.obtaining import brought
from store.fetching.options import cache_configuration, transfer_options
from store.fetching.outcome import result_of, tell_failure
from store.fetching.results import Resolved, Result
from store.integrity.digest import DigestsLike
from store.plugins.loading import cache_of_ours, load_cache, load_transports
from store.transports.deadlines import Deadline, begun, keeping

if TYPE_CHECKING:
    # A warm fetch tells nobody: events load when there is something to tell.
    from store.backends.placing import Delivery
    from store.events import Listener
    from store.fetching.unpacked import Unpacking
    from store.fetching.wishes import Wish
    from store.freshness.policy import Duration
    from store.transports.progress import Progress


class Fetcher:
    """Fetches with one set of settings and one cache; keeps stores and answers between calls.

    Safe for many threads; a context manager that closes the cache it opened itself.

    Args:
        settings: What the user decided; None reads the settings that hold here.
        cache: The cache to be asked; None opens the one that the settings name.
        progress: A callback ``(received_bytes, total_bytes | None, name)``, True for a tqdm bar, or None.
        listener: Is told each event.

    Attributes:
        settings: What it goes by.
        cache: The cache it asks.
        options: How it moves bytes.

    Raises:
        ConfigurationError: The settings cannot be read, a driver of ours does not understand what its
            table says, or ``cache`` is a name.
        UnknownNameError: There is no cache backend of that name.
        PluginError: ``cache`` is no cache, neither of ours nor of e3-core's kind.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        cache: Cache | None = None,
        progress: Progress = None,
        listener: Listener | None = None,
    ) -> None:
        self.settings = read_settings().settings if settings is None else settings
        self._owns_cache = cache is None
        if cache is None:
            cache = load_cache(self.settings.cache, cache_configuration(self.settings))
        elif isinstance(cache, str):
            raise ConfigurationError(f"cache is a Cache and no name: pass load_cache({cache!r})")
        else:
            cache = cache_of_ours(cache)
        self.cache = cache
        if progress is not None:
            from store.transports.progress import progress_listener, several

            listener = several(progress_listener(progress), listener)
        self.options = transfer_options(self.settings, listener)
        self._asking = Asking(self.settings, cache, self.options)
        if self.settings.drivers:
            self._asking.check_tables()

    def fetch(
        self,
        wanted: Wanted,
        *,
        dest: str | os.PathLike[str] | None = None,
        output: str | os.PathLike[str] | None = None,
        digest: DigestsLike = None,
        link: bool = False,
        refresh: bool = False,
        allow_unverified: bool | None = None,
        max_age: Duration = None,
        stale_if_error: Duration = 0,
        claims: dict[str, str] | None = None,
        unpack: bool = False,
        decompress: bool = False,
        symlinks: bool = False,
    ) -> Result:
        """Bring one resource here; see `store.fetch` for arguments and errors.

        ``claims`` is one mapping for all resources that are placed together: where two of them would lie
        at one path, the later is refused (`RefusedError`) instead of taking the earlier one's place.
        """
        delivery = None
        if dest is not None or output is not None:
            from store.fetching.delivering import delivery_of

            delivery = delivery_of(wanted, dest=dest, output=output, link=link, claims=claims)
        wish = None
        if unpack or decompress or symlinks:
            from store.fetching.wishes import Wish

            wish = Wish(unpack, decompress, symlinks)
        if max_age is not None:
            age = {"max_age": max_age, "stale_if_error": stale_if_error}
            return self._aged(wanted, delivery, wish, digest=digest, refresh=refresh, **age)
        seconds = self.options.bounds.deadline
        if seconds is None:
            return self._fetch(wanted, delivery, digest, refresh, allow_unverified, wish=wish)
        # One deadline for all that a fetch waits for: the question, another's download, its own.
        with keeping(begun(self.options.clock, seconds)):
            return self._fetch(wanted, delivery, digest, refresh, allow_unverified, wish=wish)

    def _fetch(
        self,
        wanted: Wanted,
        delivery: Delivery | None,
        digest: DigestsLike = None,
        refresh: bool = False,  # noqa: FBT001, FBT002
        allow_unverified: bool | None = None,  # noqa: FBT001
        *,
        wish: Wish | None,
    ) -> Result:
        answer = None
        try:
            answer = self._ask(wanted, digest, refresh, allow_unverified)
            again = None
            if answer.remembered and not (
                self.options.offline and answer.store.asks_network(answer.locator.query)
            ):
                ask = partial(self._asking.ask, wanted, digest)
                again = partial(ask, refresh=True, allow_unverified=allow_unverified)
            bring = partial(brought, answer, again)
            if wish is None and answer.locator.member is None:
                return bring(delivery)
            return self._unpacking(answer, wish).fetch(partial(bring, open_end=True), delivery)
        except BaseException as error:
            tell_failure(self.options.listener, wanted, answer, error)
            raise

    def _aged(
        self,
        wanted: Wanted,
        delivery: Delivery | None,
        wish: Wish | None,
        **beside: Any,  # noqa: ANN401 - what `fetch_aged` takes
    ) -> Result:
        from store.fetching.aged import fetch_aged
        from store.fetching.aged_parts import fetch_aged_part

        beside |= {"cache": self.cache, "options": self.options, "asking": self._asking}
        bring = partial(fetch_aged, **beside)
        return fetch_aged_part(wanted, bring, self._fetch, delivery=delivery, wish=wish)

    def resolve(
        self,
        wanted: Wanted,
        *,
        digest: DigestsLike = None,
        refresh: bool = False,
        allow_unverified: bool | None = None,
    ) -> Resolved:
        """Say what would be fetched, without downloading it; see `store.resolve`."""
        answer = self._ask(wanted, digest, refresh, allow_unverified)
        metadata = answer.metadata
        urls = getattr(metadata, "urls", ()) or (getattr(metadata, "url", ""),)
        return Resolved(
            locator=answer.locator.text,
            driver=answer.locator.driver,
            uid=uid_of(metadata),
            digests=tuple(str(one) for one in digests_of(metadata) or answer.pins),
            size=size_of(metadata),
            filename=filename_of(metadata),
            urls=tuple(public(url) for url in urls if isinstance(url, str) and url),
        )

    def glance(self, wanted: Wanted) -> Path | None:
        """Return where the cache has a plainly pinned address beyond doubt, at the least cost.

        None says nothing: `fetch` looks closer. No listener is told.
        """
        from store.fetching.pinned import read_pinned

        pinned = read_pinned(wanted)
        seen = None if pinned is None else self.cache.content.glance(pinned.digest, pinned.name)
        return None if seen is None else Path(seen[0])

    def hit(self, wanted: Wanted, *, allow_unverified: bool | None = None) -> Result | None:
        """Return the result where nobody need be asked what it is, and the cache has it; else None.

        Nothing is raised, and nothing that lies on this machine is read for it: `fetch` does that.
        """
        from store.fetching.recalling import known_here

        try:
            answer = known_here(self._asking, wanted, allow_unverified=allow_unverified)
            path = None if answer is None else cached_path(answer.store, answer.metadata)
        except StoreError:
            return None
        if answer is None or path is None:
            return None
        tell_hit(self.options.listener, answer.metadata, path)
        return result_of(answer, Obtained(path, cached=True))

    def cached(self, wanted: Wanted, *, digest: DigestsLike = None) -> Path | None:
        """Return where the cache has a resource, checked just now, or None; nothing is downloaded.

        Raises:
            StoreError: The locator cannot be read, or what it stands for is not known offline.
        """
        answer = self._ask(wanted, digest)
        if answer.locator.member is None:
            path = cached_path(answer.store, answer.metadata)
        else:
            path = self._unpacking(answer, None).cached()
        return None if path is None else Path(path)

    def begin_deadline(self) -> Deadline:
        """Begin the deadline that all have together which are fetched while it is kept.

        It is never later than the one that holds here; see `store.transports.deadlines.keeping`.
        """
        return begun(self.options.clock, self.options.bounds.deadline)

    def close(self) -> None:
        """Close the cache if the fetcher opened it."""
        if self._owns_cache:
            self.cache.close()

    def __enter__(self) -> Self:
        """Return the fetcher itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the fetcher."""
        self.close()

    def _ask(
        self,
        wanted: Wanted,
        digest: DigestsLike,
        refresh: bool = False,  # noqa: FBT001, FBT002
        allow_unverified: bool | None = None,  # noqa: FBT001
    ) -> Answer:
        """Find out what is wanted, with strangers' transports where ours do not open its scheme."""
        ask = self._asking.ask
        try:
            return ask(wanted, digest, refresh=refresh, allow_unverified=allow_unverified)
        except UnknownNameError as error:
            if error.kind != "transport":
                raise
            load_transports()
        return ask(wanted, digest, refresh=refresh, allow_unverified=allow_unverified)

    def _unpacking(self, answer: Answer, wish: Wish | None) -> Unpacking:
        """Return what unpacks; loaded now, since a plain fetch has no need of it."""
        from store.fetching.unpacked import Unpacking

        content, settings, options = self.cache.content, self.settings, self.options
        return Unpacking(answer, wish, content=content, settings=settings, options=options)
