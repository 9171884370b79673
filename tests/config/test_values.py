"""Values of settings, from text and from TOML."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.config.values import parse_bytes, parse_path, parse_seconds, parse_value


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (" memory ", "text", "memory"),
        ("Yes", "flag", True),
        ("0", "flag", False),
        (True, "flag", True),
        ("90", "seconds", 90.0),
        ("30s", "seconds", 30.0),
        ("5m", "seconds", 300.0),
        ("1.5h", "seconds", 5400.0),
        ("7d", "seconds", 604_800.0),
        ("2 W", "seconds", 1_209_600.0),
        ("None", "seconds", None),
        (None, "seconds", None),
        (2.5, "seconds", 2.5),
        ("0", "seconds", 0.0),
        ("1048576", "bytes", 1_048_576),
        ("20G", "bytes", 20 * 1024**3),
        ("50GiB", "bytes", 50 * 1024**3),
        ("4GB", "bytes", 4_000_000_000),
        ("1k", "bytes", 1024),
        ("1.5M", "bytes", 1_572_864),
        ("7B", "bytes", 7),
        ("none", "bytes", None),
        (12, "bytes", 12),
        ("4", "count", 4),
        (0, "count", 0),
        ("FULL", "choice:full|relaxed", "full"),
        ("a, b,", "list", ("a", "b")),
        (["a", "b"], "list", ("a", "b")),
    ],
)
def test_a_value_is_read_by_its_kind(text: Any, kind: str, expected: object) -> None:
    """Each kind reads its usual spellings, and what TOML gives."""
    found = parse_value(text, kind)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "text"),
        (3, "text"),
        ("perhaps", "flag"),
        (1, "flag"),
        ("soon", "seconds"),
        ("-1", "seconds"),
        ("1y", "seconds"),
        (True, "seconds"),
        (-1, "seconds"),
        (float("nan"), "seconds"),
        (float("inf"), "seconds"),
        ([], "seconds"),
        ("5X", "bytes"),
        ("1.2.3", "bytes"),
        ("٣", "bytes"),
        ("1_000", "bytes"),
        ("9" * 5000, "bytes"),
        ("-4", "count"),
        ("4.0", "count"),
        (True, "count"),
        (-1, "count"),
        ("fast", "choice:full|relaxed"),
        (1, "choice:full|relaxed"),
        ("", "path"),
        ("a\0b", "path"),
        (b"a", "path"),
        (3, "path"),
        (3, "place"),
        ([1], "list"),
        (3, "list"),
    ],
)
def test_a_value_of_another_kind_is_refused(value: Any, kind: str) -> None:
    """What cannot be read says what is wanted."""
    with pytest.raises(ValueError, match=r"^is n"):
        parse_value(value, kind)


def test_a_place_is_a_bucket_or_a_path(home: Path, work: Path) -> None:
    """An address is left as it is; whatever else is a path, and becomes a whole one."""
    assert parse_value(" s3://bucket/a/../b ", "place") == "s3://bucket/a/../b"
    assert parse_value("bucket:team/x", "place") == "bucket:team/x"
    assert parse_value("~/c", "place") == str(home / "c")
    assert parse_value("s3:/c", "place", directory="/srv") == "/srv/s3:/c"
    assert parse_value("c", "place") == str(work / "c")


def test_a_path_begins_at_home_here_or_in_its_file_s_directory(home: Path, work: Path) -> None:
    """A tilde is the home directory; a relative path counts from where it was said."""
    found = [parse_path("~/c"), parse_path("c"), parse_path(Path("../c"), "/srv/project")]

    assert found == [home / "c", work / "c", Path("/srv/c")]


@given(st.integers(min_value=0, max_value=10**15))
def test_plain_numbers_stand_for_themselves(number: int) -> None:
    """Without a unit a number is bytes and seconds."""
    assert parse_bytes(str(number)) == number
    assert parse_seconds(str(number)) == float(number)


@given(st.text())
def test_no_text_does_harm(text: str) -> None:
    """Any text is a value or refused."""
    for kind in ("flag", "seconds", "bytes", "count", "path", "list", "text"):
        with contextlib.suppress(ValueError):
            parse_value(text, kind)
