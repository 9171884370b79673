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
from store.releases.checking import check_release
from store.releases.choosing import choose
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
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


def run(archive: Path, source: Path, *, killed_after: float | None) -> float:
    """Publish in another process, and kill it so many seconds after it began; return how long it took."""
    warm = archive.with_name(f"{archive.name}-warm")
    command = [sys.executable, "-c", SCRIPT, str(archive), str(source), str(warm)]
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
    return run(timed, source, killed_after=None)


@pytest.mark.parametrize("part", range(6))
def test_a_killed_publisher_leaves_no_release_or_a_whole_one(
    part: int, source: Path, whole: float, tmp_path: Path
) -> None:
    """At whatever instant; nothing unfinished stays after the next run, which goes on where it stopped."""
    FileSystemArchive.create(tmp_path / "killed")
    run(tmp_path / "killed", source, killed_after=whole * (part + random.random()) / 6)

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
    assert list(archive.archive_path.rglob(".store-*")) == []


def faults(archive: FileSystemArchive, via: Path) -> tuple[object, ...]:
    """Return what is wrong with the release."""
    record = choose(archive, Requirement.parse("survey"))
    return check_release(archive, record, workspace=DEFAULT_WORKSPACE, via=via)
