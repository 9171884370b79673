"""The default cache: each entry a small JSON file."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
from collections.abc import Iterator
from typing import Any, Final

from store.cache.backends.base import DEFAULT_TIMEOUT, Cache
from store.cache.backends.codec import MISS, decode, encode, plain_entry
from store.cache.journals import journals_of
from store.cache.opening import directory_of
from store.cache.quarantine import Ways, clear_way, made_way, obstacle
from store.errors import StorageError
from store.files.names import PARTIAL_PREFIX, derived_name
from store.records import CachedResource

log = logging.getLogger(__name__)

_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_CHUNK: Final = 1 << 16

_LARGEST: Final = 1 << 24
"""The largest entry that is written or read, in bytes."""


class FileCache(Cache):
    """Remembers entries as files, ``entries/v1/<2 hex>/<64 hex>.json`` below ``cache_dir``.

    Safe for many threads and processes at once: an entry is there whole or not at all. What lies there
    and is no entry of ours (a link, a directory, a pickle) is a miss, and is set aside when the entry is
    written again.

    Args:
        cache_configuration: A mapping (or None); see `Cache`.

    Attributes:
        cache_dir: The cache's directory, absolute (str).
    """

    def __init__(self, cache_configuration: Any = None) -> None:  # noqa: ANN401 - e3-core's signature
        super().__init__(cache_configuration)
        self.cache_dir = str(directory_of(cache_configuration))
        self._entries = f"{self.cache_dir}/entries/v1/"
        self._ways: Ways | None = None

    def uid_to_file(self, uid: str) -> str:
        """Return the path of a uid's entry: derived from the uid, never the uid itself."""
        name = derived_name(uid)
        return f"{self._entries}{name[:2]}/{name}.json"

    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401 - any value was set
        """Return the value of a uid, or ``default`` where there is none or it has expired."""
        path = self.uid_to_file(uid)
        try:
            descriptor = os.open(path, _FLAGS)
        except FileNotFoundError:
            return self._told(uid, path, default)
        except OSError as error:
            log.warning("the entry of %.100r cannot be read: %s", uid, error)
            return default
        try:
            data = os.read(descriptor, _CHUNK)
            if len(data) == _CHUNK:
                data += _rest(descriptor)
        except OSError as error:
            log.warning("the entry of %.100r cannot be read: %s", uid, error)
            return default
        finally:
            os.close(descriptor)
        value = decode(data, uid, self.clock.now(), self.cache_dir)
        return default if value is MISS else value

    def _told(self, uid: str, path: str, default: Any) -> Any:  # noqa: ANN401 - any value was set
        """Return what a journal says in place of an entry, or ``default``."""
        found = journals_of(self.content.layout).find(path)
        if found is None:
            return default
        value = decode(found[0].encode(), uid, self.clock.now(), self.cache_dir)
        # Journals tell of files alone: anything else is one whose tag was damaged.
        return value if isinstance(value, CachedResource) else default

    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:  # noqa: ANN401
        """Remember a value for ``timeout`` seconds (`NEVER`: for good).

        Where the content is durable, so is the entry.

        Returns:
            Whether it is remembered: False where it is no plain data (see `cache.backends.codec`), larger
            than 16 MiB, or cannot be written, which is logged; what was remembered before stays.
        """
        from store.files.atomic import write_bytes

        text = encode(uid, value, self.get_expiry_time(timeout), self.cache_dir)
        if text is None:
            return False
        data = text.encode()
        if len(data) > _LARGEST:
            log.warning("the entry of %.100r is not remembered: it is too large", uid)
            return False
        path = self.uid_to_file(uid)
        clear_way(self.content.layout, path, self.clock)
        durable = self.content.durability == "full" and not self.content.joins_batch(path)
        try:
            try:
                write_bytes(path, data, durable=durable)
            except StorageError:
                if not made_way(self.content.layout, path, self.clock):
                    raise
                write_bytes(path, data, durable=durable)
        except OSError as error:
            log.warning("the entry of %.100r is not remembered: %s", uid, error)
            return False
        return True

    def entry_of(self, uid: str, value: CachedResource) -> tuple[str, str] | None:
        """Return where an entry that does not grow old would lie, and what it would hold; see `Cache`."""
        path = self.uid_to_file(uid)
        ways = self._ways = self._ways or Ways(self.content.layout)
        if not ways.are_clear(path.rpartition("/")[0]):
            return None
        entry = plain_entry(uid, value.local_path, self.cache_dir)
        return None if entry is None else (path, entry)

    def delete(self, uid: str) -> None:
        """Forget a uid; nothing happens where it is not known. No content is touched."""
        from store.cache.spreading import spread_what_holds

        path = self.uid_to_file(uid)
        spread_what_holds(self.content.layout, path)
        self._forget(path)

    def clear(self) -> None:
        """Forget all uids. No content is touched, nor any file that is no entry of ours."""
        from store.cache.spreading import spread

        spread(self.content.layout)
        for path in self._files():
            self._forget(path)
        for directory in self._directories():
            with contextlib.suppress(OSError):
                os.rmdir(directory)  # noqa: PTH106 - text from scandir

    def _forget(self, path: str) -> None:
        clear_way(self.content.layout, path, self.clock)
        try:
            os.unlink(path)  # noqa: PTH108 - text
        except FileNotFoundError:
            pass
        except OSError as error:
            if not made_way(self.content.layout, path, self.clock):
                log.warning("the entry %s cannot be removed: %s", path, error)

    def _files(self) -> Iterator[str]:
        for directory in self._directories():
            with contextlib.suppress(OSError), os.scandir(directory) as entries:
                for entry in entries:
                    if entry.name.endswith(".json") or entry.name.startswith(PARTIAL_PREFIX):
                        yield entry.path

    def _directories(self) -> Iterator[str]:
        if obstacle(self.content.layout, self._entries) is not None:
            return
        with contextlib.suppress(OSError), os.scandir(self._entries) as entries:
            for entry in entries:
                if len(entry.name) == 2 and entry.is_dir(follow_symlinks=False):  # noqa: PLR2004 - 2 hex
                    yield entry.path


def _rest(descriptor: int) -> bytes:
    """Return what follows the first chunk of a large entry.

    Raises:
        OSError: It is no entry of ours: no regular file, a device perhaps that never ends, or too large.
    """
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
        raise OSError(errno.EFBIG, "it is no regular file, or too large")
    return b"".join(iter(lambda: os.read(descriptor, _CHUNK), b""))
