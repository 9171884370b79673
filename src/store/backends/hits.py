"""Asks the cache for a resource, and believes it only after a check."""

from __future__ import annotations

import logging
import os
from typing import Any, Protocol

from store.backends.resources import ResourceInfo, digests_of, filename_of, size_of, uid_of
from store.backends.telling import tell_quarantined
from store.cache.backends.base import Cache
from store.errors import IntegrityError
from store.transports.base import TransferOptions

log = logging.getLogger(__name__)


class Asker(Protocol):
    """What a look-up needs of a store."""

    cache_backend: Cache
    options: TransferOptions


def cached_path(store: Asker, metadata: ResourceInfo) -> str | None:
    """Return where the cache has a resource, checked just now, or None.

    A failure of the cache is a miss that is logged. An entry that leads outside the cache's content is
    verified, or dropped; what it leads to is neither moved nor deleted.

    Raises:
        IntegrityError: The cached content has the digests, and another size than was pinned beside them.
    """
    uid = uid_of(metadata)
    cache = store.cache_backend
    try:
        entry = cache.get(uid)
        if entry is None:
            return None
        path = entry.local_path
    except AttributeError:
        log.warning("the cache entry of %s is of another kind: dropped", uid)
        _drop(cache, uid)
        return None
    except Exception:
        log.warning("the cache failed when asked for %s", uid, exc_info=True)
        return None
    if not isinstance(path, str) or not _stands(cache, metadata, path):
        log.warning("the cached file of %s is gone or not what it was: dropped", uid)
        reason = cache.content.why_set_aside(path) if isinstance(path, str) else None
        if reason is not None:
            tell_quarantined(store.options.listener, metadata, path, reason)
        _drop(cache, uid)
        return None
    check_size(metadata, path)
    name = filename_of(metadata)
    if name is not None and not path.endswith("/" + name):
        return _renamed(cache, metadata, path, name)
    return path


def knows(store: Asker, metadata: ResourceInfo) -> bool:
    """Whether the cache has an entry of a resource by now; whether it is right is not looked at."""
    try:
        return store.cache_backend.get(uid_of(metadata)) is not None
    except Exception:  # noqa: BLE001 - a stranger's cache must not cost the file
        return False


def check_size(metadata: ResourceInfo, path: str) -> None:
    """Hold the size of a cached file against the one that is pinned beside its digests.

    Raises:
        IntegrityError: They differ: the two pins cannot both be right.
    """
    size = size_of(metadata)
    if size is None:
        return
    try:
        found = os.lstat(path).st_size
    except OSError:  # gone since it was looked at: whoever uses it will say so
        return
    if found != size:
        raise IntegrityError(
            f"{filename_of(metadata) or path} is not what was pinned: its digests are of {found} bytes, not"
            f" of {size}; drop the size or pin the right one",
            path=path,
            expected=str(size),
            found=str(found),
            size=found,
        )


def verifies(metadata: ResourceInfo, path: str) -> bool:
    """Ask a resource whether a file is it; a stranger's exception is a no that is logged."""
    try:
        return bool(metadata.verify(path))
    except Exception:
        log.warning("verify of %s failed", type(metadata).__name__, exc_info=True)
        return False


def difference(metadata: ResourceInfo, path: str) -> IntegrityError | None:
    """Return how a file that is not a resource differs from its digests; None where that is not known."""
    from store.integrity.verification import check_file

    try:
        check_file(path, digests_of(metadata))
    except IntegrityError as error:
        return error
    except (OSError, ValueError):
        return None
    return None


def _stands(cache: Cache, metadata: ResourceInfo, path: str) -> bool:
    content = cache.content
    if not content.owns(path):
        return verifies(metadata, path)
    digests = digests_of(metadata)
    if digests:
        return content.holds(path, digests)
    return content.holds(path, ()) and verifies(metadata, path)


def _renamed(cache: Cache, metadata: ResourceInfo, path: str, wanted: str) -> str:
    """Return the same content under the name that this resource has, where the cache can give it."""
    from store.files.names import safe_name

    content, digests = cache.content, digests_of(metadata)
    if path.endswith("/" + safe_name(wanted)) or not digests or not content.owns(path):
        return path
    kept: Any = content.find(digests, wanted)
    return path if kept is None else str(kept.path)


def _drop(cache: Cache, uid: str) -> None:
    try:
        cache.delete(uid)
    except Exception:
        log.warning("the cache failed to drop %s", uid, exc_info=True)
