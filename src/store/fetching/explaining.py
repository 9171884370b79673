"""Says why the next fetch would find a resource in the cache, or not."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from store.backends.hits import check_size, verifies
from store.backends.resources import ResourceInfo, digests_of, filename_of, uid_of
from store.cache.finding import candidates
from store.cache.looking import Sight, look
from store.errors import IntegrityError, OfflineError, UnverifiedError
from store.fetching.asking import Answer, Asking, Wanted, named, read_locator
from store.fetching.recalling import Recalled, recall
from store.integrity.digest import DigestsLike
from store.transports.base import TransferOptions
from store.transports.routing import kept_from

if TYPE_CHECKING:
    from store.cache.backends.base import Cache
    from store.config.model import Settings

log = logging.getLogger(__name__)

CODES: Final[Mapping[str, str]] = {
    "hit": "it is in the cache, and unchanged since it was checked",
    "hit-rehash": "it is in the cache, and right, but the next fetch hashes it again",
    "hit-by-digest": "its content is in the cache, where another locator brought it",
    "hit-outside": "the cache remembers a file outside its own content, and that is right",
    "shared": "the cache lacks it, and a shared tier has it: the origin is not asked",
    "miss-never-fetched": "the cache has neither an entry nor content of it",
    "miss-file-gone": "the cache remembers it, but the file is gone",
    "miss-damaged": "the file in the cache is not what it should be, and will be set aside",
    "miss-unreadable": "the file in the cache cannot be read",
    "miss-outside": "the cache remembers a file outside its own content, and that is not right",
    "other-size": "its content is in the cache, but has another size than was pinned",
    "other-digest": "what is known of it is not what was pinned",
    "unresolved": "what it stands for is not known here, and the store is asked first",
    "stale-resolution": "what it stands for was asked too long ago, and the store is asked again",
    "asked-each-time": "the driver is asked each time what it stands for",
    "unpinned": "nothing says what it should be, so the server is asked each time for its version",
    "unverified": "nothing says what it should be, and that was not allowed: the fetch is refused",
    "refused": "it is not in the cache, and the settings keep every address of it from being asked",
    "offline-missing": "it is not in the cache, and the network is not to be used",
    "offline-unresolved": "what it stands for is not known here, and the network is not to be used",
}
"""Every reason code, and what it means."""

_OF_SIGHT: Final = {
    "stamped": "hit",
    "hashed": "hit-rehash",
    "missing": "miss-file-gone",
    "damaged": "miss-damaged",
    "unread": "miss-unreadable",
    "other": "miss-damaged",
}


class Explanation(NamedTuple):
    """Why the next fetch would hit or miss.

    Attributes:
        locator: What was asked about, without secrets.
        code: One of the reason codes: see `CODES`. What begins with ``hit`` moves nothing.
        reason: The same as a sentence, with what is particular to this case.
        path: The file in the cache that it is about, or None.
    """

    locator: str
    code: str
    reason: str
    path: Path | None = None


def explain(
    wanted: Wanted,
    *,
    settings: Settings,
    cache: Cache,
    digest: DigestsLike = None,
    allow_unverified: bool | None = None,
) -> Explanation:
    """Say why the next fetch would hit or miss; no socket is opened, and nothing in the cache is changed.

    Args:
        wanted: What is asked about.
        settings: What the user decided.
        cache: The cache that would be asked.
        digest: What the content must be.
        allow_unverified: Accept a URL without a digest; None takes the setting.

    Raises:
        StoreError: The locator cannot be read, or there is no such driver; or a local file is missing.
    """
    asking = Asking(settings, cache, TransferOptions(offline=True, strict=True))
    shown = named(wanted)
    try:
        recalled = recall(asking, wanted, digest, allow_unverified=allow_unverified)
    except UnverifiedError:
        return _explained(shown, "unverified")
    except OfflineError:
        reason = refused(wanted, settings, pinned=False)
        if reason is not None:
            return _explained(shown, "refused", reason)
        return _explained(shown, "offline-unresolved" if settings.offline else "unpinned")
    except IntegrityError as error:
        return _explained(shown, "other-digest", str(error))
    return _of_recalled(recalled, cache, settings)


def refused(wanted: Wanted, settings: Settings, *, pinned: bool) -> str | None:
    """Return why the address that a locator is may not be asked; None where it may, or it is none.

    Args:
        wanted: What is asked about.
        settings: What the user decided.
        pinned: Whether a digest says what the content must be.

    Raises:
        StoreError: The locator cannot be read.
    """
    address = read_locator(wanted).query.get("url")
    if not isinstance(address, str):
        return None
    return kept_from((address,), settings.routes, pinned=pinned)


def _of_recalled(recalled: Recalled, cache: Cache, settings: Settings) -> Explanation:
    shown, answer, offline = recalled.locator.text, recalled.answer, settings.offline
    if answer is None:
        code = "asked-each-time" if recalled.state == "unremembered" else "unresolved"
        return _explained(shown, "offline-unresolved" if offline else code)
    found = _of_answer(answer, cache)
    if settings.shared and found.code.startswith("miss") and recalled.store.needs_network:
        found = _of_tiers(found, answer, settings)
    if found.code.startswith("miss") and recalled.store.needs_network:
        metadata = answer.metadata
        addresses, pinned = getattr(metadata, "urls", ()), bool(digests_of(metadata))
        reason = kept_from(addresses, settings.routes, pinned=pinned)
        if reason is not None:
            return _explained(shown, "refused", reason, found.path)
    if offline:  # whatever is remembered will do
        if found.code.startswith("miss") and recalled.store.needs_network:
            return _explained(shown, "offline-missing", found.reason, found.path)
        return found
    if recalled.state in {"stale", "unremembered"}:
        code = "stale-resolution" if recalled.state == "stale" else "asked-each-time"
        return _explained(
            shown, code, f"if the answer is the same as before, {found.reason}", found.path
        )
    return found


def _of_answer(answer: Answer, cache: Cache) -> Explanation:
    """Say what the cache has of a resource that is known."""
    metadata, shown = answer.metadata, answer.locator.text
    path = _remembered(cache, uid_of(metadata))
    sight = None if path is None else _seen(cache, metadata, path)
    if path is None or sight is None or sight.state not in {"stamped", "hashed"}:
        other = _by_digest(cache, answer, but=path)
        if other is not None:
            return _sized(answer, _explained(shown, "hit-by-digest", path=other))
    if path is None or sight is None:
        return _explained(shown, "miss-never-fetched")
    if not cache.content.owns(path):
        right = sight.state == "stamped"
        return _explained(shown, "hit-outside" if right else "miss-outside", path=path)
    found = _explained(shown, _OF_SIGHT[sight.state], sight.reason, path)
    return _sized(answer, found) if found.code.startswith("hit") else found


def _of_tiers(found: Explanation, answer: Answer, settings: Settings) -> Explanation:
    """Say what the shared tiers have of what the cache lacks, as far as no socket is opened."""
    from store.sharing.looking import look

    seen = look(TransferOptions.from_settings(settings), digests_of(answer.metadata))
    if seen.having:
        return _explained(found.locator, "shared", ", ".join(seen.having), found.path)
    if seen.asked:
        more = f"{found.reason}; {', '.join(seen.asked)} is asked before the origin"
        return found._replace(reason=more)
    return found


def _remembered(cache: Cache, uid: str) -> str | None:
    """Return the path that the cache remembers, whatever lies there now."""
    if not os.path.isdir(cache.content.layout.root):  # noqa: PTH112 - text
        return None
    try:
        entry = cache.peek(uid)
    except Exception:
        log.warning("the cache failed when asked for %s", uid, exc_info=True)
        return None
    path = getattr(entry, "local_path", None)
    return path if isinstance(path, str) else None


def _seen(cache: Cache, metadata: ResourceInfo, path: str) -> Sight:
    content, digests = cache.content, digests_of(metadata)
    if not content.owns(path):
        return Sight("stamped" if verifies(metadata, path) else "missing")
    sight = look(content, path, digests)
    if not digests and sight.state in {"stamped", "hashed"} and not verifies(metadata, path):
        return Sight("damaged", "its driver does not accept it")
    return sight


def _by_digest(cache: Cache, answer: Answer, *, but: str | None) -> str | None:
    """Return another file than the one that is remembered that has the right content, or None."""
    digests = digests_of(answer.metadata)
    for path in candidates(cache.content.layout, digests, filename_of(answer.metadata)):
        if path != but and look(cache.content, path, digests).state in {"stamped", "hashed"}:
            return path
    return None


def _sized(answer: Answer, found: Explanation) -> Explanation:
    """Hold the size of what was found against the one that is pinned beside the digests."""
    try:
        check_size(answer.metadata, str(found.path))
    except IntegrityError as error:
        return _explained(found.locator, "other-size", str(error), found.path)
    return found


def _explained(
    locator: str, code: str, more: str = "", path: str | Path | None = None
) -> Explanation:
    reason = f"{CODES[code]}: {more}" if more else CODES[code]
    return Explanation(locator, code, reason, None if path is None else Path(path))
