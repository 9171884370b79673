"""Loads stores and caches by name, ours, strangers' and e3-core's."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

from store.backends.base import Store
from store.cache.backends.base import Cache
from store.errors import PluginConflictError, PluginError, StoreError, UnknownNameError
from store.plugins.brought import BUILTIN, HOOKS, Found
from store.plugins.builtin import Lazy
from store.plugins.manager import plugins

log = logging.getLogger(__name__)


def load_store(name: str, configuration: Any, cache: Cache) -> Store[Any]:  # noqa: ANN401
    """Return a store by the name of its driver.

    Looks among the builtin drivers, then among plugins (group ``store``), then in e3-core's group
    ``e3.store``; a store of e3-core's kind is wrapped in ours.

    Args:
        name: The driver's name.
        configuration: What the driver wants to be told.
        cache: The cache to be asked first; one of e3-core's kind is taken too.

    Raises:
        UnknownNameError: No driver of that name; ``known`` lists those there are.
        PluginConflictError: Two plugins bring the name.
        PluginError: The driver cannot be made.
    """
    factory = find("driver", name)
    if name == "release":
        load_archives()
    ours = cache_of_ours(cache)
    store = _made("driver", name, lambda: factory(configuration, ours))
    if not isinstance(store, Store):
        from store.plugins.foreign import our_store

        with _named("driver", name):
            store = our_store(store, configuration, ours)
    store.name = name
    return store


def load_cache(name: str = "file-cache", configuration: Any = None) -> Cache:  # noqa: ANN401
    """Return a cache by the name of its backend; also in e3-core's group ``e3.store.cache.backend``.

    Raises:
        UnknownNameError: No backend of that name.
        PluginConflictError: Two plugins bring the name.
        PluginError: The backend cannot be made.
    """
    factory = find("cache", name)
    made = _made("cache", name, lambda: factory(configuration))
    if isinstance(made, Cache):
        return made
    with _named("cache", name):
        return cache_of_ours(made, configuration)


def find(kind: str, name: str) -> Any:  # noqa: ANN401 - each kind has its own
    """Return the factory of a ``driver``, ``cache``, ``transport``, ``archive``, ``command`` or ``locator``.

    A builtin one is found without importing or scanning for any plugin; so is that a builtin driver has
    no locator. What names a class or function lazily is imported.

    Raises:
        UnknownNameError: There is none of that name.
        PluginConflictError: Two plugins bring it.
        PluginError: It cannot be imported.
    """
    if kind not in HOOKS:
        raise _unknown("kind", kind, tuple(sorted(HOOKS)))
    registry = plugins()
    factory = registry.builtin(kind, name)
    plugin = BUILTIN
    if factory is None:
        if kind == "locator" and registry.builtin("driver", name) is not None:
            raise _unknown(kind, name, ())
        brought = registry.brought(kind, name)
        if brought is None:
            raise _unknown(kind, name, names(kind))
        factory, plugin = brought.factory, brought.plugin
    try:
        return _adapted(kind, factory.load() if isinstance(factory, Lazy | Found) else factory)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"the {kind} {name!r} of the plugin {plugin!r} cannot be imported:"
            f" {type(error).__name__}: {error}; install what it needs, or mend it",
            plugin=plugin,
        ) from error


def names(kind: str) -> tuple[str, ...]:
    """Return all names of a kind, plugins' included, sorted."""
    return tuple(sorted({one.name for one in plugins().listing(kind)}))


def load_transports() -> None:
    """Register strangers' transports with ``transports.opening``; a second call changes nothing.

    One whose scheme is taken is passed over and logged.
    """
    from store.transports.opening import register

    _hand_over("transport", register)


def load_archives() -> None:
    """Register strangers' archives of releases with ``releases.opening``; a second call changes nothing.

    One whose scheme is taken is passed over and logged.
    """
    from store.releases.opening import register

    _hand_over("archive", register)


def _hand_over(kind: str, register: Callable[[str, Any], None]) -> None:
    """Register all that strangers bring of a kind, each by its scheme."""
    for one in plugins().listing(kind):
        if one.plugin == BUILTIN:
            continue
        try:
            plugins().brought(kind, one.name)
            register(one.name, one.factory)
        except PluginConflictError as error:
            log.warning("the %s %s of %s is passed over: %s", kind, one.name, one.plugin, error)


def cache_of_ours(made: Any, configuration: Any = None) -> Cache:  # noqa: ANN401 - ours or e3-core's
    """Return a cache as it is where it is ours, and wrapped where it is of e3-core's kind.

    Args:
        made: The cache.
        configuration: What it was told; None takes what it says itself.

    Raises:
        PluginError: It is neither.
    """
    if isinstance(made, Cache):
        return made
    from store.plugins.foreign_cache import our_cache

    return our_cache(made, configuration)


def _adapted(kind: str, factory: Any) -> Any:  # noqa: ANN401 - each kind has its own
    """Wrap a class of foreign stores, so that what is found makes stores of ours."""
    if kind != "driver" or not isinstance(factory, type) or issubclass(factory, Store):
        return factory
    from store.plugins.foreign import adapted_driver

    return adapted_driver(factory)


@contextlib.contextmanager
def _named(kind: str, name: str) -> Iterator[None]:
    """Name what made a thing that is of no use: its class alone leads nobody to it."""
    try:
        yield
    except PluginError as error:
        raise PluginError(
            f"the {kind} {name!r} cannot be used: {error}; tell its authors", plugin=name
        ) from error


def _made(kind: str, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - each kind has its own
    try:
        return make()
    except StoreError:
        raise
    except Exception as error:
        from store.addresses import without_secrets

        reason = without_secrets(f"{type(error).__name__}: {error}")
        raise PluginError(
            f"the {kind} {name!r} cannot be made of its configuration: {reason}", plugin=name
        ) from error


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> UnknownNameError:
    import difflib

    nearest = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {nearest[0]!r}? " if nearest else ""
    broken = ", ".join(one.name for one in plugins().broken) if known else ""
    passed_over = f"; passed over since they are broken: {broken}" if broken else ""
    return UnknownNameError(
        f"there is no {kind} {name!r}; {meant}known are: {', '.join(known) or 'none'}{passed_over}",
        kind=kind,
        name=name,
        known=known,
    )
