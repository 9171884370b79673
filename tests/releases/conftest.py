"""An archive in a directory, and a project to be published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from store.releases.filesystem import FileSystemArchive
from store.releases.interface import ArchiveInterface
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.publishing import Published, Wanted, publish
from store.releases.versions import Version

Release = Callable[..., Published]
"""Publishes a project under a version."""


@pytest.fixture
def archive(tmp_path: Path) -> FileSystemArchive:
    """An archive that is empty."""
    return FileSystemArchive.create(tmp_path / "archive")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with files, one of them empty and one for running, and an empty directory."""
    directory = tmp_path / "project"
    lay(
        directory,
        {"a.txt": b"a\n", "data/table.csv": b"1,2\n", "empty.txt": b"", "run.sh": b"#!\n"},
    )
    (directory / "run.sh").chmod(0o755)
    (directory / "nothing").mkdir()
    return directory


@pytest.fixture
def release(archive: FileSystemArchive, project: Path) -> Release:
    """Publish the project: ``release("1.0.0")``."""

    def publishing(
        version: str = "1.0.0",
        *,
        title: str = "survey",
        workspace: str = DEFAULT_WORKSPACE,
        to: ArchiveInterface | None = None,
        directory: Path | None = None,
    ) -> Published:
        wanted = Wanted(title, Version.parse(version), workspace)
        return publish(to or archive, directory or project, wanted)

    return publishing


def lay(directory: Path, files: Mapping[str, bytes]) -> None:
    """Lay down files."""
    for path, content in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content)


def content_of(directory: Path) -> dict[str, bytes]:
    """Return the files below a directory, what is said of a release itself left out."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".rme" not in path.parts
    }
