"""A publisher that is really killed leaves no release or a whole one, and the next run finishes."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from store.errors import ReleaseExistsError
from store.releases.checking import check_folder, check_release
from store.releases.choosing import choose
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.holding import record_in
from store.releases.names import DEFAULT_WORKSPACE, Requirement
from store.releases.publishing import Wanted, publish
from store.releases.versions import Version

from .conftest import content_of, lay

FILES: Final = 150
SCRIPT: Final = """
import sys
from store.releases.filesystem import FileSystemArchive
from store.releases.publishing import Wanted, publish
from store.releases.versions import Version

archive = FileSystemArchive(sys.argv[1])
publish(FileSystemArchive.create(sys.argv[3]), sys.argv[2], Wanted("warm", Version(1, 0, 0)))
print("begun", flush=True)
publish(archive, sys.argv[2], Wanted("survey", Version(1, 0, 0)))
print("done", flush=True)
"""
FETCHING: Final = """
import sys
from pathlib import Path
from store.releases.choosing import choose
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.names import DEFAULT_WORKSPACE, Requirement

archive = FileSystemArchive(sys.argv[1])
record = choose(archive, Requirement.parse(sys.argv[3]))
print("begun", flush=True)
download(archive, record, DEFAULT_WORKSPACE, Path(sys.argv[2]), Manner(replace=False))
print("done", flush=True)
"""


def run(*words: Path | str, script: str = SCRIPT, killed_after: float | None) -> float:
    """Run a script in another process, kill it so many seconds after it began; return how long it took."""
    command = [sys.executable, "-c", script, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        began = time.perf_counter()
        if killed_after is None:
            assert process.stdout.readline() == "done\n"
            return time.perf_counter() - began
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(killed_after)
        process.kill()
    return time.perf_counter() - began


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of small files and a large one."""
    directory = tmp_path_factory.mktemp("source")
    lay(directory, {f"d{n % 5}/f{n}": f"{n}\n".encode() * (1 + n) for n in range(FILES)})
    lay(directory, {"large": random.Random(1).randbytes(3 << 20)})
    return directory


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long it takes to publish it, in seconds."""
    timed = tmp_path_factory.mktemp("timed") / "archive"
    FileSystemArchive.create(timed)
    return run(timed, source, timed.with_name("warm"), killed_after=None)


@pytest.mark.parametrize("part", range(6))
def test_a_killed_publisher_leaves_no_release_or_a_whole_one(
    part: int, source: Path, whole: float, tmp_path: Path
) -> None:
    """At whatever instant; nothing unfinished stays after the next run, which goes on where it stopped."""
    FileSystemArchive.create(tmp_path / "killed")
    run(
        tmp_path / "killed",
        source,
        tmp_path / "warm",
        killed_after=whole * (part + random.random()) / 6,
    )

    archive = FileSystemArchive(tmp_path / "killed")
    there = archive.list_releases(details=True)
    if there:
        assert [(one.title, one.files) for one in there] == [("survey", FILES + 1)]
        assert faults(archive, tmp_path) == ()
    with contextlib.suppress(ReleaseExistsError):
        publish(archive, source, Wanted("survey", Version(1, 0, 0)))
    record = choose(archive, Requirement.parse("survey"))
    download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", Manner(durable=False))
    assert faults(archive, tmp_path) == ()
    assert content_of(tmp_path / "here") == content_of(source)
    publish(
        archive, source, Wanted("survey", Version(1, 0, 1))
    )  # one that was there was refused at once
    assert list(archive.archive_path.rglob(".store-*")) == []


def faults(archive: FileSystemArchive, via: Path) -> tuple[object, ...]:
    """Return what is wrong with the release."""
    record = choose(archive, Requirement.parse("survey"))
    return check_release(archive, record, workspace=DEFAULT_WORKSPACE, via=via)


@pytest.mark.parametrize("part", range(4))
def test_a_killed_upgrade_is_taken_up(
    part: int, source: Path, whole: float, tmp_path: Path
) -> None:
    """The record lies in the folder only while all files do, and no file is taken for a user's."""
    archive, here = FileSystemArchive.create(tmp_path / "archive"), tmp_path / "here"
    lay(tmp_path / "first", {f"d{n % 5}/f{n}": b"first" for n in range(FILES // 2)})
    lay(tmp_path / "first", {"only": b"1"})
    publish(archive, tmp_path / "first", Wanted("survey", Version(1, 0, 0)))
    publish(archive, source, Wanted("survey", Version(2, 0, 0)))
    records = {
        number: choose(archive, Requirement.parse(f"survey@{number}.0.0")) for number in (1, 2)
    }
    careful = Manner(replace=False)
    download(archive, records[1], DEFAULT_WORKSPACE, here, careful)

    after = whole * (part + random.random()) / 4
    run(archive.archive_path, here, "survey@2.0.0", script=FETCHING, killed_after=after)

    left = record_in(here)
    assert left is None or check_folder(left, here) == ()
    download(archive, records[2], DEFAULT_WORKSPACE, here, careful)
    assert content_of(here) == content_of(source)
    assert [one.name for one in (here / ".rme").glob("[!.]*")] == ["record.yml"]
