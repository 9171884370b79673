"""Asks stores what a locator stands for, and remembers their answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike, fsdecode
from typing import Any, Final, NamedTuple

from store.backends.base import Store
from store.backends.failures import drivers_errors
from store.backends.resources import Digested, ResourceInfo, digests_of, uid_of
from store.cache.backends.base import Cache
from store.config.model import Settings
from store.errors import ConfigurationError, LocatorError, OfflineError, PluginError
from store.fetching.locator import Locator, from_query, parse_locator
from store.fetching.mirrored import Mirrored
from store.fetching.pinning import pinned, spelled
from store.fetching.resolutions import DIRECTORY, Resolutions, resolution_key
from store.integrity.digest import Digests, DigestsLike, digests_from
from store.plugins import builtin
from store.plugins.loading import find, load_store
from store.transports.base import TransferOptions

Wanted = str | PathLike[str] | Mapping[str, Any] | Mirrored
"""A locator, a path, a query with ``driver`` beside the driver's own keys, or a URL with mirrors."""

_MEMORY: Final = 10_000
"""How many answers are kept in memory."""


class Answer(NamedTuple):
    """What a locator stands for.

    Attributes:
        locator: The locator, read.
        store: Who brings it.
        metadata: The resource, its digests joined with the pinned ones.
        pins: Pinned digests that the resource's own `verify` does not cover.
        query: The query in its canonical spelling, without secrets.
        remembered: Whether the store was not asked this time.
    """

    locator: Locator
    store: Store[Any]
    metadata: ResourceInfo
    pins: Digests
    query: str
    remembered: bool


