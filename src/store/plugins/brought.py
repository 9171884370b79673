"""What a plugin brings, by kind and name; and plugins that are broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from store.plugins.discovery import FOREIGN_CACHES, FOREIGN_DRIVERS

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

FOREIGN: Final[Mapping[str, str]] = {FOREIGN_DRIVERS: "driver", FOREIGN_CACHES: "cache"}
"""The kind that each entry-point group of e3-core brings."""


@attrs.frozen
class Brought:
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
    factory: Any = attrs.field(repr=False)


@attrs.frozen
class BrokenPlugin:
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
