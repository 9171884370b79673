"""Gives what is in an archive that grows old."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from store.backends.placing import Delivery
from store.fetching.asking import Wanted
from store.fetching.results import Result

if TYPE_CHECKING:
    # What unpacks is loaded by who unpacks.
    from store.fetching.wishes import Wish


def fetch_aged_part(
    wanted: Wanted,
    bring: Callable[..., Result],
    again: Callable[..., Result],
    *,
    delivery: Delivery | None,
    wish: Wish | None,
) -> Result:
    """Bring a file that grows old, and where a part of it is wanted, unpack what came.

    Args:
        wanted: The locator, path or query.
        bring: Fetches the file as it is: ``bring(wanted, delivery=…)``.
        again: Fetches what is wanted of it, by the digest that it has now:
            ``again(locator, delivery, wish=…)``.
        delivery: Where it is to be placed; None leaves it in the cache.
        wish: What is wanted of it, beside a member; None for the file itself.

    Raises:
        StoreError: What either raised.
    """
    member = None
    if isinstance(wanted, str) and "!" in wanted:
        from store.fetching.member import split_member

        wanted, member = split_member(wanted)
    if member is None and wish is None:
        return bring(wanted, delivery=delivery)
    archive = bring(wanted, delivery=None)
    mark = "" if member is None else f"!{member or '/'}"
    locator = f"{archive.path}#{archive.uid.replace(':', '=')}{mark}"
    part = again(locator, delivery, wish=wish)
    return archive._replace(
        locator=f"{archive.locator}{mark}", path=part.path, size=part.size, cached=part.cached
    )
