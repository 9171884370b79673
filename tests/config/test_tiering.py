"""Shared tiers, as files, variables and flags spell them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store.config.reading import read_settings
from store.config.tier import Tier
from store.errors import ConfigurationError


def read(directory: Path, text: str = "", **environment: str) -> tuple[Tier, ...]:
    """Return the tiers that a project's file and variables name."""
    if text:
        (directory / "store.toml").write_text(text, encoding="utf-8")
    variables = {"STORE_CONFIG_FILE": str(directory / "none.toml"), **environment}
    return read_settings(environment=variables, directory=directory).settings.shared


def test_there_is_none_unless_somebody_says_so(tmp_path: Path) -> None:
    """No tier is asked by default."""
    assert read(tmp_path) == ()


def test_tables_name_tiers_in_their_order(tmp_path: Path) -> None:
    """A path begins at the file's directory; addresses lose a slash at the end."""
    text = (
        '[[shared]]\naddress = "team"\nwrite = false\n'
        '[[shared]]\naddress = "HTTPS://cache.example.org/x/"\ntimeout = "2s"\n'
        '[[shared]]\naddress = "s3://bucket/prefix/"\n'
    )

    assert read(tmp_path, text) == (
        Tier(str(tmp_path / "team"), write=False),
        Tier("https://cache.example.org/x", timeout=2.0),
        Tier("s3://bucket/prefix"),
    )


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("/srv/team", Tier("/srv/team")),
        ("file:///srv/a%20team", Tier("/srv/a team")),
        ("/srv/team|read-only", Tier("/srv/team", write=False)),
        ("http://127.0.0.1:8080", Tier("http://127.0.0.1:8080")),
        ("bucket:ours/cache", Tier("bucket:ours/cache")),
        ("gs://b", Tier("gs://b")),
    ],
)
def test_a_variable_names_tiers(tmp_path: Path, text: str, tier: Tier) -> None:
    """One, or several with commas between."""
    assert read(tmp_path, STORE_SHARED=text) == (tier,)
    assert read(tmp_path, STORE_SHARED=f"{text}, https://other.example.org") == (
        tier,
        Tier("https://other.example.org"),
    )


def test_a_variable_wins_over_a_file_and_can_say_none(tmp_path: Path) -> None:
    """As for other settings."""
    assert read(tmp_path, '[[shared]]\naddress = "/srv"\n', STORE_SHARED="none") == ()


def test_a_tier_is_spelled_as_a_variable_has_it() -> None:
    """So that it can be shown."""
    assert str(Tier("/srv", write=False)) == "/srv|read-only"
    assert str(Tier("/srv")) == "/srv"


def test_flags_name_tiers(tmp_path: Path) -> None:
    """As texts, or as values."""
    flags: dict[str, Any] = {"shared": ("/a|read-only", Tier("/b"))}

    settings = read_settings(flags, environment={}, directory=tmp_path).settings

    assert settings.shared == (Tier("/a", write=False), Tier("/b"))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[[shared]]\nadress = "/srv"\n', 2, "did you mean 'address'"),
        ("[[shared]]\nwrite = true\n", 1, "needs 'address'"),
        ('\n[[shared]]\naddress = "/srv"\nwrite = "perhaps"\n', 4, "is no flag"),
        ('[[shared]]\naddress = "/srv"\ntimeout = "soon"\n', 3, "is no duration"),
        ('[[shared]]\naddress = "/srv"\ntimeout = 0\n', 3, "more than 0"),
        ('[[shared]]\naddress = "/srv"\ntimeout = "none"\n', 3, "more than 0"),
        ('[[shared]]\naddress = "ftp://host/x"\n', 2, "has the scheme 'ftp'"),
        ('[[shared]]\naddress = "https://user:hidden@host"\n', 2, "holds a user or password"),
        ('[[shared]]\naddress = "https://host/?token=hidden"\n', 2, "has a query"),
        ('[[shared]]\naddress = "https:///x"\n', 2, "names no host"),
        ('[[shared]]\naddress = "s3:///x"\n', 2, "names no bucket"),
        ('[[shared]]\naddress = "https://[x"\n', 2, "cannot be parsed"),
        ('[[shared]]\naddress = "file://host/x"\n', 2, "no directory of this machine"),
        ("[[shared]]\naddress = 3\n", 2, "is no address"),
        ('[[shared]]\naddress = "a\\u0000b"\n', 2, "is no path"),
        ("shared = 3\n", 1, "is no array of tables"),
        ("shared = [3]\n", 1, "is no table"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    """And no secret of it is shown."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        read(tmp_path, text)

    assert (caught.value.path, caught.value.line) == (str(tmp_path / "store.toml"), line)
    assert "hidden" not in str(caught.value)


def test_a_list_of_texts_will_do_in_a_file(tmp_path: Path) -> None:
    """As in a variable."""
    assert read(tmp_path, 'shared = ["/a", "/b|read-only"]\n') == (Tier("/a"), Tier("/b", False))
    assert read(tmp_path, 'shared = "/a, /b"\n') == (Tier("/a"), Tier("/b"))
