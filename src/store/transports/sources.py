"""Decides which addresses are asked for a resource, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from store.addresses import label
from store.transports.base import Conditions, Stream, TransferOptions
from store.transports.pages import refuse_page
from store.transports.retrying import Source
from store.transports.routing import Way, ways
from store.transports.standing import behind, settle


def sources_for(
    addresses: Sequence[str],
    options: TransferOptions,
    *,
    name: str | None,
    pinned: bool,
    conditions: Mapping[str, Conditions] | None = None,
) -> list[Source]:
    """Return where to ask for a resource, the best first: mirrors too, and last whose origin failed lately.

    Without a digest no mirror is asked here: what came from another address could be another version than
    the one that the driver was told of. Whoever asks for that version decides on the address: see
    `store.backends.patience.in_turn`.

    Args:
        addresses: Where it can be had, the best first.
        options: The rules, and where it stands which origins failed.
        name: What the file is to be called; None takes the last segment of each address.
        pinned: Whether a digest says what the content must be.
        conditions: Under which condition the body of an address is wanted, by address.
    """
    if pinned:
        found = ways(addresses, options.routes)
    else:
        found = tuple(Way(address, address) for address in addresses)
    asked = {} if conditions is None else conditions
    sources = [
        Source(
            way.address,
            name or label(way.original),
            conditions=asked.get(way.address),
            spare=len(found) > 1,
        )
        for way in found
    ]
    if len(sources) > 1:
        sources.sort(key=lambda source: behind(source.address, options))
    return sources


def check_kind(stream: Stream, source: Source, *, pinned: bool, size: int | None) -> None:
    """Refuse a page that came in place of a file: see `store.transports.pages`.

    At first another address is asked in its place, where there is one. Where those fail too, this one is
    asked again, and the digest decides.

    Args:
        stream: The answer.
        source: Who gave it.
        pinned: Whether a digest says what the content must be.
        size: What the content must measure, in bytes, or None.

    Raises:
        TransportError: It is such a page.
    """
    first = pinned and source.spare and source.tries == 1
    refuse_page(
        stream,
        address=source.address,
        name=source.name,
        digest_decides=pinned and not first,
        size=size,
        again=first,
    )


def note_standing(sources: Sequence[Source], worked: Source, options: TransferOptions) -> None:
    """Remember which origins failed where another gave the resource: see `store.transports.standing`.

    Args:
        sources: All that might have been asked.
        worked: The one that gave it.
        options: Where it is remembered.
    """
    if worked.spare:
        failures = [(one.address, one.error) for one in sources if one.error is not None]
        settle(failures, worked.address, options)
