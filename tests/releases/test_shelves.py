"""An archive that may not be read is told as such, with the path and the next step."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from store.errors import StorageError
from store.releases.filesystem import FileSystemArchive
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published

Release = Callable[..., Published]

PLAIN = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
"""How root becomes somebody whom permissions hold for, too."""

ASKS = """
import os, sys
from store.cli.main import run
asked = "list", "list --long", "list survey", "show survey", "fetch survey --dest x", "verify survey"
for place in sys.argv[2:]:
    mode = os.stat(place).st_mode & 0o777
    os.chmod(place, 0)
    for one in asked:
        status = run(["release", *one.split(), "--archive", sys.argv[1]])
        print(status, one, flush=True)
    os.chmod(place, mode)
"""


@pytest.mark.skipif(os.getuid() == 0 and shutil.which("setpriv") is None, reason="root may all")
def test_what_may_not_be_read_is_told(
    archive: FileSystemArchive, release: Release, store_environment: pytest.MonkeyPatch
) -> None:
    """The archive, a workspace, a shelf, a record, a blob: status 10 where it is needed, and whose it is."""
    del store_environment
    pid = release("1.0.0").record.blob("a.txt").pid or ""
    root, space = archive.archive_path, archive.archive_path / DEFAULT_WORKSPACE
    shelf = space / "survey"
    (shelf / ".store" / "yanked").mkdir(parents=True)
    places = [root, space, shelf, shelf / ".store" / "yanked", shelf / "survey-v1.0.0.yml"]
    command = [*(PLAIN if os.getuid() == 0 else []), sys.executable, "-c", ASKS]

    done = subprocess.run(
        [*command, root, *places, shelf / "blobs" / pid[:2] / pid],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=root.parent,
    )

    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr
    statuses = [line.split(" ", 1) for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert len(statuses) == 36
    assert {one for one, _ in statuses} == {"0", "10"}
    assert [asked for one, asked in statuses[:24] if one != "10"] == []
    assert "you may not read" in done.stderr
    assert "can be written to" not in done.stderr


LISTS = """
import os, sys
from store.cli.main import run
for place in sys.argv[2:]:
    os.chmod(place, 0)
    for one in ("list", "list --long"):
        print(run(["release", *one.split(), "--archive", sys.argv[1]]), flush=True)
    os.chmod(place, 0o755)
"""


@pytest.mark.skipif(os.getuid() == 0 and shutil.which("setpriv") is None, reason="root may all")
def test_what_others_keep_to_themselves_is_passed_over(
    archive: FileSystemArchive, release: Release, store_environment: pytest.MonkeyPatch
) -> None:
    """The rest is listed, and it is said what is not: a workspace, or one title's shelf."""
    del store_environment
    release("1.0.0")
    for space, title in ((DEFAULT_WORKSPACE, "theirs"), ("Private", "survey")):
        shelf = archive.archive_path / space / title
        shutil.copytree(archive.archive_path / DEFAULT_WORKSPACE / "survey", shelf)
    places = [archive.archive_path / DEFAULT_WORKSPACE / "theirs", archive.archive_path / "Private"]
    command = [*(PLAIN if os.getuid() == 0 else []), sys.executable, "-c", LISTS]

    done = subprocess.run(
        [*command, archive.archive_path, *places],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=archive.archive_path.parent,
    )

    lines = done.stdout.splitlines()
    assert [one for one in lines if one.isdigit()] == ["0"] * 4
    assert sum("survey" in one and "1.0.0" in one for one in lines) == 6
    for place in places:
        assert f"{place}: " in done.stderr


WRITES = """
import os, sys
from store.cli.main import run
archive, other, project = sys.argv[1:]
for top, _, _ in os.walk(archive, topdown=False):
    os.chmod(top, 0o555)
for one in (
    ["publish", project, "survey@2.0.0", "--to", archive],
    ["yank", "survey@1.0.0", "--archive", archive],
    ["copy", "survey", "--from", other, "--to", archive],
):
    print(run(["release", *one]), flush=True)
for top, _, _ in os.walk(archive):
    os.chmod(top, 0o755)
"""


@pytest.mark.skipif(os.getuid() == 0 and shutil.which("setpriv") is None, reason="root may all")
def test_what_may_not_be_written_to_is_told(
    archive: FileSystemArchive,
    release: Release,
    store_environment: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """An archive that others keep: status 10, and whose leave is missing."""
    del store_environment
    other = FileSystemArchive.create(tmp_path / "other")
    release("1.0.0")
    release("1.1.0", to=other)
    command = [*(PLAIN if os.getuid() == 0 else []), sys.executable, "-c", WRITES]

    done = subprocess.run(
        [*command, archive.archive_path, other.archive_path, tmp_path / "project"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )

    assert done.stdout.split() == ["10", "10", "10"]
    told = [line for line in done.stderr.splitlines() if "you may not write" in line]
    assert len(told) == 3
    assert all(f"write to {archive.archive_path}" in line for line in told)


def test_what_leads_in_circles_is_told(archive: FileSystemArchive) -> None:
    """A shelf or a workspace that is a link to itself is no crash."""
    for name in (DEFAULT_WORKSPACE, "other"):
        (archive.archive_path / name).mkdir()
    loop = archive.archive_path / DEFAULT_WORKSPACE / "survey"
    loop.symlink_to(loop)
    (archive.archive_path / "space").symlink_to(archive.archive_path / "space")

    for asked in ("survey", None):
        with pytest.raises(StorageError, match="symbolic link"):
            archive.list_releases(asked, workspace="space" if asked is None else DEFAULT_WORKSPACE)
    with pytest.raises(StorageError, match="survey"):
        archive.get_release_records("survey")


@pytest.mark.parametrize("odd", ["back\\slash/x", f"{DEFAULT_WORKSPACE}/we\u202eird"])
def test_directories_of_odd_names_do_not_spoil_a_listing(
    archive: FileSystemArchive, release: Release, odd: str, caplog: pytest.LogCaptureFixture
) -> None:
    """They are passed over, with a warning: no release can lie there."""
    release("1.0.0")
    (archive.archive_path / odd).mkdir(parents=True)

    found = archive.list_releases()

    assert [(one.title, str(one.version)) for one in found] == [("survey", "1.0.0")]
    assert "passed over" in caplog.text


def test_a_mark_that_cannot_be_followed_is_one(
    archive: FileSystemArchive, release: Release
) -> None:
    """Whatever lies there says that the version is yanked, and why is not known."""
    release("1.0.0")
    shelf = archive.archive_path / DEFAULT_WORKSPACE / "survey"
    marks = shelf / ".store" / "yanked"
    marks.mkdir(parents=True)
    (marks / "1.0.0").symlink_to("nowhere")

    assert [one.yanked for one in archive.list_releases()] == [""]
