"""From metadata to a file: a hit, or one download; then placed.

This is the spine of every store, so that no driver can forget a step: the cache is asked, one asker among
many downloads, the file is verified, kept by the cache, and placed where the caller wants it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from store.backends.failures import tell_past_the_cache
from store.backends.hits import cached_path, check_size, difference, knows, verifies
from store.backends.known import whole
from store.backends.resources import ResourceInfo, digests_of, filename_of, origin_of, uid_of
from store.backends.telling import (
    label_of,
    tell_bypassed,
    tell_cached,
    tell_hit,
    tell_verified,
    waiting_for,
)
from store.cache.backends.base import DEFAULT_TIMEOUT, NEVER
from store.cache.content import Content
from store.cache.holding import Kept
from store.errors import IntegrityError, StorageError
from store.records import CachedResource, Provenance
from store.transports.deadlines import begun, keeping

if TYPE_CHECKING:
    # A hit tries nothing: what brings bytes, or places them, is loaded when there is something to do.
    from store.backends.moving import Source
    from store.backends.placing import Delivery
    from store.sharing.tiers import Sharing
    from store.transports.attempts import Attempt

log = logging.getLogger(__name__)


class Obtained(NamedTuple):
    """What became of a request for a resource.

    Attributes:
        path: The file, or None where there is none.
        cached: Whether the cache had it.
        verified: False where the driver brought something that does not verify.
        attempts: Every try that was made for it; none for a hit.
        fault: How what was brought differs, where it does and that is known.
        bypassed: Why the cache could not keep it, where it lies only where it was wanted.
    """

    path: str | None
    cached: bool = False
    verified: bool = True
    attempts: tuple[Attempt, ...] = ()
    fault: IntegrityError | None = None
    bypassed: StorageError | None = None


def obtain(
    store: Source,
    metadata: ResourceInfo,
    delivery: Delivery | None = None,
    *,
    query: str = "",
    open_end: bool = False,
) -> Obtained:
    """Bring a resource here: from the cache, else by one download among all who ask.

    The store's listener is told of everything but of a failure, which the caller may mend.

    Args:
        store: Who brings the bytes.
        metadata: What is wanted.
        delivery: Where the caller wants it; None leaves it in the cache.
        query: The query in its canonical spelling, for provenance.
        open_end: Leave it to the caller to tell a good end, too: see `tell_end`.

    Raises:
        StoreError: What the driver raised, or the file could not be kept or placed.
    """
    path = cached_path(store, metadata)
    if path is not None:
        placed = _placed(store, metadata, path, delivery)
        if not open_end:
            tell_hit(store.options.listener, metadata, path)
        return Obtained(placed, cached=True)
    from store.transports.attempts import noting

    metadata = whole(metadata)
    with noting(uid_of(metadata)) as attempts:
        obtained = _fetched(store, metadata, delivery, query, open_end=open_end)
    if obtained.path is not None and obtained.bypassed is not None and not open_end:
        tell_bypassed(store.options.listener, metadata, obtained.path, obtained.bypassed)
    return obtained._replace(attempts=tuple(attempts))


def tell_end(store: Source, metadata: ResourceInfo, path: str, *, cached: bool) -> None:
    """Tell the store's listener that all is well.

    Args:
        store: Who has brought it.
        metadata: What was wanted.
        path: The file in the cache.
        cached: Whether it lay there.
    """
    (tell_hit if cached else tell_cached)(store.options.listener, metadata, path)


def _fetched(
    store: Source,
    metadata: ResourceInfo,
    delivery: Delivery | None,
    query: str,
    *,
    open_end: bool,
) -> Obtained:
    """Download through the cache, or past a cache that fails where there is another place for it."""
    try:
        found = _download(store, metadata, delivery, query)
    except StorageError as error:
        if delivery is None:
            tell_past_the_cache(error, label_of(metadata), store.cache_backend.content.layout.root)
            raise
        log.warning("the cache cannot take %s, so it goes without: %s", label_of(metadata), error)
        return _bypass(store, metadata, delivery, error)
    if isinstance(found, Obtained):
        return found
    path, cached = found
    # A place that refuses the file is no fault of the cache's: a second download would not help.
    placed = _placed(store, metadata, path, delivery)
    if not open_end:
        tell_end(store, metadata, path, cached=cached)
    return Obtained(placed, cached=cached)


def _download(
    store: Source, metadata: ResourceInfo, delivery: Delivery | None, query: str
) -> Obtained | tuple[str, bool]:
    """Return the path in the cache and whether it lay there, or what became of it without the cache."""
    content, options = store.cache_backend.content, store.options
    deadline = begun(options.clock, options.bounds.deadline)
    flight = content.flight(
        uid_of(metadata),
        # Offline another asker of ours only finds out that it is not here.
        waiting=None if options.offline else waiting_for(options.listener, metadata),
        ready=lambda: deadline.is_cut() or knows(store, metadata),
        patience=deadline.left(),
    )
    with keeping(deadline), flight as waited:
        path = cached_path(store, metadata) if waited else None
        cached = path is not None
        if path is None:
            found = _adopted(content, metadata)
            cached = found is not None
            if found is None:
                obtained = _brought(store, metadata, content, delivery)
                if not isinstance(obtained, Kept):
                    return obtained
                found = obtained
            path = _remembered(store, metadata, found, query)
    return path, cached


def _adopted(content: Content, metadata: ResourceInfo) -> Kept | None:
    """Find the content under its digests, whichever uid brought it here."""
    digests = digests_of(metadata)
    if not any(not digest.weak for digest in digests):
        return None
    found = content.find(digests, filename_of(metadata))
    if found is not None:
        check_size(metadata, str(found.path))
    return found


def _brought(
    store: Source, metadata: ResourceInfo, content: Content, delivery: Delivery | None
) -> Kept | Obtained:
    """Have the file brought, verify it, and let the cache keep it."""
    from store.backends.moving import moved, refuse_offline

    sharing = _sharing(store, metadata)
    if sharing is None:
        refuse_offline(store, metadata)  # said rather than what the cache's directory may lack
    with content.workspace() as directory:
        part = Path(content.layout.part(uid_of(metadata)))
        path = moved(store, metadata, directory, sharing=sharing, part=part)
        if path is None:
            return Obtained(None)
        if not verifies(metadata, path):
            log.error("what %s brought for %s does not verify", store.name, label_of(metadata))
            return Obtained(None, verified=False, fault=difference(metadata, path))
        digests = digests_of(metadata)
        tell_verified(store.options.listener, metadata, path)
        try:
            kept = content.keep(Path(path), name=filename_of(metadata), digests=digests)
        except StorageError as error:
            if delivery is None:
                raise
            log.warning("the cache cannot keep %s: %s", label_of(metadata), error)
            placed = _placed(store, metadata, path, delivery)
            return Obtained(placed, bypassed=error)
    if sharing is not None:
        sharing.write_back(kept.path)
    return kept


def _sharing(store: Source, metadata: ResourceInfo) -> Sharing | None:
    """Return what asks the shared tiers; nothing of it is loaded where there are none."""
    if not store.options.tiers:
        return None
    from store.backends.shared import sharing_of

    return sharing_of(store, metadata)


def _remembered(store: Source, metadata: ResourceInfo, kept: Kept, query: str) -> str:
    """Write the entry; a cache that cannot is told of in the log and costs only the next hit."""
    cache, uid, path = store.cache_backend, uid_of(metadata), str(kept.path)
    digests = digests_of(metadata)
    try:
        cache.set(uid, CachedResource(uid, path), NEVER if digests else DEFAULT_TIMEOUT)
        cache.record(uid, _provenance(store, metadata, kept, query))
    except Exception:
        log.warning("the cache did not take the entry %s", uid, exc_info=True)
    return path


def _provenance(store: Source, metadata: ResourceInfo, kept: Kept, query: str) -> Provenance:
    digests = tuple(str(one) for one in kept.digests)
    return Provenance(store.name, query, origin_of(metadata), digests, kept.size)


def _placed(store: Source, metadata: ResourceInfo, path: str, delivery: Delivery | None) -> str:
    """Put a file where the caller wants it, if anywhere, and return where it lies for them."""
    if delivery is None:
        return path
    from store.backends.placing import place_cached

    return place_cached(store.cache_backend.content, metadata, path, delivery)


def _bypass(
    store: Source, metadata: ResourceInfo, delivery: Delivery, reason: StorageError
) -> Obtained:
    """Deliver without the cache: into a private directory beside the target, then into place."""
    from store.backends.destinations import leaving_no_directory
    from store.backends.moving import moved, refuse_offline
    from store.files.atomic import private_directory

    sharing = _sharing(store, metadata)
    if sharing is None:
        refuse_offline(store, metadata)
    with (
        leaving_no_directory(delivery.directory),
        private_directory(delivery.directory) as directory,
    ):
        path = moved(store, metadata, directory, sharing=sharing)
        if path is None:
            return Obtained(None)
        if not verifies(metadata, path):
            return Obtained(None, verified=False, fault=difference(metadata, path))
        tell_verified(store.options.listener, metadata, path)
        placed = _placed(store, metadata, path, delivery)
        return Obtained(placed, bypassed=reason)
