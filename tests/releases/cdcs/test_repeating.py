"""Of several who publish a version of a CDCS again at the same time, one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from store.errors import ReleaseExistsError
from store.releases.cdcs import CDCSArchive
from store.testing.curators import Asked, FakeCurator


class Project(Protocol):
    """Files that are to be released."""

    directory: Path
    title: str

    def publish(
        self, archive: CDCSArchive, version: str = "1.0.0", *, allow_repeat: bool = False
    ) -> str:
        """Publish them."""
        ...


class Meanwhile(FakeCurator):
    """A CDCS at which something else is done just before the next document is added.

    Attributes:
        happening: What is done, once; or None.
    """

    happening: Callable[[], object] | None = None

    def note(self, asked: Asked) -> str | int | None:
        """Let it be done."""
        if asked.method == "POST" and asked.path.endswith("/rest/data/") and self.happening:
            happening, self.happening = self.happening, None
            happening()
        return super().note(asked)


def test_of_two_who_repeat_a_release_at_once_one_is_told(project: Project) -> None:
    """Only the first has published what is the release from now on."""
    with Meanwhile() as server:
        one, other = (CDCSArchive(server.url, "admin", "admin") for _ in range(2))
        one.initialise()
        project.publish(one)
        done: list[str] = []

        def repeat() -> None:
            """Publish another content, and be the first."""
            (project.directory / "a.txt").write_bytes(b"quicker")
            done.append(project.publish(other, allow_repeat=True))

        server.happening = repeat

        with pytest.raises(ReleaseExistsError):
            project.publish(one, allow_repeat=True)
        later = project.publish(one, "1.1.0", allow_repeat=True)

        found = one.get_release_records(project.title)
        assert [record["/PID/"] for record in found.values()] == [*done, later]
        assert len(server.state.records) == 3
