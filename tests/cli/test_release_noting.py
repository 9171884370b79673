"""``store release fetch``: of several at once, each notes what it has fetched."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from store.files.dirlocks import alone_in

from .conftest import Run, Started


def publish(cli: Run, archive: str, content: bytes, *versions: str) -> None:
    """Publish a file under versions."""
    project = Path("project")
    project.mkdir(exist_ok=True)
    (project / "a").write_bytes(content)
    cli("release", "init", archive)
    for version in versions:
        cli("release", "publish", project, f"survey@{version}", "--to", archive)


def test_what_another_has_noted_meanwhile_counts(
    cli: Run, house: Path, starting: Callable[..., Started]
) -> None:
    """Who waits for the folder loses no note, and takes no other content under a version noted by then."""
    publish(cli, "archive", b"a\n", "1.0.0", "1.1.0")
    publish(cli, "other", b"else\n", "1.0.0")
    (house / "dest" / ".rme").mkdir(parents=True)
    cli("release", "fetch", "survey@1.0.0", "--from", "other", "--dest", "noted")
    before = (house / "noted.lock").read_bytes()

    with alone_in(house / "dest" / ".rme"):
        same = starting(
            "-v", "release", "fetch", "survey@1.0.0", "--from", "archive", "--dest", "dest"
        )
        next_ = starting(
            "-v", "release", "fetch", "survey@1.1.0", "--from", "archive", "--dest", "dest"
        )
        same.wait_for("another is at work")
        next_.wait_for("another is at work")
        (house / "dest.lock").write_bytes(before)
    ended = [one.process.communicate(timeout=30) for one in (same, next_)]

    noted = tomllib.loads((house / "dest.lock").read_text())["release"]
    assert (same.process.returncode, next_.process.returncode) == (4, 0), ended
    assert [one["version"] for one in noted] == ["1.1.0", "1.0.0"]
    assert noted[1]["digest"] == tomllib.loads(before.decode())["release"][0]["digest"]


def test_what_is_refused_leaves_nothing_in_the_folder(
    cli: Run, house: Path, starting: Callable[..., Started]
) -> None:
    """Neither a file nor what is said of a release itself."""
    publish(cli, "archive", b"a\n", "1.0.0")
    publish(cli, "other", b"else\n", "1.0.0")
    (house / "dest" / ".rme").mkdir(parents=True)
    cli("release", "fetch", "survey@1.0.0", "--from", "other", "--dest", "noted")

    with alone_in(house / "dest" / ".rme"):
        same = starting(
            "-v", "release", "fetch", "survey@1.0.0", "--from", "archive", "--dest", "dest"
        )
        same.wait_for("another is at work")
        (house / "noted.lock").rename(house / "dest.lock")
    same.process.communicate(timeout=30)

    assert same.process.returncode == 4
    assert list((house / "dest").iterdir()) == []
