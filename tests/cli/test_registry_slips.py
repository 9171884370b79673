"""``store registry`` tells what was written by mistake."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.registry.manager import Cache

Run = Callable[..., Any]


@pytest.fixture
def stocked(cli: Run, house: Path) -> None:
    """Put two items into the registry."""
    (house / "data.tsv").write_bytes(b"a\tb\n")
    assert cli("registry", "add", "https://e.org/data.tsv", "data.tsv", "--attr", "rows=1200",
               "--attr", "source.name=survey", "--label", "raw").status == 0  # fmt: skip
    assert cli("registry", "add", "demo", "data.tsv", "--param", "year=2026").status == 0


@pytest.mark.usefixtures("stocked")
def test_what_nothing_has_is_nothing_to_sort_by(cli: Run) -> None:
    """A slip is told with what is near; attributes, parameters and fields sort."""
    for order in ("rows", "-params.year,size", "source.name", "label"):
        assert cli("registry", "list", f"--order={order}").status == 0
    wrong = cli("registry", "list", "--order", "-sise")
    assert (wrong.status, wrong.out) == (2, "")
    assert "'sise' to sort by: did you mean 'size'" in wrong.err
    assert cli("registry", "search", "rows > 1", "--order", "nope").status == 2


def test_an_empty_registry_sorts_by_anything(cli: Run) -> None:
    """What is to come may have it."""
    assert cli("registry", "list", "--order", "rows").status == 0


def test_a_file_is_moved_or_linked(cli: Run, house: Path) -> None:
    """Not both; then nothing was done."""
    (house / "a.txt").write_text("data")

    wrong = cli("registry", "add", "a", "a.txt", "--move", "--link")

    assert (wrong.status, (house / "a.txt").exists()) == (2, True)
    assert cli("registry", "add", "a", "a.txt", "--move").status == 0
    assert not (house / "a.txt").exists()


@pytest.mark.parametrize("options", [("a=1", "a.b=2"), ("a.b=2", "a=1"), ('a={"c":1}', "a.b=2")])
def test_a_value_is_no_namespace(cli: Run, house: Path, options: tuple[str, str]) -> None:
    """In whatever order, of attributes and of parameters: nothing is dropped silently."""
    (house / "a.txt").write_text("data")

    for flag in ("--attr", "--param"):
        wrong = cli("registry", "add", "a", "a.txt", flag, options[0], flag, options[1])
        assert wrong.status == 2
        assert "'a' is given as a value and as a namespace" in wrong.err


@pytest.mark.usefixtures("stocked")
def test_a_time_that_is_none_is_no_text(cli: Run) -> None:
    """A text that begins with an @ is written as JSON."""
    wrong = cli("registry", "set", "1", "--attr", "when=@2026-13-45")
    assert wrong.status == 2
    assert """JSON: "@2026-13-45\"""" in wrong.err
    done = cli(
        "registry", "set", "1", "--attr", 'who="@me"', "--attr", "when=@2026-01-31", "--json"
    )
    assert done.json["attrs"]["who"] == "@me"
    assert done.json["attrs"]["when"].startswith("2026-01-31")


@pytest.mark.usefixtures("stocked")
def test_what_is_no_json_is_text(cli: Run) -> None:
    """However many brackets it has."""
    brackets = "[" * 10_000

    done = cli("registry", "set", "1", "--attr", f"odd={brackets}", "--json")

    assert done.json["attrs"]["odd"] == brackets


def test_a_uri_of_digits_is_not_taken_for_an_id(cli: Run, house: Path) -> None:
    """Where it may be either, both are named."""
    (house / "a.txt").write_text("data")
    for uri in ("one", "1", "17"):
        assert cli("registry", "add", uri, "a.txt").status == 0

    assert cli("registry", "show", "17", "--json").json["uri"] == "17"
    assert cli("registry", "show", "2", "--json").json["uri"] == "1"
    both = cli("registry", "show", "1")
    assert both.status == 2
    version_id = both.err.partition("the uri of ")[2].partition(":")[0]
    assert cli("registry", "show", version_id, "--json").json["uri"] == "1"


@pytest.mark.usefixtures("stocked")
def test_what_is_missing_is_told_with_one_step(cli: Run) -> None:
    """Of the registry, not of a download."""
    missing = cli("registry", "get", "nothing")

    assert "store registry search" in missing.err
    assert "published" not in missing.err


