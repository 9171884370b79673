"""Wraps caches that were written for e3-core's ``e3.store.cache``.

Such a cache may pickle, may take a uid for a file name, and may fail: here a failure to read is a miss, a
failure to write is told by ``False``, and both are logged. What it remembers is spelled in e3-core's own
`CachedResource`, so that its other readers understand it.
"""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from store.cache.backends.base import DEFAULT_TIMEOUT, Cache
from store.cache.content import Content, open_content
from store.errors import PluginError
from store.files.names import derived_name
from store.records import CachedResource

log = logging.getLogger(__name__)

_CENTURY: Final = 100 * 365 * 86_400
"""What stands for "for good", in seconds: e3-core's caches expect a whole number."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+=-]{0,149}")
"""Uids that a foreign cache may see as they are: harmless as a file name and as a pattern."""

_CONTENT: Final = "store"
"""The directory of our content below a foreign cache's own."""


class ForeignCache(Cache):
    """A cache of e3-core's kind, as one of ours; the content stays ours.

    Args:
        foreign: The cache.
        cache_configuration: What it was told. Content lies in ``store/`` below its ``cache_dir`` where
            it is a mapping that has one, else in the user's cache directory.
    """

    def __init__(self, foreign: Any, cache_configuration: Any = None) -> None:  # noqa: ANN401
        super().__init__(cache_configuration)
        self.foreign = foreign

    @property
    def content(self) -> Content:
        """The files that belong to this cache."""
        if self._content is None:
            self._content = open_content(self._content_configuration(), clock=self.clock)
        return self._content

    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return the value of a uid, or ``default``; a failure is a miss."""
        try:
            value = self.foreign.get(_plain(uid))
            if not (hasattr(value, "uid") and hasattr(value, "local_path")):
                return default if value is None else value
            found = CachedResource(value.uid, os.fspath(value.local_path))
        except Exception:  # it may unpickle, and raise anything
            log.warning("the foreign cache failed when asked for %.200r", uid, exc_info=True)
            return default
        if found.uid != uid:
            log.warning("the foreign cache has the entry of %.200r for %.200r", found.uid, uid)
            return default
        return found

    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:  # noqa: ANN401
        """Remember a value; ``False`` where the foreign cache cannot."""
        seconds = math.ceil(min(timeout, _CENTURY))
        try:
            if isinstance(value, CachedResource):
                value = _theirs(value)
            return bool(self.foreign.set(_plain(uid), value, seconds))
        except Exception:  # it may pickle, and raise anything
            log.warning("the foreign cache cannot remember %.200r", uid, exc_info=True)
            return False

    def delete(self, uid: str) -> None:
        """Forget a uid; that it was not known is no failure."""
        try:
            self.foreign.delete(_plain(uid))
        except Exception:  # some raise for what they do not know
            log.debug("the foreign cache did not delete %.200r", uid, exc_info=True)

    def clear(self) -> None:
        """Forget all uids."""
        try:
            self.foreign.clear()
        except Exception:  # some raise where there is nothing
            log.warning("the foreign cache did not clear", exc_info=True)

    def has_resource(self, uid: str) -> bool:
        """Return whether the foreign cache knows a uid; a failure is a no."""
        try:
            return bool(self.foreign.has_resource(_plain(uid)))
        except Exception:  # it may unpickle, and raise anything
            log.warning("the foreign cache failed when asked for %.200r", uid, exc_info=True)
            return False

    def close(self) -> None:
        """Close the foreign cache and our content."""
        try:
            self.foreign.close()
        except Exception:  # whatever is left open is the stranger's
            log.warning("the foreign cache did not close", exc_info=True)
        super().close()

    def _content_configuration(self) -> dict[str, Any] | None:
        configuration = self.cache_configuration
        if not isinstance(configuration, Mapping):
            return None
        chosen = {
            key: configuration[key]
            for key in ("durability", "verify", "lock_timeout")
            if key in configuration
        }
        if configuration.get("cache_dir"):
            chosen["cache_dir"] = str(Path(configuration["cache_dir"], _CONTENT))
        return chosen


def our_cache(made: Any, configuration: Any = None) -> Cache:  # noqa: ANN401
    """Return a cache that is ours, or a foreign one wrapped.

    Args:
        made: What a factory made, or what a caller gave.
        configuration: What it was told; None takes what it says itself.

    Raises:
        PluginError: It is neither.
    """
    if isinstance(made, Cache):
        return made
    if all(callable(getattr(made, name, None)) for name in ("get", "set", "delete", "clear")):
        if configuration is None:
            configuration = getattr(made, "cache_configuration", None)
        return ForeignCache(made, configuration)
    raise PluginError(
        f"a {type(made).__name__} is no cache: it lacks get, set, delete or clear",
        plugin=type(made).__name__,
    )


def _plain(uid: str) -> str:
    """Return a uid that a foreign cache may use as a file name: the same, or one derived from it."""
    return uid if _PLAIN.fullmatch(uid) else f"store-{derived_name(uid)}"


def _theirs(value: CachedResource) -> Any:  # noqa: ANN401 - e3-core's class, or ours
    try:
        from e3.store.backends.base import CachedResource as Theirs
    except ImportError:  # a cache of that kind can live without e3-core's store
        return value
    return Theirs(value.uid, value.local_path)
