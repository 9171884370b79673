"""A URL together with further addresses of the same resource."""

from __future__ import annotations

from collections.abc import Sequence

from store.errors import LocatorError
from store.fetching.locator import Locator, parse_locator
from store.frozen import Frozen


class Mirrored(Frozen):
    """A URL, and where its resource can be had too.

    Attributes:
        locator: The URL, perhaps with digests in its fragment.
        mirrors: Further addresses, asked in their order after the URL.
    """

    locator: str
    mirrors: tuple[str, ...]

    def read(self) -> Locator:
        """Return what the driver ``http`` is asked for; it wants a digest, since nothing else joins them.

        Raises:
            LocatorError: The locator is no URL, or cannot be read.
            DigestError: A pinned digest is malformed or weak.
        """
        locator = parse_locator(self.locator)
        if locator.driver != "http" or "url" not in locator.query:
            raise LocatorError(
                f"{locator.text} is no URL, so it has no further addresses: the settings' rules [[mirror]]"
                " hold for what drivers ask",
                query=locator.text,
            )
        return locator._replace(query={**locator.query, "urls": list(self.mirrors)})

    def __repr__(self) -> str:
        """Show no address: a secret may stand in it."""
        return f"Mirrored({len(self.mirrors)} mirrors)"


def with_mirrors(locator: object, mirrors: Sequence[str]) -> Mirrored:
    """Return a URL together with further addresses of its resource.

    Raises:
        LocatorError: It is no text, and so no URL; or the addresses are one text, and no list.
    """
    if isinstance(mirrors, str):
        raise LocatorError("mirrors are a list of addresses: put the one into a list")
    if not isinstance(locator, str):
        raise LocatorError(
            "mirrors are further addresses of a URL: in a query they stand under 'urls'"
        )
    return Mirrored(locator=locator, mirrors=tuple(mirrors))
