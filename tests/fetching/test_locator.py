"""The one-line spelling of a query."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import DigestError, LocatorError, StoreError, UnknownNameError
from store.fetching import locator as locator_module
from store.fetching.locator import from_query, parse_locator
from store.integrity.digest import Digest

SHA = "ab" * 32
PIN = Digest("sha256", SHA)


@pytest.mark.parametrize(
    "pinned", [f"#sha256={SHA}", f"#sha256:{SHA}", f"#{PIN.sri}", f"#SHA256={SHA.upper()}"]
)
def test_a_url_may_pin_its_content_in_any_usual_spelling(pinned: str) -> None:
    """The digest is split off; what is left is the address."""
    locator = parse_locator(f"https://host/a.tar.gz?x=1{pinned}")

    assert locator.driver == "http"
    assert locator.query == {"url": "https://host/a.tar.gz?x=1"}
    assert locator.digests == (PIN,)


def test_several_digests_are_joined_by_an_ampersand() -> None:
    """All of them are pinned."""
    locator = parse_locator(f"http://host/a#sha256={SHA}&sha512={'0' * 128}")

    assert [digest.algorithm for digest in locator.digests] == ["sha512", "sha256"]


def test_what_is_shown_of_a_url_has_no_secret() -> None:
    """User, password and query stay out of the text."""
    locator = parse_locator("https://me:secret@host/a?token=secret")

    assert locator.text == "https://host/a"
    assert "secret" not in repr(locator)


@pytest.mark.parametrize("text", ["./a", "/a/b", "../a", "~/a", "a", "dir/a.txt", "./pypi:six"])
def test_what_looks_like_a_path_is_one(text: str) -> None:
    """Paths and plain names are asked of the file driver."""
    locator = parse_locator(text)

    assert (locator.driver, locator.query) == ("file", {"path": text})


def test_a_path_may_hold_a_hash_and_pin_a_digest() -> None:
    """Only what is a digest is split off."""
    assert parse_locator("./a#b").query == {"path": "./a#b"}
    pinned = parse_locator(f"./a#b#sha256={SHA}")
    assert (pinned.query, pinned.digests) == ({"path": "./a#b"}, (PIN,))


def test_a_file_url_is_asked_of_the_file_driver() -> None:
    """The driver reads the address."""
    locator = parse_locator(f"file:///a/b#sha256={SHA}")

    assert (locator.driver, locator.query, locator.digests) == (
        "file",
        {"path": "file:///a/b"},
        (PIN,),
    )


def test_a_driver_reads_its_own_spelling() -> None:
    """What follows pypi: is the package index's business."""
    locator = parse_locator(f"pypi:six==1.17.0#sha256={SHA}")

    assert locator.driver == "pypi"
    assert locator.query["name"] == "six"
    assert locator.digests == (PIN,)


def test_a_driver_without_a_spelling_takes_pairs() -> None:
    """Keys and values are decoded."""
    locator = parse_locator("http-simple-store:url=http%3A%2F%2Fhost%2Fa&sha=" + "0" * 40)

    assert locator.query == {"url": "http://host/a", "sha": "0" * 40}


def test_the_http_driver_takes_pairs_too() -> None:
    """So that size and name can be said on the command line; nothing else begins so."""
    locator = parse_locator(f"http:url=https://me:secret@host/a&size=3#sha256={SHA}")

    assert (locator.driver, locator.digests) == ("http", (PIN,))
    assert locator.query == {"url": "https://me:secret@host/a", "size": "3"}
    assert locator.text == "http:url=https://host/a&size=3"


def test_a_drivers_own_spelling_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address in it is cut to what may be shown."""
    monkeypatch.setattr(locator_module, "find", lambda *_: lambda text: {"url": text})

    locator = parse_locator("git:https://me:secret@host/a?token=secret")

    assert locator.text == "git:https://host/a"
    assert locator.query == {"url": "https://me:secret@host/a?token=secret"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a\0b",
        " ./a",
        "http-simple-store:novalue",
        "http-simple-store:url=1&url=2",
        "https://h/a#part",
    ],
)
def test_a_malformed_locator_is_refused(text: str) -> None:
    """The error names what cannot be read."""
    with pytest.raises(LocatorError):
        parse_locator(text)


def test_an_unknown_driver_is_told_with_the_known_ones() -> None:
    """The error lists what there is."""
    with pytest.raises(UnknownNameError, match="nosuch") as caught:
        parse_locator("nosuch:thing")
    assert "pypi" in caught.value.known


def test_a_file_whose_name_looks_like_a_locator_is_pointed_at() -> None:
    """The next step is a ./ before it."""
    Path("nosuch:thing").write_bytes(b"")

    with pytest.raises(UnknownNameError, match=r"\./nosuch:thing"):
        parse_locator("nosuch:thing")


def test_pairs_show_no_secret() -> None:
    """An address among them is cut to what may be shown."""
    locator = parse_locator(
        "http-simple-store:url=https%3A%2F%2Fu%3Asecret%40host%2Fa%3Ftoken%3Dsecret"
    )

    assert locator.text == "http-simple-store:url=https://host/a"


def test_a_damaged_digest_is_refused() -> None:
    """Too few digits are told."""
    with pytest.raises(DigestError, match="64"):
        parse_locator("https://host/a#sha256=abc")


def test_a_query_names_its_driver() -> None:
    """The rest of the mapping is the driver's query."""
    locator = from_query({"driver": "http", "url": "https://u:secret@host/a", "size": 3})

    assert (locator.driver, locator.query["size"]) == ("http", 3)
    assert "secret" not in locator.text


@pytest.mark.parametrize("query", [{}, {"driver": ""}, {"driver": 3}, {"name": "six"}])
def test_a_query_without_a_driver_is_refused(query: dict[str, object]) -> None:
    """The error shows how it is written."""
    with pytest.raises(LocatorError, match="driver"):
        from_query(query)


@given(st.text(max_size=60))
def test_any_text_is_a_locator_or_a_typed_error(text: str) -> None:
    """Nothing but our own errors comes out."""
    with contextlib.suppress(StoreError):
        assert parse_locator(text).driver
