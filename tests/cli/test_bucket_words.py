"""What the bucket commands say, and what goes through stdin and stdout."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

ODD = "tab\there"


@pytest.fixture
def work(connected: str, house: Path) -> str:
    """Lay files beside the settings; return the bucket's address."""
    (house / "out").mkdir()
    (house / "out" / ODD).write_bytes(b"odd\n")
    (house / "out" / "plain").write_bytes(b"plain\n")
    return "bucket:work"


def typed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let stdin give some bytes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_stdin_goes_up_and_comes_down_to_stdout(
    cli: Run, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is, verified, and nothing else is printed."""
    typed(monkeypatch, b"typed\r\n")
    put = cli("bucket", "put", "-", f"{work}/deep/typed")
    got = cli("bucket", "get", f"{work}/deep/typed", "-")

    assert (put.status, put.out.rpartition("/deep/")[2]) == (0, "typed\n")
    assert (got.status, got.out.encode(), got.err) == (0, b"typed\r\n", "")


def test_what_is_not_pinned_is_not_printed(
    cli: Run, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a byte of it."""
    typed(monkeypatch, b"typed")
    cli("bucket", "put", "-", "bucket:bare/fresh/typed", "--create")

    got = cli("bucket", "get", "bucket:bare/fresh/typed", "-", "--digest", f"sha256:{'0' * 64}")

    assert (got.status, got.out) == (4, "")


@pytest.mark.parametrize(
    "wrong",
    [
        ("put", "-", "out/plain", "bucket:work/x/"),
        ("put", "-", "bucket:work/x/"),
        ("put", "-", "bucket:work/x", "--dry-run"),
        ("get", "bucket:work/", "-"),
        ("get", "bucket:work/x", "-", "--json"),
    ],
)
def test_a_stream_is_one_object(cli: Run, work: str, wrong: tuple[str, ...]) -> None:
    """What cannot be meant is a matter of usage."""
    assert cli("bucket", *wrong).status == 2


@pytest.mark.parametrize(
    "missing",
    [
        ("put", "nothing", "bucket:work/x"),
        ("sync", "nothing", "bucket:work/x"),
        ("check", "nothing", "bucket:work/x"),
        ("check", "bucket:work/x", "nothing"),
    ],
)
def test_a_missing_path_here_is_not_found(cli: Run, work: str, missing: tuple[str, ...]) -> None:
    """Status 3, as of what is missing anywhere else."""
    done = cli("bucket", *missing)

    assert done.status == 3
    assert "nothing is not there: is the path right?" in done.err


def test_a_missing_bucket_says_how_it_is_made(cli: Run, work: str) -> None:
    """With the option that makes it."""
    done = cli("bucket", "put", "out", "bucket:bare/no-such-bucket/")

    assert done.status == 3
    assert "--create" in done.err


def test_offline_is_told_with_what_helps(cli: Run, work: str) -> None:
    """There is nothing that could be fetched once."""
    done = cli("bucket", "list", work, "--offline")

    assert done.status == 6
    assert "go without --offline" in done.err


def test_what_is_too_large_does_not_go_up(cli: Run, work: str) -> None:
    """Nothing of it."""
    done = cli("bucket", "put", "out/plain", f"{work}/x", "--max-size", "3")

    assert done.status == 5
    assert cli("bucket", "list", work).out == ""


def test_control_characters_are_spelled_out(cli: Run, work: str, house: Path) -> None:
    """In steps, checks and listings; a tab would be taken for the end of a cell."""
    synced = cli("bucket", "sync", "out", f"{work}/d")
    checked = cli("bucket", "check", "out", f"{work}/d")
    listed = cli("bucket", "list", f"{work}/d/")

    assert synced.out == "+ d/plain (6 bytes)\n+ d/tab\\there (4 bytes)\n"
    assert checked.out == "= plain\n= tab\\there\n"
    assert [one.split("\t")[0] for one in listed.out.splitlines()] == ["d/plain", "d/tab\\there"]


def test_a_key_that_lies_elsewhere_is_told(cli: Run, work: str, house: Path) -> None:
    """Its file has another name, which is said."""
    cli("bucket", "put", "out", f"{work}/d/")

    got = cli("bucket", "get", f"{work}/d/", "in")

    assert sorted(path.name for path in (house / "in").iterdir()) == ["%%tab%09here", "plain"]
    assert r"'tab\there' is no safe name here: it lies at '%%tab%09here'" in got.err
    assert "safe name" not in cli("bucket", "get", f"{work}/d/", "other", "--quiet").err


def test_a_person_sees_entity_tags(cli: Run, work: str, terminal: Run) -> None:
    """In a column of their own."""
    cli("bucket", "put", "out/plain", f"{work}/d/")
    terminal()

    head, row = cli("bucket", "list", f"{work}/d/").out.splitlines()

    assert head.replace("\x1b[0m", "").split()[-1] == "etag"
    assert len(row.split()[-1]) == 32