class Asking:
    """One fetcher's stores and what they said.

    Args:
        settings: What the user decided.
        cache: The cache that the stores are to ask.
        options: How the stores are to move bytes.
    """

    def __init__(self, settings: Settings, cache: Cache, options: TransferOptions) -> None:
        self._settings = settings
        self._cache = cache
        self._options = options
        self._stores: dict[str, Store[Any]] = {}
        self._answers: dict[Any, tuple[Answer, float]] = {}
        self._resolutions = Resolutions(f"{cache.content.root}/{DIRECTORY}", clock=options.clock)

    def ask(
        self,
        wanted: Wanted,
        digest: DigestsLike = None,
        *,
        refresh: bool = False,
        allow_unverified: bool | None = None,
    ) -> Answer:
        """Find out what is wanted, from memory where an answer still holds.

        Raises:
            StoreError: The locator cannot be read, or the store said no.
        """
        key = (wanted, digest, allow_unverified)
        memorable = type(wanted) is str and (digest is None or type(digest) is str)
        if memorable and not refresh:
            known = self._answers.get(key)
            if known is not None and self._options.clock.now() < known[1]:
                return known[0]
        answer, good_until = self._find_out(
            wanted, digest, refresh=refresh, allow_unverified=allow_unverified
        )
        if memorable and good_until > 0:
            if len(self._answers) >= _MEMORY:
                self._answers.clear()
            self._answers[key] = (answer, good_until)
        return answer

    def store(self, driver: str) -> Store[Any]:
        """Return the store of a driver, made when first asked for.

        Raises:
            UnknownNameError: There is no driver of that name.
            ConfigurationError: What it is told in the settings is unknown to it or malformed.
        """
        store = self._stores.get(driver)
        if store is None:
            store = self._made(driver)
            store.options = self._options
            store.name = driver
            self._stores[driver] = store
        return store

    def check_tables(self) -> None:
        """Make the stores of ours that are told something, so that what is wrong there is said at once.

        Those of plugins are made when they are asked: a fetch that needs none looks for none.

        Raises:
            ConfigurationError: A key of a table is unknown, or its value malformed.
        """
        ours = builtin.store_drivers()
        for driver in self._settings.drivers:
            if driver in ours:
                self.store(driver)

    def _made(self, driver: str) -> Store[Any]:
        table = self._settings.drivers.get(driver)
        if not table:
            return load_store(driver, {}, self._cache)
        from store.config.tables import configuration_of, located

        paths = getattr(find("driver", driver), "path_settings", ())
        try:
            return load_store(driver, configuration_of(table, paths), self._cache)
        except ConfigurationError as error:
            raise located(error, table) from error

    def _find_out(
        self, wanted: Wanted, digest: DigestsLike, *, refresh: bool, allow_unverified: bool | None
    ) -> tuple[Answer, float]:
        locator = read_locator(wanted)
        store = self.store(locator.driver)
        weak = getattr(store, "allow_weak", False) is True
        pins = digests_from(
            [*locator.digests, *digests_from(digest, allow_weak=weak)], allow_weak=weak
        )
        query = self._completed(store, locator, pins, allow_unverified)
        metadata, good_until, remembered = self._metadata(store, locator, query, refresh=refresh)
        metadata, left = pinned(metadata, pins, locator)
        if pins and not left and pins == digests_of(metadata) and store.needs_network:
            good_until = math.inf
        answer = Answer(locator, store, metadata, left, spelled(locator.query), remembered)
        return answer, good_until

    def _completed(
        self,
        store: Store[Any],
        locator: Locator,
        pins: Digests,
        allow_unverified: bool | None,  # noqa: FBT001
    ) -> dict[str, Any]:
        """Add to the query what the locator or the caller said beside it."""
        query = dict(locator.query)
        if pins and "digests" in store.query_keys and not {"digest", "digests"} & query.keys():
            query["digests"] = [str(pin) for pin in pins]
        if "allow_unverified" in store.query_keys and "allow_unverified" not in query:
            allowed = (
                self._settings.allow_unverified if allow_unverified is None else allow_unverified
            )
            if allowed:
                query["allow_unverified"] = True
        return query

    def _metadata(
        self, store: Store[Any], locator: Locator, query: dict[str, Any], *, refresh: bool
    ) -> tuple[ResourceInfo, float, bool]:
        """Return the resource, until when the answer holds, and whether it was remembered."""
        offline = self._options.offline
        if not store.metadata_needs_network:
            return _asked(store, query), 0.0, False
        age = store.resolution_max_age(query)
        max_age = self._settings.metadata_max_age if age == 0 else age
        key = resolution_key(
            store.name, query, store.store_configuration, store.resolution_context()
        )
        found = None
        if offline or (max_age is not None and not refresh):
            found = self._resolutions.get(key, math.inf if offline or max_age is None else max_age)
        if found is not None:
            return found, math.inf if max_age == math.inf else 0.0, True
        if offline:
            raise OfflineError(
                f"what {locator.text} stands for is not known here and the network is not to be used:"
                f" run 'store fetch {locator.text}' once without --offline (STORE_OFFLINE)",
                missing=(locator.text,),
            )
        metadata = _asked(store, query)
        if isinstance(metadata, Digested) and metadata.digests_decide:
            self._resolutions.put(key, metadata)
        return metadata, math.inf if max_age == math.inf else 0.0, False


def _asked(store: Store[Any], query: dict[str, Any]) -> ResourceInfo:
    """Return a driver's answer, made sure to be one that can be fetched."""
    with drivers_errors(store.name):
        metadata: Any = store.resource_in(query) or store.get_resource_metadata(query)
        if isinstance(metadata, Digested):
            return metadata
        if (
            hasattr(metadata, "uid")
            and callable(getattr(metadata, "verify", None))
            and isinstance(uid_of(metadata), str)
        ):
            return metadata  # type: ignore[no-any-return]
    raise PluginError(
        f"the driver {store.name!r} answered {type(metadata).__name__}, which is no resource (a uid"
        " that is text, and verify); tell its authors",
        plugin=store.name,
    )


def read_locator(wanted: Wanted) -> Locator:
    """Return what is wanted, whichever way it was said.

    Raises:
        LocatorError: It cannot be read.
    """
    if isinstance(wanted, str):
        return parse_locator(wanted)
    if isinstance(wanted, Mapping):
        return from_query(wanted)
    if isinstance(wanted, Mirrored):
        return wanted.read()
    try:
        path = fsdecode(wanted)
    except TypeError:
        raise LocatorError(
            f"a locator is a text, a path or a mapping with 'driver', not {type(wanted).__name__}"
        ) from None
    return Locator("file", {"path": path}, path)
