"""What the killed left in a directory of the user's is removed, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.files import sweeping
from store.files.names import PART_PREFIX
from store.files.sweeping import Sweeper
from store.files.unfinished import partial_name, will_be_finished


def of(process: int) -> str:
    """Return a name that another process of this machine would have made."""
    return partial_name().replace(f"-{os.getpid()}-", f"-{process}-")


@pytest.fixture
def dead() -> str:
    """Return a name whose maker has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return of(child.pid)


def test_files_and_directories_of_the_dead_go(tmp_path: Path, dead: str) -> None:
    """A link among them goes too, not what it leads to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    directory = tmp_path / "chosen"
    (directory / f"{dead}1" / "below").mkdir(parents=True)
    (directory / f"{dead}1" / "below" / "file").write_bytes(b"half")
    (directory / dead).write_bytes(b"half")
    (directory / f"{dead}2").symlink_to(outside)

    Sweeper().sweep(str(directory))

    assert list(directory.iterdir()) == []
    assert (outside / "file").exists()


@pytest.mark.parametrize(
    "name",
    [
        lambda _: partial_name(),
        lambda _: of(1),
        lambda dead: dead.removeprefix("."),
        lambda dead: f"my{dead}",
        lambda dead: dead.replace(".store-", ".store-0"),
        lambda dead: dead.rpartition("-")[0],
        lambda _: ".store-4194305-0123456789abcdef",
        lambda _: ".store-",
        lambda _: "report.txt",
        lambda dead: f"{dead}.txt",
        lambda dead: f"{dead[:-16]}notes",
    ],
    ids=range(11),
)
def test_nothing_else_is_touched(name: Callable[[str], str], tmp_path: Path, dead: str) -> None:
    """The living's, other machines', older versions' and the user's own files stay."""
    (tmp_path / name(dead)).write_bytes(b"kept")

    Sweeper().sweep(str(tmp_path))

    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"kept"]


@given(st.text(st.characters(exclude_characters="/\0"), max_size=40))
def test_no_name_of_the_users_looks_abandoned(text: str) -> None:
    """Whatever follows our prefix: only a whole name of ours is one."""
    assert will_be_finished(text)
    assert will_be_finished(f".store-{text}")


def test_each_directory_is_swept_once(
    tmp_path: Path, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that to place thousands of files does not look at thousands of names each time."""
    monkeypatch.setattr(sweeping, "_KEPT", 1)
    sweeper = Sweeper()
    sweeper.sweep(str(tmp_path))
    (tmp_path / dead).touch()

    sweeper.sweep(str(tmp_path))
    assert (tmp_path / dead).exists()

    sweeper.sweep(str(tmp_path / "missing"))
    sweeper.sweep(str(tmp_path))
    assert not (tmp_path / dead).exists()


def test_a_large_directory_is_not_looked_through(
    tmp_path: Path, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would cost more than it is worth."""
    monkeypatch.setattr(sweeping, "MOST", 0)
    (tmp_path / dead).touch()

    Sweeper().sweep(str(tmp_path))

    assert (tmp_path / dead).exists()


@pytest.mark.parametrize(("age", "written", "stays"), [(6, 6, True), (8, 8, False), (8, 0, True)])
def test_parts_that_nobody_goes_on_with_go_after_a_week(
    tmp_path: Path, age: int, written: int, *, stays: bool
) -> None:
    """Their object may be gone; what is being written to stays, and what only begins so is not ours."""
    kept = tmp_path / f"{PART_PREFIX}{'0a' * 16}"
    kept.mkdir()
    theirs = tmp_path / f"{PART_PREFIX}time"
    theirs.mkdir()
    (kept / "data").write_bytes(b"half")
    (tmp_path / f"{PART_PREFIX}file").write_bytes(b"")
    for path, days in ((kept / "data", written), *((one, age) for one in tmp_path.iterdir())):
        then = time.time() - days * 86400
        os.utime(path, (then, then))

    Sweeper().sweep(str(tmp_path))

    assert kept.exists() is stays
    assert theirs.exists()
    assert (tmp_path / f"{PART_PREFIX}file").exists()
