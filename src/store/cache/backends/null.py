"""A cache that remembers nothing."""

from __future__ import annotations

from typing import Any

from store.cache.backends.base import DEFAULT_TIMEOUT
from store.cache.backends.private import PrivateCache


class NullCache(PrivateCache):
    """Remembers nothing: every resource is fetched anew.

    Args:
        cache_configuration: A mapping (or None); see `Cache`. Without ``cache_dir`` the content lies in a
            temporary directory that is removed by `close` or with the process.
    """

    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - the interface's
        """Return ``default``."""
        del uid
        return default

    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:  # noqa: ANN401
        """Return False: it is not remembered."""
        del uid, value
        self.get_expiry_time(timeout)
        return False

    def delete(self, uid: str) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""
