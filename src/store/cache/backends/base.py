"""The interface of a cache: it remembers where each resource lies."""

from __future__ import annotations

import abc
import logging
import math
from types import TracebackType
from typing import Any, Final, Self

from store.cache.content import Content, open_content
from store.clock import SYSTEM_CLOCK, Clock
from store.errors import ConfigurationError
from store.records import CachedResource, Provenance

__all__ = ["DEFAULT_TIMEOUT", "NEVER", "Cache", "CachedResource", "Provenance", "logger"]

logger = logging.getLogger(__name__)

DEFAULT_TIMEOUT: Final = 86_400
"""How long a value lives where the caller does not say, in seconds: e3-core's day."""

NEVER: Final = math.inf
"""The timeout of what does not grow old: content that a digest names."""


class Cache(abc.ABC):
    """Remembers values by uid; stores use it to remember where a resource's file lies.

    A backend implements `get`, `set`, `delete` and `clear`. Names and meaning are those of e3-core's
    ``e3.store.cache.backends.base.Cache``. Any text is a legal uid. Values are plain data (what JSON can
    hold) and `CachedResource`; a backend never unpickles. An entry that is damaged, foreign or of another
    uid is a miss that is logged, never an error.

    Args:
        cache_configuration: A mapping (or None). Every backend understands ``cache_dir`` (where content
            lies; None takes the user's cache directory) and what `open_content` takes: ``durability``,
            ``verify``, ``lock_timeout``.
    """

    clock: Clock = SYSTEM_CLOCK
    """The time; a test replaces it on an instance, before `content` is first asked for."""

    _content: Content | None = None

    def __init__(self, cache_configuration: Any = None) -> None:  # noqa: ANN401 - e3-core's signature
        self.cache_configuration = cache_configuration

    @property
    def content(self) -> Content:
        """The files that belong to this cache, opened when first asked for; nothing is created."""
        if self._content is None:
            self._content = open_content(self.cache_configuration, clock=self.clock)
        return self._content

    @abc.abstractmethod
    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return the value of a uid, or ``default`` where there is none or it has expired."""

    def peek(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return what `get` would, and change nothing; a backend whose `get` writes has another way."""
        return self.get(uid, default)

    @abc.abstractmethod
    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:  # noqa: ANN401
        """Remember a value for ``timeout`` seconds (`NEVER`: for good).

        Returns:
            Whether it is remembered: False where it is no plain data or cannot be written, which is logged.
        """

    @abc.abstractmethod
    def delete(self, uid: str) -> None:
        """Forget a uid; nothing happens where it is not known. No content is touched."""

    @abc.abstractmethod
    def clear(self) -> None:
        """Forget all uids. No content is touched: ``cache.pruning`` does that."""

    def get_expiry_time(self, timeout: float = DEFAULT_TIMEOUT) -> float:
        """Return when something set now expires, in seconds since 1970 UTC; `NEVER` stays infinite.

        Args:
            timeout: In seconds; what is set for 0 or fewer has expired at once.

        Raises:
            ConfigurationError: It is no number.
        """
        given: object = timeout
        if not isinstance(given, int | float) or math.isnan(given):
            raise ConfigurationError(
                f"a timeout is a number of seconds, or NEVER, and not {timeout!r}", key="timeout"
            )
        return self.clock.now() + timeout

    def has_resource(self, uid: str) -> bool:
        """Return whether a uid is known and has not expired."""
        return self.get(uid) is not None

    def entry_of(self, uid: str, value: CachedResource) -> tuple[str, str] | None:
        """Return where an entry that does not grow old would lie, and what it would hold.

        For a backend that keeps each entry as a JSON object in a file of its own, on the content's file
        system, and passes over keys that it does not know: where many are fetched at once, record and
        entry are then one file with two names.

        Returns:
            The path, and the object as JSON in one line, none of whose keys is a record's (``v``,
            ``digests``, ``size``, ``added``, ``files``); None, the default, has `set` called.
        """
        del uid, value
        return None

    def record(self, uid: str, provenance: Provenance) -> None:  # noqa: B027 - a backend may keep it
        """Take note of where an entry came from; called after `set`. A backend may keep it."""

    def close(self) -> None:
        """Give back what is open: files, connections, the lease. The cache may be used again."""
        if self._content is not None:
            self._content.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the configuration only: another process opens the cache anew."""
        return type(self), (self.cache_configuration,)

    def __contains__(self, uid: str) -> bool:
        """Return whether a uid is known and has not expired."""
        return self.has_resource(uid)

    def __enter__(self) -> Self:
        """Return the cache itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the cache."""
        self.close()
