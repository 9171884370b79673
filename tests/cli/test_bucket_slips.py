"""What the bucket commands say to a slip: an empty argument, a wrong name, an option in vain."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.config.reading import read_settings
from store.transports.base import TransferOptions
from store.transports.objects.opening import open_objects

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sync", "bucket:work/d/", "", "--delete"), "DEST is empty: write . for the working"),
        (("sync", "", "bucket:work/d/", "--delete"), "SOURCE is empty: write . for the working"),
        (("get", "bucket:work/d/", ""), "DEST is empty: write . for the working directory"),
        (("get", "", "."), "ADDRESS is empty: write s3://bucket/key or bucket:NAME/key"),
        (("check", "", "bucket:work/d/"), "SOURCE is empty: write . for the working directory"),
        (("check", "bucket:work/d/", ""), "DEST is empty: write . for the working directory"),
        (("put", "", "bucket:work/d/"), "FILE is empty: write . for the working directory"),
        (("put", "store.toml", ""), "ADDRESS is empty: write s3://"),
        (("copy", "", "bucket:work/d/"), "SOURCE is empty: write s3://"),
        (("copy", "bucket:work/d/", ""), "DEST is empty: write s3://"),
        (("remove", "", "--yes"), "ADDRESS is empty: write s3://"),
        (("list", ""), "ADDRESS is empty: write s3://"),
        (("sync", "out", "bucket:work/d/", "--plan", ""), "--plan is empty: name a file"),
    ],
)
def test_an_empty_argument_is_named(
    cli: Run, connected: str, tree: Path, arguments: tuple[str, ...], said: str
) -> None:
    """It is never taken for the working directory, whose files would be deleted."""
    cli("bucket", "put", "out/a.csv", f"{connected}/d/")
    before = sorted(Path().rglob("*"))

    done = cli("bucket", *arguments)

    assert (done.status, said in done.err) == (2, True), done.err
    assert sorted(Path().rglob("*")) == before


def test_patterns_without_a_directory_are_refused(cli: Run, connected: str, tree: Path) -> None:
    """They would choose nothing, and the file be put all the same."""
    done = cli("bucket", "put", "out/a.csv", f"{connected}/d/", "--include", "*.txt")
    missing = cli("bucket", "put", "none.csv", f"{connected}/d/", "--exclude", "*.txt")

    assert (done.status, missing.status) == (2, 3)
    assert "choose below directories, and no FILE is one" in done.err
    assert cli("bucket", "list", f"{connected}/d/").out == ""


def test_what_never_ends_is_no_plan(cli: Run, connected: str, tree: Path) -> None:
    """It is not read until the memory is full."""
    done = cli("bucket", "sync", tree, f"{connected}/d/", "--apply", "/dev/zero")

    assert done.status == 2
    assert "/dev/zero: this is no plan of a sync that can be read (line 1)" in done.err


@pytest.mark.parametrize("command", ["sync", "check"])
def test_a_lone_file_is_put(cli: Run, connected: str, tree: Path, command: str) -> None:
    """Nobody is told to remove it."""
    done = cli("bucket", command, "out/a.csv", f"{connected}/d/")

    assert done.status == 10
    assert "a.csv is a file, and no directory: 'store bucket put'" in done.err
    assert "remove" not in done.err


@pytest.mark.parametrize("name", ["Bad_Name", "ab"])
def test_a_bucket_that_cannot_be_made_is_named(
    cli: Run, connected: str, tree: Path, house: Path, name: str
) -> None:
    """And not its connection alone; a server that fails at its name is no broken one."""
    settings = (house / "store.toml").read_text(encoding="utf-8")
    reached = settings.rpartition("[connection.bare]")[2]
    (house / "store.toml").write_text(
        f'{settings}[connection.odd]\nbucket = "{name}"{reached}', encoding="utf-8"
    )

    for address in ("bucket:odd/x/", f"bucket:bare/{name}/x/"):
        done = cli("bucket", "put", "out", address, "--create")

        assert done.status == 2
        assert f"no bucket {name!r} can be made: its server takes no such name" in done.err
        assert "lower-case letters" in done.err


def test_a_bucket_is_not_made_to_read_from_it(cli: Run, connected: str) -> None:
    """An option that does nothing is refused."""
    done = cli("bucket", "sync", "bucket:bare/fresh/x/", "in", "--create")

    assert (done.status, "--create makes the bucket that is written to" in done.err) == (2, True)


def test_a_missing_bucket_is_told_for_both_faces(cli: Run, connected: str) -> None:
    """With what makes it in Python, and on the command line."""
    done = cli("bucket", "list", "bucket:bare/no-such-bucket/")

    assert done.status == 3
    assert "create=True (--create of 'store bucket put'" in done.err


def test_a_damaged_object_is_no_question_of_pins(cli: Run, connected: str, house: Path) -> None:
    """Nobody has pinned it; what its metadata says is what it is held against."""
    options = TransferOptions.from_settings(read_settings().settings)
    with contextlib.closing(open_objects(connected, options)) as client:
        client.put("d/a", b"new", metadata={"store-sha256": "0" * 64})
    (house / "in").mkdir()
    (house / "in" / "a").write_bytes(b"old")

    for command in (("get", f"{connected}/d/a", "b"), ("sync", f"{connected}/d/", "in")):
        done = cli("bucket", *command)

        assert done.status == 4
        assert "put it anew" in done.err
        assert "pin" not in done.err


@pytest.mark.parametrize("dry", [("--dry-run",), ("--plan", "plan")])
def test_no_bucket_is_made_where_nothing_is_to_be_done(
    cli: Run, connected: str, tree: Path, dry: tuple[str, ...]
) -> None:
    """It is said what would be done."""
    done = cli("bucket", "sync", "out", "bucket:bare/never-made/x/", "--create", *dry)

    assert done.status == 3
    assert "all files would be uploaded" in done.err
    assert cli("bucket", "list", "bucket:bare/never-made/").status == 3


def test_files_that_no_pattern_matches_are_told_as_that(
    cli: Run, connected: str, tree: Path
) -> None:
    """There are some."""
    done = cli("bucket", "sync", "out", "bucket:bare/fresh/x/", "--create", "--include", "zzz*")

    assert done.status == 5
    assert "match the patterns (--include, --exclude)" in done.err
