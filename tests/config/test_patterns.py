"""Patterns of addresses."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.config.patterns import check_replacement, filled, matched, normal_pattern, subject


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://Host/**", "https://host/**"),
        ("HTTPS://host:443/a", "https://host/a"),
        ("http://host:80/a", "http://host/a"),
        ("http://host:8080/A", "http://host:8080/A"),
        ("https://host", "https://host/**"),
        ("https://host/", "https://host/**"),
        ("https://host/dir/", "https://host/dir/**"),
        ("*://*.host./**", "*://*.host/**"),
        ("https://bücher.example/**", "https://xn--bcher-kva.example/**"),
        ("file:///srv/mirror/**", "file:///srv/mirror/**"),
    ],
)
def test_a_pattern_has_one_spelling(text: str, normal: str) -> None:
    """Case, idle ports and what is left out make no difference."""
    assert normal_pattern(text) == normal
    assert normal_pattern(normal) == normal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("host/**", "no pattern"),
        ("", "no pattern"),
        ("https://host/a b", "no pattern"),
        ("https://host/\n", "no pattern"),
        ("https://host/?a=**", "query"),
        ("https://host/#**", "query or fragment"),
        ("https://user:s3cret@host/**", "user or password"),
        ("https://host/***", "across segments"),
        ("https://\udcff/", "no pattern"),
        (f"https://{'ü' * 80}/", "no name"),
    ],
)
def test_what_is_no_pattern_is_refused(text: str, words: str) -> None:
    """The message tells how to write one, and no secret."""
    with pytest.raises(ValueError, match=words) as raised:
        normal_pattern(text)

    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("https://Host:443/a?token=x#y", "https://host/a"),
        ("https://user:secret@host", "https://host/"),
        ("https://host./a//b/", "https://host/a//b/"),
        ("https://host/a/../b/./c", "https://host/b/c"),
        ("https://host/a/%2e%2E/b", "https://host/b"),
        ("https://host/../../b/..", "https://host/"),
        ("https://host/%7euser/%2f%c3", "https://host/~user/%2F%C3"),
        ("https://host\\@other/a", "https://other/a"),
        ("https://host/a\\..\\b", "https://host/b"),
        ("https://BÜCHER.example/a", "https://xn--bcher-kva.example/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("file:///srv/a", "file:///srv/a"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("https://host:port/a", None),
        (f"https://{'ü' * 80}/", None),
        ("./a/b", None),
    ],
)
def test_a_place_has_one_spelling(address: str, text: str | None) -> None:
    """Neither dots nor escapes lead past a rule, and nothing secret is looked at."""
    assert subject(address) == text


@pytest.mark.parametrize(
    ("pattern", "address", "found"),
    [
        ("https://host/**", "https://host/", ("",)),
        ("https://host/**", "https://host/a/b.c", ("a/b.c",)),
        ("https://host/**", "https://host.evil/a", None),
        ("https://host/**", "https://evilhost/a", None),
        ("https://host/**", "http://host/a", None),
        ("https://host/**", "https://host:8443/a", None),
        ("https://host/*", "https://host/a", ("a",)),
        ("https://host/*", "https://host/a/b", None),
        ("https://*.host/**", "https://a.b.host/c", ("a.b", "c")),
        ("https://*.host/**", "https://evil/x.host/c", None),
        ("https://host/*/v*/**", "https://host/x/v1/y/z", ("x", "1", "y/z")),
        ("https://host/a.c", "https://host/abc", None),
    ],
)
def test_wildcards_stand_for_what_they_match(
    pattern: str, address: str, found: tuple[str, ...] | None
) -> None:
    """``*`` stays within a segment, ``**`` does not, and all else is literal."""
    assert matched(pattern, str(subject(address))) == found


@pytest.mark.parametrize(
    ("match", "replace", "address", "becomes"),
    [
        (
            "https://host/**",
            "https://mirror/host/**",
            "https://host/a/b",
            "https://mirror/host/a/b",
        ),
        ("https://host/**", "https://mirror/host/", "https://host/a/b", "https://mirror/host/a/b"),
        ("https://host/**", "https://mirror/host", "https://host/a/b", "https://mirror/host/a/b"),
        ("https://host", "https://mirror", "https://host/a", "https://mirror/a"),
        ("https://host/a.gz", "https://mirror/b.gz", "https://host/a.gz", "https://mirror/b.gz"),
        ("https://host/a.gz", "https://mirror", "https://host/a.gz", "https://mirror/"),
        ("https://*.host/**", "https://mirror/*/**", "https://x.host/a", "https://mirror/x/a"),
        ("https://*.host/**", "https://mirror/**", "https://x.host/a", "https://mirror/a"),
        ("https://h/*/**", "https://m/**/of/*", "https://h/x/y/z", "https://m/y/z/of/x"),
        ("https://h/*/*", "https://m/*-*", "https://h/x/y", "https://m/x-y"),
        ("https://host/**", "file:///srv/**", "https://host/../a", "file:///srv/a"),
    ],
)
def test_what_was_matched_is_carried_over(
    match: str, replace: str, address: str, becomes: str
) -> None:
    """The n-th wildcard of a kind takes what the n-th one matched."""
    pattern = normal_pattern(match)
    found = matched(pattern, str(subject(address)))

    assert found is not None
    assert filled(check_replacement(pattern, replace), pattern, found) == becomes


@pytest.mark.parametrize(
    ("match", "replace", "whole", "words"),
    [
        ("https://host/*", "https://mirror/*/*", False, "more '\\*'"),
        ("https://host/*", "https://mirror/**", False, "more '\\*\\*'"),
        ("https://host/**/*", "https://mirror/*", False, "leaves out what '\\*\\*'"),
        ("https://*/**", "https://mirror/**", True, "leaves out what '\\*'"),
        ("https://host/**", "mirror/**", False, "no pattern"),
        ("https://host/**", "https://u:s3cret@mirror/**", False, "user or password"),
    ],
)
def test_a_replacement_that_cannot_be_is_refused(
    *, match: str, replace: str, whole: bool, words: str
) -> None:
    """Two resources never become one address, and nothing is left open."""
    with pytest.raises(ValueError, match=words) as raised:
        check_replacement(match, replace, whole=whole)

    assert "s3cret" not in str(raised.value)


SEGMENT = st.text("abc.~-_%", max_size=6).filter(lambda text: not re.search("%", text))


@given(st.lists(SEGMENT, max_size=6))
def test_what_is_below_a_directory_stays_below_its_mirror(segments: list[str]) -> None:
    """However an address climbs, what it becomes lies in the mirror's directory."""
    text = str(subject("https://host/dir/" + "/".join([*segments, ".."])))
    found = matched("https://host/**", text)

    assert found is not None
    becomes = filled("https://mirror/public/**", "https://host/**", found)
    assert becomes.startswith("https://mirror/public/")
    assert not {".", ".."} & set(becomes.split("/"))


@given(st.lists(SEGMENT, max_size=6))
def test_a_spelling_is_not_spelled_anew(segments: list[str]) -> None:
    """The one spelling of a place is its own."""
    text = subject("https://host/" + "/".join(segments))

    assert text is not None
    assert subject(text) == text
