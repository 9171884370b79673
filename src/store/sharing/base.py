"""What every shared tier is: content under the SHA-256 of what it holds."""

from __future__ import annotations

import abc
import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from store.addresses import public, without_secrets
from store.config.tier import Tier
from store.errors import StoreError, TransportError
from store.transports.base import Conditions, Stream, TransferOptions
from store.transports.bulk import Bulk

log = logging.getLogger(__name__)

NOTHING: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of nothing: what is asked for to see whether a tier answers."""


@contextlib.contextmanager
def ours(tier: SharedTier) -> Iterator[None]:
    """Turn what a tier raises beside our errors into one of ours: not even a mistake in it fails a fetch.

    Args:
        tier: Who is asked in the block.

    Raises:
        TransportError: It raised something else.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        reason = without_secrets(f"{type(error).__name__}: {error}")
        log.debug(
            "the shared tier %s failed: %s", tier.address, reason
        )  # the trace may hold secrets
        raise TransportError(f"{tier.address}: {reason}", url=tier.address) from error


class SharedTier(abc.ABC):
    """A place that keeps content by name, the name being its SHA-256 in hex.

    Nothing that it gives is believed: whoever asks verifies. An implementation keeps no state of its own
    about failures; `store.sharing.health` does.

    Args:
        tier: What the settings say of it.
        options: How bytes are to be moved, with the tier's own timeout.

    Attributes:
        tier: What the settings say of it.
        options: How bytes are to be moved.
    """

    needs_network: ClassVar[bool] = True
    """Whether it is not asked offline."""

    def __init__(self, tier: Tier, options: TransferOptions) -> None:
        self.tier = tier
        self.options = options

    @property
    def address(self) -> str:
        """Where it is, as it may be shown."""
        return public(self.tier.address)

    @abc.abstractmethod
    def address_of(self, name: str) -> str:
        """Return where it keeps one content, for messages and results.

        Args:
            name: The SHA-256, 64 hexadecimal digits in lower case.
        """

    @abc.abstractmethod
    def open_stream(
        self, name: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open one content for reading, once.

        Args:
            name: As for `address_of`.
            offset: The byte to begin with.
            conditions: Under which condition the body is wanted.

        Raises:
            ResourceNotFoundError: It does not have it: a miss.
            StoreError: It cannot be asked.
        """

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:
        """Return what asks it for many small contents from one thread; None, the default, where none can.

        A content that it lacks is told of as a `ResourceNotFoundError`.

        Args:
            connections: How many connections may be open to it.
            largest: The largest content that is small, in bytes.
        """
        del connections, largest
        return None

    @abc.abstractmethod
    def holds(self, name: str) -> bool:
        """Return whether it has a content under that name; what the content is, is not looked at.

        Raises:
            StoreError: It cannot be asked.
        """

    @abc.abstractmethod
    def put(self, name: str, path: Path) -> None:
        """Keep a file under a name, whole or not at all, in the place of what is there.

        Args:
            name: As for `address_of`; it is the file's digest.
            path: The file.

        Raises:
            StoreError: It does not take it, or the file cannot be read.
        """

    @abc.abstractmethod
    def reach(self) -> None:
        """Make sure that it can be asked, at the cost of one question.

        Raises:
            StoreError: It cannot.
        """
