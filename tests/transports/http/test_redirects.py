"""Redirects lead only where they may, with only what may go along."""

from __future__ import annotations

import pytest

from store.transports.base import Bounds
from store.transports.http.errors import HTTPRedirectError
from store.transports.http.redirects import Hop, first_hop, headers_for, next_hop

HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "User-Agent": "store",
    "Range": "bytes=1-",
    "If-Range": '"x"',
    "Authorization": "Bearer t",
    "X-Api-Key": "k",
    "Cookie": "c",
}


def follow(address: str, *locations: str, bounds: Bounds | None = None) -> Hop:
    """Return the request after these redirects."""
    hop = first_hop(address)
    for location in locations:
        hop = next_hop(hop, location, bounds or Bounds())
    return hop


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b", "https://host/b"),
        ("b?x=1", "https://host/a/b?x=1"),
        ("//other/b", "https://other/b"),
        ("https://other:8443/b#part", "https://other:8443/b"),
        ("https://user:pw@other/b", "https://other/b"),
    ],
)
def test_a_location_is_joined(location: str, expected: str) -> None:
    """Relative and absolute locations lead where they say, without fragment, user and password."""
    assert follow("https://host/a/", location).address == expected


def test_the_first_address_keeps_its_secrets_for_its_origin() -> None:
    """User and password go to the own origin again, and to no other."""
    own = follow("https://me:pw@host/a", "/b")
    there = follow("https://me:pw@host/a", "https://other/b")
    back = follow("https://me:pw@host/a", "https://other/b", "https://host/c")

    assert own.trusted == "https://me:pw@host/b"
    assert there.trusted == "https://other/b"
    assert back.trusted == "https://me:pw@host/c"


@pytest.mark.parametrize("place", ["https://host:444/b", "https://hosts/b", "https://sub.host/b"])
def test_another_origin_gets_harmless_headers_only(place: str) -> None:
    """A custom header is a credential too, and another port is another origin."""
    kept = headers_for(follow("https://host/a", place), HEADERS)

    assert set(kept) == {"Accept", "Accept-Encoding", "User-Agent", "Range", "If-Range"}


def test_the_own_origin_gets_all_headers() -> None:
    """Nothing is taken away from a request to the same scheme, host and port."""
    assert headers_for(follow("https://host/a", "https://HOST:443/b"), HEADERS) == HEADERS


def test_a_downgrade_is_refused() -> None:
    """From https to http is not followed unless that was allowed."""
    with pytest.raises(HTTPRedirectError, match="allow_downgrade"):
        follow("https://host/a", "http://host/a")


def test_an_allowed_downgrade_loses_all_secrets() -> None:
    """Once a hop was unencrypted, no later one is trusted, back at the first origin neither."""
    bounds = Bounds(allow_downgrade=True)

    down = follow("https://me:pw@host/a", "http://host/b", bounds=bounds)
    back = follow("https://me:pw@host/a", "http://host/b", "https://host/c", bounds=bounds)

    assert (down.trusted, back.trusted) == (None, None)


@pytest.mark.parametrize("location", ["ftp://host/a", "file:///etc/passwd", "data:,x"])
def test_other_schemes_are_refused(location: str) -> None:
    """Only http and https addresses with a host are followed."""
    with pytest.raises(HTTPRedirectError, match="no http or https"):
        follow("http://host/a", location)


def test_a_circle_is_refused() -> None:
    """An address that was asked is not asked again."""
    with pytest.raises(HTTPRedirectError, match="circle"):
        follow("http://host/a", "/b", "/a")


def test_one_too_many_is_refused() -> None:
    """As many redirects are followed as the bounds say."""
    bounds = Bounds(max_redirects=2)

    assert follow("http://host/0", "/1", "/2", bounds=bounds).address == "http://host/2"
    with pytest.raises(HTTPRedirectError, match="one more than the 2"):
        follow("http://host/0", "/1", "/2", "/3", bounds=bounds)


def test_a_hop_shows_no_secret() -> None:
    """The repr of a hop holds no user and password."""
    assert "pw" not in repr(follow("https://me:pw@host/a", "/b"))
