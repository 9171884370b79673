"""Which items are meant."""

from __future__ import annotations

import attrs

from store.registry.status import Status
from store.registry.terms import Term


@attrs.frozen(kw_only=True)
class Filters:
    """Which items are meant; what is None does not matter.

    Attributes:
        key: Their key.
        uri: Their URI, whatever the parameters.
        ids: Their ids.
        versions: Their versions.
        newest: Only the newest version of each key, among those of the statuses that are meant.
        statuses: Their statuses; None is all but the removed ones.
        include_removed: Those in the trash and the deleted too.
        newer_than: Made after, in microseconds since 1970 UTC.
        older_than: Made before.
        ext: Their suffix.
        label: Their label.
        filename: What their file is called.
        terms: What must hold of fields and attributes.
        order: Names to order by, a ``-`` before one that descends; who has none comes last, and then the id
            decides.
        limit: At most so many.
        offset: After so many.
    """

    key: str | None = None
    uri: str | None = None
    ids: frozenset[int] | None = None
    versions: frozenset[int] | None = None
    newest: bool = False
    statuses: frozenset[Status] | None = None
    include_removed: bool = False
    newer_than: int | None = None
    older_than: int | None = None
    ext: str | None = None
    label: str | None = None
    filename: str | None = None
    terms: tuple[Term, ...] = ()
    order: tuple[str, ...] = ()
    limit: int | None = None
    offset: int | None = None

    def names_something(self) -> bool:
        """Whether anything at all is asked of the items."""
        asked = attrs.asdict(self, recurse=False)
        for name in ("include_removed", "order", "limit", "offset", "newest"):
            del asked[name]
        return any(value is not None and value != () for value in asked.values())
