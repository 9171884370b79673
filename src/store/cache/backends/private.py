"""A cache whose content goes with the process."""

from __future__ import annotations

import os
from collections.abc import Mapping

from store.cache.backends.base import Cache
from store.cache.content import Content, open_content
from store.cache.opening import directory_from
from store.files.atomic import discard


class PrivateCache(Cache):
    """A cache whose content lies below ``cache_dir``, or in a temporary directory that goes with it.

    The temporary directory is made when content is first asked for, and removed by `close` and at the end
    of the process; a fork's child has its own.
    """

    _temporary: str | None = None
    _process = 0

    @property
    def content(self) -> Content:
        """The files that belong to this cache, opened when first asked for."""
        if directory_from(self.cache_configuration) is not None:
            return super().content
        if self._temporary is None or self._content is None or self._process != os.getpid():
            self._temporary = self._made()
            self._process = os.getpid()
            given = self.cache_configuration
            options = dict(given) if isinstance(given, Mapping) else {}
            options["cache_dir"] = self._temporary
            self._content = open_content(options, clock=self.clock)
        return self._content

    def close(self) -> None:
        """Remove the temporary directory, if there is one; the cache may be used again."""
        super().close()
        if self._temporary is not None and self._content is not None:
            _remove(self._temporary, self._process)
            self._temporary = self._content = None

    def _made(self) -> str:
        import atexit
        import tempfile

        path = tempfile.mkdtemp(prefix="store-")
        atexit.register(_remove, path, os.getpid())
        return path


def _remove(path: str, process: int) -> None:
    if process == os.getpid():
        discard(path)
