"""Asks shared tiers for many small files, before their origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from store.errors import ResourceNotFoundError, StoreError
from store.fetching.claiming import Asking
from store.sharing.base import SharedTier, ours
from store.sharing.health import health_of
from store.sharing.tiers import answers, asked_tiers
from store.transports.base import Stream, TransferOptions
from store.transports.bulk import Answer, Asked, Bulk, Came


class Round(NamedTuple):
    """One tier, and what asks it for many.

    Attributes:
        tier: The tier.
        bulk: Asks it.
    """

    tier: SharedTier
    bulk: Bulk

    def run(self, asking: Asking) -> None:
        """Ask the tier for all that is wanted; what it lacks stays wanted.

        What is not plain (a large file, a wrong one, a failure) is fetched in the usual way, which asks the
        tier again and tells of it.

        Args:
            asking: What is wanted, and who takes what comes.
        """
        if not answers(self.tier):
            return

        def wanted() -> Iterator[Asked]:
            """Go through what is still wanted, by its address in the tier."""
            for number, pinned in asking.left():
                yield Asked(number, self.tier.address_of(pinned.digest.hex))

        def tell(asked: Asked, answer: Answer) -> bool:
            """Take what the tier gave, note what it lacks, and hand back all else."""
            if isinstance(answer, Came):
                asking.shared(asked.number, self.tier, answer)
            elif isinstance(answer, ResourceNotFoundError):
                asking.lacks(asked.number, self.tier)
            else:
                if isinstance(answer, Stream):
                    answer.close()
                asking.hand_back(asked.number)
            return asking.goes_on

        try:
            with ours(self.tier):
                self.bulk.run(wanted(), tell)
        except StoreError as error:  # what it has not told of stays wanted
            health_of(self.tier.address).failed(error)


def rounds_for(
    options: TransferOptions, *, connections: int, largest: int
) -> tuple[Round, ...] | None:
    """Return one round for each tier, in order; None where one of them cannot be asked for many.

    Args:
        options: The tiers, and how bytes are to be moved.
        connections: How many connections there may be to each.
        largest: The largest file that is small, in bytes.
    """
    rounds = []
    for tier in asked_tiers(options):
        try:
            with ours(tier):
                bulk = tier.bulk(connections=connections, largest=largest)
        except StoreError:  # whoever asks in the usual way is told why
            return None
        if bulk is None:
            return None
        rounds.append(Round(tier, bulk))
    return tuple(rounds)
