"""Headers are read, and not trusted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.transports.http.headers import (
    content_length,
    content_range,
    encoded,
    framed_length,
    retry_after,
    suggested_name,
)

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("values", "expected"), [([], None), (["5"], 5), (["5", "5"], 5), (["5, 05"], 5), ([" 0 "], 0)]
)
def test_lengths_that_agree_are_one(values: list[str], expected: int | None) -> None:
    """Several headers, or a list in one, count as one where they say the same."""
    assert content_length(values) == expected


@pytest.mark.parametrize(
    "values", [["5", "6"], ["5,6"], ["-1"], ["+1"], ["five"], [""], ["1_0"], ["٣"], ["9" * 30]]
)
def test_lengths_that_say_nothing_are_refused(values: list[str]) -> None:
    """What disagrees, or is no plain number, is an error."""
    with pytest.raises(ValueError, match="length"):
        content_length(values)


@given(st.lists(st.text(max_size=12), max_size=3))
def test_a_length_is_a_number_or_an_error(values: list[str]) -> None:
    """Whatever a server says, a length is None, a number from 0, or a ValueError."""
    try:
        length = content_length(values)
    except ValueError:
        return
    assert length is None or length >= 0


@pytest.mark.parametrize(("transfer", "expected"), [(None, 5), ("", 5)])
def test_a_plain_framing_has_its_length(transfer: str | None, expected: int) -> None:
    """Without a transfer encoding the length counts."""
    assert framed_length(["5"], transfer) == expected


def test_chunks_have_no_length() -> None:
    """Chunks tell their end themselves."""
    assert framed_length([], "Chunked") is None


@pytest.mark.parametrize(("lengths", "transfer"), [(["5"], "chunked"), ([], "gzip, chunked")])
def test_framings_that_are_not_understood_are_refused(lengths: list[str], transfer: str) -> None:
    """A length beside chunks, and encoded transfers, are errors."""
    with pytest.raises(ValueError, match=r"transfer|length"):
        framed_length(lengths, transfer)


def test_the_range_that_was_asked_for_is_taken() -> None:
    """From the byte that was asked for to the end, of the length that is announced."""
    assert content_range("bytes 3-9/10", 3, 7) == 10


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "bytes 0-9/10",
        "bytes 3-8/10",
        "bytes 3-9/*",
        "bytes */10",
        "items 3-9/10",
        "bytes 3-9/11",
    ],
)
def test_another_range_is_refused(value: str | None) -> None:
    """Anything but what was asked for is an error."""
    with pytest.raises(ValueError, match=r"."):
        content_range(value, 3)


def test_a_range_and_a_length_that_disagree_are_refused() -> None:
    """A part is as long as its range says."""
    with pytest.raises(ValueError, match="6 bytes"):
        content_range("bytes 3-9/10", 3, 6)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10.0),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0.0),
        (None, None),
        ("soon", None),
        ("-3", None),
        ("Tue, 99 Nov 2023 22:13:30 GMT", None),
    ],
)
def test_a_wait_is_seconds_or_a_date(value: str | None, expected: float | None) -> None:
    """Both spellings give seconds from now, never below 0; others say nothing."""
    assert retry_after(value, NOW) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("inline", None),
        ('attachment; filename="a.whl"', "a.whl"),
        ("attachment; filename*=UTF-8''n%C3%A4me.txt", "näme.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="/etc/shadow"', "shadow"),
        ('attachment; filename=".."', None),
        ("attachment; filename*=nonsense''%FF", "ÿ"),
        ('attachment; filename="a\r\n b"', "a b"),
        ("attachment; filename*=UTF-8''x; filename*0*=UTF-8''y", None),
    ],
)
def test_a_suggested_name_is_a_harmless_label(value: str | None, expected: str | None) -> None:
    """Directories and control characters are gone from what a server suggests."""
    found = suggested_name(value)

    assert found is None or "/" not in found
    if expected != "ÿ":
        assert found == expected


@given(st.text())
def test_any_disposition_is_survived(value: str) -> None:
    """No header of a server raises."""
    found = suggested_name(value)

    assert found is None or ("/" not in found and found not in {".", ".."})


@pytest.mark.parametrize(
    ("coding", "path", "expected"),
    [
        (None, "/a", False),
        ("identity", "/a", False),
        ("gzip", "/a.whl", True),
        ("gzip", "/a.tar.gz", False),
        ("x-gzip", "/a.TGZ", False),
        ("br", "/a.tar.gz", True),
        ("unheard-of", "/a.gz", True),
        ("gzip, gzip", "/a.gz", True),
    ],
)
def test_encoded_bytes_are_not_the_resource(
    coding: str | None, path: str, *, expected: bool
) -> None:
    """Except where the path itself names the encoded file."""
    assert encoded(coding, path) is expected
