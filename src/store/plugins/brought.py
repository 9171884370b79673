"""What a plugin brings, by kind and name; and plugins that are broken."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import pluggy

BUILTIN: Final = "builtin"
"""The name of the plugin that the house itself is."""

HOOKS: Final[Mapping[str, str]] = {
    "driver": "store_drivers",
    "cache": "store_caches",
    "transport": "store_transports",
    "archive": "store_archives",
    "command": "store_commands",
    "locator": "store_locators",
}
"""The hook that brings each kind."""

FOREIGN: Final[Mapping[str, str]] = {"e3.store": "driver", "e3.store.cache.backend": "cache"}
"""The kind that each entry-point group of e3-core brings."""


class Found(NamedTuple):
    """An entry point.

    Attributes:
        group: Its group.
        name: Its name.
        value: What it leads to: ``package.module`` or ``package.module:attribute``.
        distribution: The name of the distribution that brings it.
        version: That distribution's version.
    """

    group: str
    name: str
    value: str
    distribution: str = ""
    version: str = ""

    def load(self) -> Any:  # noqa: ANN401 - whatever it leads to
        """Import what it leads to.

        Raises:
            Exception: Whatever the module raises.
        """
        module, _, attributes = self.value.partition("[")[0].partition(":")
        found: Any = importlib.import_module(module.strip())
        for attribute in filter(None, attributes.strip().split(".")):
            found = getattr(found, attribute)
        return found


class Brought(NamedTuple):
    """Something that a plugin brings.

    Attributes:
        kind: ``driver``, ``cache``, ``transport``, ``archive``, ``command`` or ``locator``.
        name: Its name.
        plugin: The name of the plugin that brings it.
        distribution: The distribution that the plugin belongs to, or an empty string.
        factory: What makes it; for one of e3-core's kind its entry point (`Found`).
    """

    kind: str
    name: str
    plugin: str
    distribution: str
    factory: Any


class BrokenPlugin(NamedTuple):
    """A plugin that was passed over.

    Attributes:
        name: Its name.
        distribution: The distribution that it belongs to, or an empty string.
        error: Why, in a sentence.
    """

    name: str
    distribution: str
    error: str


def titled(one: Brought) -> str:
    """Return a plugin's name with its distribution."""
    return f"{one.plugin} ({one.distribution})" if one.distribution else one.plugin


def called(manager: pluggy.PluginManager, kind: str, plugin: object) -> dict[str, Any]:
    """Return what one plugin's hook of a kind returns, checked.

    Raises:
        TypeError: It is no mapping of names to factories.
    """
    brought: dict[str, Any] = {}
    for implementation in getattr(manager.hook, HOOKS[kind]).get_hookimpls():
        if implementation.plugin is not plugin:
            continue
        found: Any = implementation.function()
        if found is not None and not isinstance(found, Mapping):
            raise TypeError(
                f"{HOOKS[kind]} returns {type(found).__name__}, not names and factories"
            )
        for name, factory in (found or {}).items():
            if not isinstance(name, str) or not name or ":" in name or name != name.strip():
                raise TypeError(f"{HOOKS[kind]} brings {name!r}, which is no name")
            if not callable(factory):
                raise TypeError(f"{HOOKS[kind]} brings {name!r}, which cannot be called")
            brought[name] = factory
    return brought
