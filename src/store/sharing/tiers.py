"""Asks the shared tiers in turn, and writes back what they lack."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.errors import StoreError
from store.events import Listener, Shared, stamped
from store.integrity.digest import Digests
from store.sharing.base import SharedTier, ours
from store.sharing.health import health_of
from store.sharing.opening import is_networked, opened
from store.sharing.taking import Sought, take
from store.sharing.writing import WRITER, Job
from store.transports.attempts import subject

if TYPE_CHECKING:
    from store.transports.base import TransferOptions

ALGORITHM: Final = "sha256"
"""The algorithm by whose digests all tiers keep their content."""


class Sharing:
    """One content, and the tiers that are asked for it before the origin.

    Args:
        tiers: Those that may be asked, in order.
        sought: The content.
        listener: Is told, or None.
        patience: How long the end of the run waits for what is written back, in seconds.

    Attributes:
        told: How many attempts the listener was told of.
    """

    def __init__(
        self,
        tiers: tuple[SharedTier, ...],
        sought: Sought,
        listener: Listener | None,
        patience: float,
    ) -> None:
        self._tiers = tiers
        self._sought = sought
        self._listener = listener
        self._patience = patience
        self._lacking: list[tuple[SharedTier, bool]] = []
        self.told = 0

    def bring(self, directory: Path) -> Path | None:
        """Bring the content from the first tier that has it, verified; None where none has.

        Args:
            directory: A private directory.

        Raises:
            StoreError: This machine's disk failed.
        """
        for tier in self._tiers:
            taken = take(tier, self._sought, directory, self._listener, self.told + 1)
            self.told += taken.told
            if taken.path is not None:
                if self._listener is not None:
                    self._listener(Shared(self._sought.label, tier.address, taken.size))
                return taken.path
            if taken.state in {"miss", "wrong"}:
                self._lacking.append((tier, taken.state == "wrong"))
        return None

    def write_back(self, path: Path) -> None:
        """Let the tiers have the content that were asked and lack it: later, and never an error.

        Args:
            path: The verified file, which stays where it is.
        """
        write_back(self._lacking, self._sought.name, path, patience=self._patience)
        self._lacking.clear()


def write_back(
    lacking: Iterable[tuple[SharedTier, bool]], name: str, path: Path, *, patience: float
) -> None:
    """Let tiers have a content that they lack: later, in the background, and never an error.

    Args:
        lacking: The tiers, each with whether it has something else under the name.
        name: The content's SHA-256 in hex.
        path: The verified file, which stays where it is.
        patience: How long the end of the run waits for it, in seconds.
    """
    for tier, wrong in lacking:
        if tier.tier.write and health_of(tier.address).takes:
            WRITER.offer(Job(tier, name, path, wrong), patience=patience)


def asked_tiers(options: TransferOptions) -> tuple[SharedTier, ...]:
    """Return the tiers that may be asked, in order: offline none on the network.

    Args:
        options: The tiers, and whether the network may be used.
    """
    quiet = options._replace(listener=None)
    asked = [one for one in options.tiers if not (options.offline and is_networked(one))]
    return tuple(opened(one, quiet) for one in asked)


def answers(tier: SharedTier) -> bool:
    """Whether a tier answers now, at the cost of one question; where it does not, that is told once a run.

    Args:
        tier: The tier.
    """
    health = health_of(tier.address)
    with health.asking() as up:
        if up:
            try:
                with ours(tier):
                    tier.reach()
            except StoreError as error:
                health.failed(error)
                return False
    return health.up


def sharing_for(
    options: TransferOptions, digests: Digests, *, size: int | None, label: str, filename: str
) -> Sharing | None:
    """Return what asks the tiers for a content; None where no tier is to be asked.

    Args:
        options: The tiers, whether the network may be used, and who listens.
        digests: What the content must be: without a SHA-256 among them no tier knows it.
        size: What it must measure in bytes, or None.
        label: What a person would call it.
        filename: What the file is to be called.
    """
    name = next((one.hex for one in digests if one.algorithm == ALGORITHM), None)
    tiers = () if name is None else asked_tiers(options)
    if name is None or not tiers:
        return None
    sought = Sought(name, digests, size, label, filename or name)
    listener, uid = options.listener, subject()
    if listener is not None and uid:
        listener = stamped(listener, uid)
    return Sharing(tiers, sought, listener, options.write_back_timeout)
