"""Only the plainest locators go the short way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.fetching.locator import Listed, parse_locator
from store.fetching.pinned import Pinned, read_pinned, result_of
from store.files.names import safe_name
from store.integrity.digest import Digest
from store.testing.strategies import locators
from store.transports.attempts import Attempt

HEX = "ab" * 32
PIN = f"#sha256={HEX}"
DIGEST = Digest("sha256", HEX)


def test_a_plain_locator_is_read() -> None:
    """Address, origin, name, and what the content must be."""
    assert read_pinned(f"https://host.example:8443/a/b%20c/six-1.0.whl{PIN}") == Pinned(
        "https://host.example:8443/a/b%20c/six-1.0.whl",
        "https://host.example:8443",
        "six-1.0.whl",
        DIGEST,
        f"sha256:{HEX}",
    )


@pytest.mark.parametrize("sign", ["=", ":"])
def test_a_pin_is_spelled_in_two_ways(sign: str) -> None:
    """Both are the same."""
    found = read_pinned(f"http://host/a#sha256{sign}{HEX}")

    assert found is not None
    assert found.digest == DIGEST


def test_a_line_of_a_list_is_read_too() -> None:
    """Where it pins one digest."""
    listed = Listed("http://host/a", (str(DIGEST),))

    assert read_pinned(listed) == read_pinned(f"http://host/a{PIN}")
    assert read_pinned(listed._replace(digests=())) is None


@pytest.mark.parametrize(
    "locator",
    [
        "http://host/a",
        f"http://host/{PIN}",
        f"http://host/a/{PIN}",
        f"http://host{PIN}",
        f"http://host/a?b{PIN}",
        f"http://me:secret@host/a{PIN}",
        f"http://HOST/a{PIN}",
        f"HTTP://host/a{PIN}",
        f"http://[::1]/a{PIN}",
        f"http://host:123456/a{PIN}",
        f"ftp://host/a{PIN}",
        f"file:///a{PIN}",
        f"/a{PIN}",
        f"pypi:six{PIN}",
        f"http://host/a!b/c{PIN}",
        f"http://host/.hidden{PIN}",
        f"http://host/-rf{PIN}",
        f"http://host/a b{PIN}",
        f"http://host/a%20b{PIN}",
        f"http://host/é{PIN}",
        f"http://host/{'x' * 201}{PIN}",
        f"http://host//a{PIN}",
        f"http://host/a{PIN}&sha512={'0' * 128}",
        f"http://host/a{PIN.upper()}",
        f"http://host/a#sha256={HEX.upper()}",
        f"http://host/a#sha256={HEX[:-1]}",
        f"http://host/a#md5={HEX[:32]}",
        f"http://host/a{PIN}\n",
        f" http://host/a{PIN}",
        f"http://host/a\0{PIN}",
        "",
        b"http://host/a",
        Path("/a"),
        {"driver": "http"},
        None,
        5,
    ],
)
def test_any_other_goes_the_usual_way(locator: object) -> None:
    """Which reads it, or says what is wrong with it."""
    assert read_pinned(locator) is None


def test_a_text_of_another_class_goes_the_usual_way() -> None:
    """It may mean something else."""

    class Text(str):
        """A text of a stranger."""

        __slots__ = ()

    assert read_pinned(Text(f"http://host/a{PIN}")) is None


@settings(max_examples=50)
@given(
    st.one_of(locators(), st.text(), st.from_regex(r"https?://[a-z.]+/[!-~]{0,20}", fullmatch=True))
)
def test_what_is_read_here_is_read_alike_in_the_usual_way(locator: str) -> None:
    """Driver, address, digest and name."""
    found = read_pinned(locator) or read_pinned(locator + PIN)
    if found is None:
        return
    usual = parse_locator(found.address + f"#{found.digest}")

    assert (usual.driver, usual.query) == ("http", {"url": found.address})
    assert usual.digests == (found.digest,)
    assert usual.text == found.address
    assert safe_name(found.name) == found.name
    assert found.address.startswith(f"{found.origin}/")


@pytest.mark.parametrize("attempts", [(), (Attempt("http://host/a", None, 4, 0.1),)])
def test_a_result_says_what_was_verified(attempts: tuple[Attempt, ...]) -> None:
    """And whether anything was moved for it."""
    pinned = read_pinned(f"http://host/a{PIN}")
    assert pinned is not None

    result = result_of(pinned, "/cache/a", 4, attempts)

    assert (result.locator, result.driver, result.uid) == ("http://host/a", "http", str(DIGEST))
    assert (result.path, result.size, result.digests) == (Path("/cache/a"), 4, (str(DIGEST),))
    assert result.verified
    assert result.cached is not bool(attempts)
    assert result.attempts == attempts
