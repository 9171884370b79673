"""Says what the shared tiers have, as far as no socket is opened."""

from __future__ import annotations

from typing import NamedTuple

from store.config.tier import Tier
from store.errors import StoreError
from store.integrity.digest import Digests
from store.sharing.opening import is_networked, opened
from store.sharing.tiers import ALGORITHM
from store.transports.base import TransferOptions


class Look(NamedTuple):
    """What was seen.

    Attributes:
        having: The directories that have something under the name; whether it is right is not looked at.
        asked: The tiers that would be asked over the network.
    """

    having: tuple[str, ...]
    asked: tuple[str, ...]


class Reach(NamedTuple):
    """Whether a tier can be asked.

    Attributes:
        address: Where it is, as it may be shown.
        error: Why it cannot; None where it can, or was not asked.
        asked: Whether it was asked.
    """

    address: str
    error: StoreError | None
    asked: bool


def look(options: TransferOptions, digests: Digests) -> Look:
    """Look which tiers have a content; those on the network are only named, and offline not even that.

    Args:
        options: The tiers, and whether the network may be used.
        digests: What the content must be.
    """
    name = next((one.hex for one in digests if one.algorithm == ALGORITHM), None)
    if name is None:
        return Look((), ())
    near = [opened(one, options) for one in options.tiers if not is_networked(one)]
    far = [one.address for one in options.tiers if is_networked(one) and not options.offline]
    having = []
    for tier in near:
        try:
            if tier.holds(name):
                having.append(tier.address)
        except StoreError:
            continue
    return Look(tuple(having), tuple(far))


def reach(tier: Tier, options: TransferOptions, *, network: bool) -> Reach:
    """Ask a tier whether it answers, at the cost of one question.

    Args:
        tier: The tier.
        options: How bytes are to be moved.
        network: Whether one on the network is asked, too.
    """
    from store.addresses import public

    if is_networked(tier) and (not network or options.offline):
        return Reach(public(tier.address), None, asked=False)
    try:
        opened(tier, options).reach()
    except StoreError as error:
        return Reach(public(tier.address), error, asked=True)
    return Reach(public(tier.address), None, asked=True)
