"""What it means to ask one origin for many bodies at once."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from store.errors import StoreError
from store.transports.base import Stream, Transport

AHEAD: Final = 8
"""How many requests may be under way on one connection, where each body is held against a digest or tag."""

NO_FIELDS: Final[Mapping[bytes, bytes]] = MappingProxyType({})
"""The head of what has none."""


class Asked(NamedTuple):
    """One body that is wanted."""

    number: int
    """Its place among the others."""
    address: str
    """Where it is."""


class Came(NamedTuple):
    """A small body that came whole."""

    data: memoryview
    """The bytes, which are the receiver's own."""
    seconds: float
    """How long it took."""
    fields: Mapping[bytes, bytes] = NO_FIELDS
    """The head of the answer, names in lower case; empty where there is none."""


Answer = Came | Stream | StoreError | None
"""What became of a request: a small body; a large one, open, to be read elsewhere; a no, which is final or
may pass; or None, where it is to be asked for in the usual way."""

Tell = Callable[[Asked, Answer], bool]
"""Is told what became of each; returns whether to go on."""


class Bulk(abc.ABC):
    """Asks one origin for many bodies, over a few connections, from one thread."""

    @abc.abstractmethod
    def run(self, wanted: Iterator[Asked], tell: Tell) -> None:
        """Ask for all that is wanted, and tell of each once, in any order.

        Args:
            wanted: Is gone through as connections become free.
            tell: Is called from this thread.
        """


class BulkTransport(Transport):
    """A transport that can ask one origin for many bodies at once."""

    @abc.abstractmethod
    def bulk(self, address: str, *, connections: int, largest: int, ahead: int = 1) -> Bulk | None:
        """Return what asks the origin of an address for many small bodies.

        Args:
            address: Any address of that origin.
            connections: How many connections may be open to it.
            largest: The largest body that is small, in bytes.
            ahead: How many requests may be under way on one connection. More than one is for callers who
                hold each body against a digest or tag: a server that confuses them spoils nothing then.

        Returns:
            None where that cannot be done now, and each is to be asked for by itself.
        """
