"""What a caller pins is joined with what a store says."""

from __future__ import annotations

from store.backends.known import KnownResource
from store.fetching.locator import Locator
from store.fetching.pinning import pinned
from store.integrity.digest import digests_from

KNOWN = "sha256:" + "ab" * 32
OTHER = "sha512:" + "cd" * 64


def test_a_pin_beside_what_is_known_joins_it() -> None:
    """Both must match from then on; the rest stays, and the resource stays light."""
    resource = KnownResource(digests=digests_from(KNOWN), size=3, urls=("https://host/a",))

    joined, left = pinned(resource, digests_from(OTHER), Locator("pypi", {}, "pypi:a"))

    assert left == ()
    assert joined == resource._replace(digests=digests_from([KNOWN, OTHER]))
