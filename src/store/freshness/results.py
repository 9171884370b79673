"""What came of asking for an aged file."""

from __future__ import annotations

from pathlib import Path

import attrs

from store.errors import StoreError
from store.freshness.policy import Origin
from store.integrity.digest import Digests
from store.transports.attempts import Attempt


@attrs.frozen(kw_only=True)
class AgedResult:
    """A file, and how it was come by.

    Attributes:
        path: Where it lies: its lasting name, read-only, or the fallback.
        origin: ``fetched``, ``fresh``, ``revalidated``, ``stale`` or ``fallback``: see `policy.Origin`.
        kept: The same file under its digest. No other content ever takes its place, even when the source has
            changed and ``path`` leads to the new one; for who reads a file over a long time, and by its name.
        size: Its size in bytes.
        digests: The digests that it has, strongest first; none for a fallback that was not pinned.
        fetched_at: When its bytes were moved, in seconds since 1970 UTC; None for a fallback.
        age: The seconds since its source was last known to have this content, below 0 for a record from the
            future; None for a fallback.
        etag: The entity tag that its source gave, or None.
        last_modified: The time of change that its source gave, as an HTTP date, or None.
        error: What kept the source from giving its content, for ``stale`` and ``fallback``, else None.
        attempts: Every try that was made for it in this call; none where nobody was asked, or answered that
            nothing has changed.
    """

    path: Path
    origin: Origin
    kept: Path
    size: int
    digests: Digests = ()
    fetched_at: float | None = None
    age: float | None = None
    etag: str | None = None
    last_modified: str | None = None
    error: StoreError | None = attrs.field(default=None, eq=False)
    attempts: tuple[Attempt, ...] = ()
