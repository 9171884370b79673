"""Says when a file is too old, and how old it may be in need."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal, TypeAlias

import attrs

from store.config.values import parse_seconds
from store.errors import QueryError

Duration: TypeAlias = "dt.timedelta | float | str | None"
"""A time span: a ``timedelta``, seconds, or text such as ``90``, ``30m``, ``1d``; None (``none``): no end."""

Origin = Literal["fetched", "fresh", "revalidated", "stale", "fallback"]
"""How a file was come by.

``fetched``: its bytes were moved just now. ``fresh``: it was young enough, and nobody was asked.
``revalidated``: the source was asked, and has no other content. ``stale``: it is too old, the source failed,
and ``stale_if_error`` allows it. ``fallback``: it is another file, named for the case that all else fails.
"""

DAY: Final = dt.timedelta(days=1)
"""The greatest age where nobody says otherwise."""


@attrs.frozen(kw_only=True)
class Policy:
    """How old a file may be; in seconds, None for no limit.

    Attributes:
        max_age: A younger file is fresh. With 0 the source is asked each time.
        stale_if_error: A younger file is handed out where the source fails. With 0 none is.
    """

    max_age: float | None
    stale_if_error: float | None

    @classmethod
    def of(cls, max_age: Duration, stale_if_error: Duration) -> Policy:
        """Read a policy from what a caller gave.

        Raises:
            QueryError: One of them is no time span, or negative.
        """
        return cls(
            max_age=seconds_in(max_age, "max_age"),
            stale_if_error=seconds_in(stale_if_error, "stale_if_error"),
        )

    def fresh(self, age: float) -> bool:
        """Whether a file need not be asked for again.

        Args:
            age: The seconds since its source was last known to have this content; below 0 where the record
                is from the future, so that its age is not known.
        """
        return _younger(age, self.max_age)

    def tolerable(self, age: float) -> bool:
        """Whether a file may be handed out where its source fails; see `fresh`."""
        return _younger(age, self.stale_if_error)


def seconds_in(value: Duration, name: str) -> float | None:
    """Return a time span in seconds, or None for one without end.

    Args:
        value: The span.
        name: What it is called, for the error.

    Raises:
        QueryError: It is no time span, or negative.
    """
    given: object = value.total_seconds() if isinstance(value, dt.timedelta) else value
    try:
        return parse_seconds(given)
    except ValueError as error:
        raise QueryError(f"{name}: {value!r} {error}, or give a timedelta") from error


def _younger(age: float, limit: float | None) -> bool:
    return limit is None or 0 <= age < limit