@pytest.mark.usefixtures("stocked")
def test_a_member_that_is_none_is_told(cli: Run, house: Path) -> None:
    """Of an archive with a way to see them all, of another file as what it is."""
    with zipfile.ZipFile(house / "a.zip", "w") as archive:
        archive.writestr("one.txt", "data")
    assert cli("registry", "add", "packed", "a.zip").status == 0

    missing = cli("registry", "open", "packed", "--member", "two.txt")
    plain = cli("registry", "open", "demo", "--member", "one.txt")

    assert (missing.status, plain.status) == (3, 2)
    assert "'store registry open packed' prints" in missing.err
    assert "published" not in missing.err
    assert "no archive" in plain.err
    assert cli("registry", "open", "packed", "--member", "one.txt").out == "data"


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    "arguments",
    [
        ("registry", "get"),
        ("registry", "prune"),
        ("registry", "remove"),
        ("registry", "remove", "2"),
        ("registry", "list", "--limit", "x"),
        ("registry", "list", "--nope"),
        ("registry", "import", "./nope"),
        ("registry", "set", "1", "--attr", "nothing"),
        ("fetch",),
        ("cache", "prune"),
    ],
)
def test_a_usage_error_is_told_in_json_too(cli: Run, arguments: tuple[str, ...]) -> None:
    """Where `--json` is said, as any other error is."""
    done = cli(*arguments, "--json")

    assert done.status == 2
    error = done.json["error"]
    assert (error["type"], error["exit_status"]) == ("UsageError", 2)
    assert error["message"] in done.err
    assert cli(*arguments).out == ""


@pytest.mark.parametrize(
    "verb", [("list",), ("search", "n = 1"), ("get", "a"), ("stats",), ("export", "out")]
)
def test_a_path_without_a_registry_is_told(cli: Run, house: Path, verb: tuple[str, ...]) -> None:
    """Where somebody gave it, and only looks: none is made there."""
    missing = cli("registry", *verb, "--registry", "typo")

    assert missing.status == 10
    assert "no registry at typo" in missing.err
    assert not (house / "typo").exists()
    assert not (house / "out").exists()


@pytest.mark.usefixtures("stocked")
def test_old_versions_take_the_trash_along(cli: Run) -> None:
    """At once, an item's only version too: the help says so."""
    assert cli("registry", "remove", "demo", "--yes").status == 0
    told = " ".join(cli("registry", "clean", "--help").out.split())
    assert "what is in the trash or FAILED as well, even where it is all that an item has" in told

    assert cli("registry", "clean", "--yes").status == 0
    assert cli("registry", "show", "2").status == 0
    assert cli("registry", "clean", "--old-versions", "--yes").status == 0
    assert cli("registry", "show", "2").status == 3
    assert cli("registry", "get", "1").status == 0


@pytest.mark.parametrize("verb", [("list",), ("add", "a", "a.txt"), ("stats",)])
def test_files_of_a_directory_are_not_elsewhere(
    cli: Run, house: Path, verb: tuple[str, ...]
) -> None:
    """A registry in a directory has its files there: an option that would be ignored is refused."""
    (house / "a.txt").write_text("data")
    for where in ((), ("--registry", "there")):
        wrong = cli("registry", *verb, *where, "--files", "x")
        assert (wrong.status, wrong.out) == (2, "")
        assert "--files goes with --registry postgresql" in wrong.err
    assert not (house / "there").exists()


def test_an_integer_of_any_size_is_shown(cli: Run, house: Path) -> None:
    """In hexadecimal, where Python refuses to spell it."""
    with Cache(house / "huge", durability="relaxed") as cache:
        cache.create("bigint", attrs={"b": 10**5000, "c": -(10**5000), "d": 10**30}, status=3)

    (shown,) = cli("registry", "list", "--registry", str(house / "huge"), "--json").json

    assert int(shown["attrs"]["b"], 16) == 10**5000
    assert int(shown["attrs"]["c"], 16) == -(10**5000)
    assert shown["attrs"]["d"] == 10**30
    assert cli("registry", "show", "bigint", "--registry", str(house / "huge")).status == 0


def written(place: Path) -> dict[str, int]:
    """What lies in a registry's directory, and when each was written; but for what SQLite reads by."""
    return {
        str(path): path.stat().st_mtime_ns
        for path in place.rglob("*")
        if not path.name.endswith(("-wal", "-shm"))
    }


@pytest.mark.parametrize(
    "verb", [("list",), ("show", "u"), ("get", "u"), ("stats",), ("open", "u")]
)
def test_a_registry_that_may_only_be_read_is_read(
    cli: Run, house: Path, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    """Without being told so, and nothing is written."""
    place = house / "theirs"
    with Cache(place, durability="relaxed") as cache:
        cache.put("u", b"data\n", filename="a.txt")
    before = written(place)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != place and access(path, mode))
    monkeypatch.chdir(house)

    assert cli("registry", *verb, "--registry", str(place)).status == 0
    assert written(place) == before
