"""Registers plugins, ours and strangers', and knows what each brings.

The variable ``STORE_DISABLE_PLUGINS`` switches plugins off: their names or those of their distributions,
with commas between them, or ``all`` for all but our own.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from store.errors import PluginConflictError, PluginError
from store.plugins import builtin
from store.plugins.brought import (
    BUILTIN,
    FOREIGN,
    HOOKS,
    BrokenPlugin,
    Brought,
    Found,
    called,
    titled,
)

if TYPE_CHECKING:
    import pluggy

log = logging.getLogger(__name__)

DISABLE: Final = "STORE_DISABLE_PLUGINS"
"""The variable that switches plugins off."""


class Plugins:
    """What plugins bring, ours first; strangers' are looked for when one is needed.

    Safe for many threads.

    Args:
        discover: Returns the entry points of strangers; None looks among what is installed.
        environment: The variables; None takes the process's own.
    """

    def __init__(
        self,
        discover: Callable[[], Iterable[Found]] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._discover = discover
        self._environment = os.environ if environment is None else environment
        self._lock = threading.RLock()
        self._manager: pluggy.PluginManager | None = None
        self._strangers: list[Brought] | None = None
        self._added: list[Brought] = []
        self._broken: list[BrokenPlugin] = []
        self._foreign: list[Brought] = []

    @property
    def broken(self) -> tuple[BrokenPlugin, ...]:
        """The plugins that were passed over, after all were looked for."""
        self._strangers_brought()
        return tuple(self._broken)

    def builtin(self, kind: str, name: str) -> Any:  # noqa: ANN401 - each kind has its own
        """Return our own factory of a name, or None, without looking for any plugin.

        Raises:
            PluginConflictError: A plugin that is already known brings the name, too.
        """
        factory = _own(kind).get(name)
        if factory is not None and (self._added or self._strangers):
            self.brought(kind, name)
        return factory

    def brought(self, kind: str, name: str) -> Brought | None:
        """Return what is brought under a name, strangers' included, or None.

        Those of e3-core's kind count only where no plugin of ours brings the name.

        Raises:
            PluginConflictError: Two plugins bring it.
        """
        ours = [one for one in self._of_hooks(kind) if one.name == name]
        found = ours or [one for one in self._foreign if (one.kind, one.name) == (kind, name)]
        if len(found) > 1:
            plugins = tuple(titled(one) for one in found)
            raise PluginConflictError(
                f"the {kind} {name!r} is brought by {' and '.join(plugins)}: remove one of them, or"
                f" switch it off with {DISABLE}",
                kind=kind,
                name=name,
                plugins=plugins,
            )
        return found[0] if found else None

    def listing(self, kind: str | None = None) -> tuple[Brought, ...]:
        """Return all that is brought, by kind and name; where names conflict, each of them.

        What e3-core's groups hold under a name of ours is left out.
        """
        ours = [one for each in HOOKS if kind in {None, each} for one in self._of_hooks(each)]
        taken = {(one.kind, one.name) for one in ours}
        foreign = [
            one
            for one in self._foreign
            if kind in {None, one.kind} and (one.kind, one.name) not in taken
        ]
        return tuple(sorted([*ours, *foreign], key=lambda one: (one.kind, one.name, one.plugin)))

    def conflicts(self) -> tuple[tuple[Brought, ...], ...]:
        """Return what two or more plugins bring under one name, together."""
        groups: dict[tuple[str, str], list[Brought]] = {}
        for one in self.listing():
            groups.setdefault((one.kind, one.name), []).append(one)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)

    def register(self, plugin: object, name: str, distribution: str = "") -> None:
        """Register a plugin that is at hand, such as a test's.

        Args:
            plugin: A module or object with implementations of our hooks.
            name: Its name.
            distribution: The distribution it belongs to.

        Raises:
            PluginError: Its hooks are wrong, or return wrong data; it is not registered.
        """
        with self._lock:
            self._added = [*self._added, *self._brought_by(plugin, name, distribution)]

    def _of_hooks(self, kind: str) -> list[Brought]:
        own = [Brought(kind, name, BUILTIN, "", factory) for name, factory in _own(kind).items()]
        strangers = (*self._strangers_brought(), *self._added)
        return [*own, *[one for one in strangers if one.kind == kind]]

    def _strangers_brought(self) -> list[Brought]:
        """Load strangers' plugins, once."""
        with self._lock:
            if self._strangers is None:
                self._strangers = self._load()
            return self._strangers

    def _load(self) -> list[Brought]:
        from store.hooks import NAME

        disabled = {word.strip() for word in self._environment.get(DISABLE, "").split(",")}
        if "all" in disabled:
            return []
        brought: list[Brought] = []
        for entry in self._entries():
            if disabled & {entry.name, entry.distribution}:
                log.debug("the plugin %s is switched off by %s", entry.name, DISABLE)
            elif entry.group == NAME:
                brought += self._load_one(entry)
            else:
                kind = FOREIGN[entry.group]
                self._foreign.append(
                    Brought(kind, entry.name, entry.name, entry.distribution, entry)
                )
        return brought

    def _entries(self) -> tuple[Found, ...]:
        try:
            if self._discover is not None:
                return tuple(self._discover())
            from store.plugins.discovery import find_entry_points

            return find_entry_points()
        except Exception:  # whatever the machine's distributions look like, ours go on
            log.warning("no plugins are used: looking for them failed", exc_info=True)
            return ()

    def _load_one(self, entry: Found) -> list[Brought]:
        try:
            return self._brought_by(entry.load(), entry.name, entry.distribution)
        except PluginError as error:
            reason = str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger may raise anything
            reason = " ".join(f"it cannot be imported: {type(error).__name__}: {error}".split())
        log.warning("the plugin %s (%s) is passed over: %s", entry.name, entry.distribution, reason)
        self._broken.append(BrokenPlugin(entry.name, entry.distribution, reason))
        return []

    def _brought_by(self, plugin: object, name: str, distribution: str) -> list[Brought]:
        manager = self._made_manager()
        title = name if not manager.has_plugin(name) else f"{name} ({distribution})"
        try:
            _refuse_unmarked(manager, plugin)
            manager.register(plugin, name=title)
            manager.check_pending()
            return [
                Brought(kind, key, title, distribution, factory)
                for kind in HOOKS
                for key, factory in called(manager, kind, plugin).items()
            ]
        except (Exception, SystemExit) as error:
            if manager.get_name(plugin) == title:
                manager.unregister(plugin)
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise PluginError(f"its hooks cannot be used: {reason}", plugin=name) from error

    def _made_manager(self) -> pluggy.PluginManager:
        if self._manager is None:
            import pluggy

            from store.hooks import NAME, hookimpl
            from store.plugins import specs

            self._manager = pluggy.PluginManager(NAME)
            self._manager.add_hookspecs(specs)
            for hook in filter(None, (getattr(builtin, one, None) for one in HOOKS.values())):
                hookimpl(hook)
            self._manager.register(builtin, name=BUILTIN)
        return self._manager


@functools.cache
def plugins() -> Plugins:
    """Return what plugins bring to this process; ``plugins.cache_clear()`` forgets it, for tests."""
    return Plugins()


@functools.cache
def _own(kind: str) -> Mapping[str, Any]:
    hook = getattr(builtin, HOOKS[kind], None)
    return {} if hook is None else hook()


def _refuse_unmarked(manager: pluggy.PluginManager, plugin: object) -> None:
    """Refuse a function of a hook's name that would be passed over in silence.

    Raises:
        TypeError: A function has the name of a hook, and no ``@store.hookimpl``.
    """
    for hook in HOOKS.values():
        if callable(getattr(plugin, hook, None)) and not manager.parse_hookimpl_opts(plugin, hook):
            raise TypeError(f"{hook} is not marked: write @store.hookimpl above it")
