"""``store registry get`` hands out files that are there, and READY."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.registry.manager import Cache

Run = Callable[..., Any]

AWAY = [
    (("remove", "demo", "--yes"), "TRASH"),
    (("remove", "demo", "--disk", "--yes"), "DELETED"),
    (("set", "demo", "--status", "failed"), "FAILED"),
]
"""What takes an item away, and what it then is."""


@pytest.fixture
def stocked(cli: Run, house: Path) -> Path:
    """Put a file into the registry, and return its path there."""
    (house / "data.tsv").write_bytes(b"a\tb\n")
    return Path(cli("registry", "add", "demo", "data.tsv").out.strip())


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(("command", "status"), AWAY)
def test_what_is_not_ready_is_not_handed_out(
    cli: Run, house: Path, command: tuple[str, ...], status: str
) -> None:
    """Neither as a path nor as a copy; the status is named."""
    assert cli("registry", *command).status == 0

    for options in ((), ("-o", "copy.tsv"), ("--json",)):
        done = cli("registry", "get", "demo", *options)
        assert done.status == 3
        assert f"is {status}, and only READY" in done.err
    assert not (house / "copy.tsv").exists()


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(("command", "status"), AWAY)
def test_an_older_version_takes_its_place(
    cli: Run, stocked: Path, house: Path, command: tuple[str, ...], status: str
) -> None:
    """Where a URI is given; who names the version that is gone is told."""
    (house / "data.tsv").write_bytes(b"c\td\n")
    cli("registry", "add", "demo", "data.tsv")
    version_id = Path(cli("registry", "get", "2").out.strip()).stem
    assert cli("registry", *command).status == 0

    assert cli("registry", "get", "demo").out.strip() == str(stocked)
    for named in ("2", version_id):
        done = cli("registry", "get", named)
        assert (done.status, done.out) == (3, "")
        assert status in done.err


def test_a_file_that_somebody_removed_is_told(cli: Run, stocked: Path) -> None:
    """No path is printed that leads nowhere."""
    stocked.unlink()

    done = cli("registry", "get", "demo")

    assert (done.status, done.out) == (3, "")
    assert "has lost its file" in done.err


@pytest.mark.usefixtures("stocked")
def test_a_copy_is_placed_as_fetch_places_it(cli: Run, house: Path) -> None:
    """Its path is absolute, its directory is made."""
    placed = cli("registry", "get", "demo", "-o", "./new/copy.tsv")

    assert placed.out == f"{house}/new/copy.tsv\n"
    assert (house / "new" / "copy.tsv").read_bytes() == b"a\tb\n"
    assert cli("fetch", "data.tsv", "-o", "./fresh/x").out == f"{house}/fresh/x\n"


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("output", ["-", "", "new/"])
def test_a_copy_is_a_file(cli: Run, house: Path, output: str) -> None:
    """Neither stdout nor a directory: the same words are refused by fetch."""
    for command in (("registry", "get", "demo"), ("fetch", "data.tsv")):
        done = cli(*command, "-o", output)
        assert (done.status, done.out) == (2, "")
        assert "-o names a file" in done.err
    assert not (house / "new").exists()


def test_metadata_alone_has_no_path(cli: Run, house: Path) -> None:
    """It is READY, and there is nothing to hand out."""
    with Cache(house / "there") as cache:
        cache.create("noted", attrs={"rows": 5}, status="ready")

    done = cli("registry", "get", "noted", "--registry", "there")

    assert (done.status, done.out) == (3, "")
    assert "has no file, being metadata alone" in done.err
