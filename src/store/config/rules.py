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
