"""Asks stores what a locator stands for, and remembers their answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike, fsdecode
from typing import Any, Final, NamedTuple

from store.addresses import public
from store.backends.base import Store
from store.backends.failures import drivers_errors
from store.backends.resources import Digested, ResourceInfo, digests_of, uid_of
from store.cache.backends.base import Cache
from store.config.model import Settings
from store.errors import ConfigurationError, LocatorError, OfflineError, PluginError
from store.fetching.locator import Listed, Locator, from_query, parse_locator
from store.fetching.mirrored import Mirrored
from store.fetching.pinning import pinned, spelled
from store.fetching.resolutions import DIRECTORY, Resolutions, resolution_key
from store.integrity.digest import Digests, DigestsLike, digests_from
from store.plugins import builtin
from store.plugins.loading import find, load_store
from store.transports.base import TransferOptions

Wanted = str | PathLike[str] | Mapping[str, Any] | Listed | Mirrored
"""A locator, a path, a query with ``driver`` beside the driver's own keys, what a list names, or a URL with
mirrors."""

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

    Attributes:
        options: As given.
        resolutions: What the stores have said.
    """

    def __init__(self, settings: Settings, cache: Cache, options: TransferOptions) -> None:
        self._settings = settings
        self._cache = cache
        self.options = options
        self._stores: dict[str, Store[Any]] = {}
        self._answers: dict[Any, tuple[Answer, float]] = {}
        self.resolutions = Resolutions(f"{cache.content.root}/{DIRECTORY}", clock=options.clock)

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
            if known is not None and self.options.clock.now() < known[1]:
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
            store.options = self.options
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
        locator, pins, store, query = self.question(wanted, digest, allow_unverified)
        metadata, good_until, remembered = self._metadata(store, locator, query, refresh=refresh)
        metadata, left = pinned(metadata, pins, locator)
        if pins and not left and pins == digests_of(metadata) and store.needs_network:
            good_until = math.inf
        answer = Answer(locator, store, metadata, left, spelled(locator.query), remembered)
        return answer, good_until

    def question(
        self,
        wanted: Wanted,
        digest: DigestsLike,
        allow_unverified: bool | None,  # noqa: FBT001
    ) -> tuple[Locator, Digests, Store[Any], dict[str, Any]]:
        """Return what is wanted, what it must be, who is asked, and for what.

        Raises:
            StoreError: The locator cannot be read, or there is no such driver; or a digest is weak, and the
                driver was not told to take it.
        """
        locator = read_locator(wanted)
        store = self.store(locator.driver)
        weak = getattr(store, "allow_weak", False) is True
        given = digests_from(digest, allow_weak=weak)
        pins = digests_from([*locator.digests, *given], allow_weak=weak)
        return locator, pins, store, self._completed(store, locator, pins, allow_unverified)

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
        offline = self.options.offline
        asks = store.asks_network(query)
        if not asks and store.resolution_max_age(query) is None:
            return answered(store, query), 0.0, False
        key, max_age = self.remembering(store, query)
        good_until = math.inf if max_age == math.inf else 0.0
        found = None
        if max_age is None or max_age >= 0:
            if offline:
                found = self.resolutions.get(key, math.inf)
            elif max_age is not None and not refresh:
                found = self.resolutions.get(key, max_age, lasting=True)
        if found is not None:
            return found, good_until, True
        if offline and asks:
            from shlex import quote

            raise OfflineError(
                f"what {locator.text} stands for is not known here and the network is not to be used: run"
                f" once without --offline (STORE_OFFLINE): store fetch {quote(locator.text)}",
                missing=(locator.text,),
            )
        metadata = answered(store, query)
        if isinstance(metadata, Digested) and metadata.digests_decide:
            lasts = store.resolution_lasts(query, metadata)
            self.resolutions.put(key, metadata, lasting=lasts)
            good_until = good_until if lasts else 0.0
        return metadata, good_until, False

    def remembering(self, store: Store[Any], query: dict[str, Any]) -> tuple[str, float | None]:
        """Return under which key an answer is remembered, and how long it is believed."""
        age = store.resolution_max_age(query)
        context = store.resolution_context()
        asked = store.resolution_query(query)
        key = resolution_key(store.name, asked, store.store_configuration, context)
        return key, self._settings.metadata_max_age if age == 0 else age


def answered(store: Store[Any], query: dict[str, Any]) -> ResourceInfo:
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
    if isinstance(wanted, Listed):
        read = parse_locator(wanted.locator)
        # What is too weak was refused when the list was read, or is when its driver is known.
        digests = digests_from([*read.digests, *wanted.digests], allow_weak=True)
        return read._replace(digests=digests)
    if isinstance(wanted, Mirrored):
        return wanted.read()
    try:
        path = fsdecode(wanted)
    except TypeError:
        raise LocatorError(
            f"a locator is a text, a path or a mapping with 'driver', not {type(wanted).__name__}"
        ) from None
    return Locator("file", {"path": path}, path)


def named(wanted: Wanted) -> str:
    """Return what a person would recognise it by, without secrets, whether it can be read or not."""
    if isinstance(wanted, str | Listed | Mirrored):
        return public(wanted if isinstance(wanted, str) else wanted.locator)
    try:
        return read_locator(wanted).text
    except LocatorError:
        return type(wanted).__name__
