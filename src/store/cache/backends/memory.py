"""A cache that remembers in memory, for one process."""

from __future__ import annotations

import threading
from typing import Any

from store.cache.backends.base import DEFAULT_TIMEOUT
from store.cache.backends.codec import MISS, decode, encode
from store.cache.backends.private import PrivateCache


class MemoryCache(PrivateCache):
    """Remembers entries in this process, as the text that other backends write: a value never aliases.

    Args:
        cache_configuration: A mapping (or None); see `Cache`. Without ``cache_dir`` the content lies in a
            temporary directory that is removed by `close` or with the process.
    """

    def __init__(self, cache_configuration: Any = None) -> None:  # noqa: ANN401 - e3-core's signature
        super().__init__(cache_configuration)
        self._lock = threading.Lock()
        self._entries: dict[str, str] = {}

    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return the value of a uid, or ``default`` where there is none or it has expired."""
        text = self._entries.get(uid)
        value = MISS if text is None else decode(text, uid, self.clock.now(), "")
        return default if value is MISS else value

    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:  # noqa: ANN401
        """Remember a value for ``timeout`` seconds (`NEVER`: for good); False where it is no plain data."""
        text = encode(uid, value, self.get_expiry_time(timeout), "")
        if text is None:
            return False
        with self._lock:
            self._entries[uid] = text
        return True

    def delete(self, uid: str) -> None:
        """Forget a uid; nothing happens where it is not known. No content is touched."""
        with self._lock:
            self._entries.pop(uid, None)

    def clear(self) -> None:
        """Forget all uids. No content is touched."""
        with self._lock:
            self._entries.clear()

    def close(self) -> None:
        """Forget what pointed into a temporary directory, and remove that; the cache may be used again."""
        if self._temporary is not None:
            self.clear()
        super().close()
