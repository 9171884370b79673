"""One rule of addresses: a mirror, or what is not asked."""

from __future__ import annotations

from typing import NamedTuple


class Mirror(NamedTuple):
    """Where an address may be had, too.

    Attributes:
        match: A pattern: see `store.config.patterns`.
        replace: What an address becomes that matches.
        only: Whether the address itself is never asked.
        unpinned: Whether the mirror is also believed where no digest says what the content must be.
    """

    match: str
    replace: str
    only: bool = False
    unpinned: bool = False


class Block(NamedTuple):
    """Addresses that are not asked.

    Attributes:
        match: A pattern: see `store.config.patterns`.
        message: What is said to whoever wants one of them.
    """

    match: str
    message: str = ""


class RuleError(ValueError):
    """A rule cannot be read.

    Args:
        reason: Why, to follow the place; it holds no secret.
        steps: The way to it from the key: the number of the table, and the key in it.
        known: The keys that would have been understood.
    """

    def __init__(
        self, reason: str, steps: tuple[int | str, ...] = (), known: tuple[str, ...] = ()
    ) -> None:
        super().__init__(reason)
        self.steps = steps
        self.known = known


def unknown_key(name: str, known: tuple[str, ...], steps: tuple[int | str, ...]) -> RuleError:
    """Return what is said of a key that a table does not know, with the nearest that it does."""
    from difflib import get_close_matches

    nearest = get_close_matches(name, known, n=1)
    meant = f"did you mean {nearest[0]!r}? " if nearest else ""
    return RuleError(f"is unknown: {meant}known are {', '.join(known)}", steps, known)
