"""What an item's status may be, and how it may move."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from store.errors import QueryError


class Status(enum.IntEnum):
    """The status of an item; the numbers are those of the seed."""

    DELETED = -2
    """The file is gone; the record is kept."""
    TRASH = -1
    """To be removed, but still to be restored."""
    UNINITIALIZED = 0
    """Made, and nobody writes yet."""
    WRITE = 1
    """Somebody is writing the file."""
    FAILED = 2
    """Something went wrong while it was written."""
    READY = 3
    """The file is whole; or the item is metadata alone."""

    @classmethod
    def from_str(cls, name: str) -> Status:
        """Return the status of a name, in any case.

        Raises:
            QueryError: There is no status of that name.
        """
        return status_of(name)


StatusLike: TypeAlias = "Status | int | str"
"""A status as a member, its number, or its name in any case."""

StatusesLike: TypeAlias = "StatusLike | Iterable[StatusLike]"
"""One status or several."""

REMOVED: Final = frozenset({Status.TRASH, Status.DELETED})
"""What is left out of a search unless it is asked for."""

MOVES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.UNINITIALIZED: frozenset(
        {Status.WRITE, Status.READY, Status.FAILED, Status.TRASH, Status.DELETED}
    ),
    Status.WRITE: frozenset({Status.READY, Status.FAILED, Status.TRASH, Status.DELETED}),
    Status.FAILED: frozenset({Status.WRITE, Status.TRASH, Status.DELETED}),
    Status.READY: frozenset({Status.FAILED, Status.TRASH, Status.DELETED}),
    Status.TRASH: frozenset({Status.DELETED}),
    Status.DELETED: frozenset(),
}
"""Where each status may move to; out of the trash an item comes back as what it was."""


def status_of(value: object) -> Status:
    """Return a status however it was given.

    Raises:
        QueryError: There is no such status.
    """
    if isinstance(value, Status):
        return value
    try:
        if isinstance(value, str):
            return Status[value.strip().upper()]
        if isinstance(value, int) and not isinstance(value, bool):
            return Status(value)
    except (KeyError, ValueError):
        pass
    known = ", ".join(f"{one.name} ({one.value})" for one in Status)
    raise QueryError(f"there is no status {value!r}: known are {known}", query=value)


def statuses_of(value: object) -> frozenset[Status] | None:
    """Return statuses however they were given; None where any will do.

    Raises:
        QueryError: There is no such status.
    """
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        return frozenset({status_of(value)})
    return frozenset(status_of(one) for one in value)


def may_move(current: Status, wanted: Status, before: Status | None = None) -> bool:
    """Whether an item may move from one status to another.

    Args:
        current: What it is.
        wanted: What it is to be; to stay is always legal.
        before: What it was before it came into the trash.
    """
    if current == wanted or wanted in MOVES[current]:
        return True
    return current is Status.TRASH and wanted is before
