"""A CDCS holds records that are not what they should be, and publishers that meet."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from store.errors import ArchiveError, DriftError, RefusedError, ReleaseExistsError
from store.releases.cdcs import CDCSArchive
from store.releases.choosing import choose
from store.releases.mapping import project_of
from store.releases.names import Requirement
from store.releases.records import Record, compose
from store.testing.curators import FakeCurator
from store.transports.base import Retrying, TransferOptions

WORKSPACE = "Global Public Workspace"
OPTIONS = TransferOptions(retrying=Retrying(base=0.0))


class Project(Protocol):
    """Files that are to be released."""

    directory: Path
    title: str
    files: dict[str, bytes]

    def upload(self, archive: CDCSArchive, version: str = "1.0.0") -> Record:
        """Upload the files."""
        ...

    def publish(
        self, archive: CDCSArchive, version: str = "1.0.0", *, allow_repeat: bool = False
    ) -> str:
        """Publish them."""
        ...


@pytest.fixture
def archive(curator: FakeCurator) -> CDCSArchive:
    """An archive at the fake server, which has its template."""
    made = CDCSArchive(curator.url, "admin", "admin", options=OPTIONS)
    made.initialise()
    return made


def rewrite(curator: FakeCurator, title: str, text: str) -> None:
    """Put another text in the place of the record in a document."""
    for one in curator.state.records.values():
        if f"<title>{title}<" in one["content"]:
            one["content"] = re.sub(
                "<record>.*</record>", f"<record>{text}</record>", one["content"], flags=re.DOTALL
            )


def test_a_document_that_holds_another_release_is_told(
    archive: CDCSArchive, curator: FakeCurator, project: Project
) -> None:
    """Whoever asks for one release never gets another."""
    project.publish(archive)
    rewrite(curator, f"{project.title}-v1.0.0", compose("evil", "9.9.9", {}).to_json())

    for version in ("1.0.0", ">=1"):
        with pytest.raises(ArchiveError, match=r"says that it is 'evil-v9\.9\.9'"):
            archive.get_release_records(project.title, version)
    with pytest.raises(ArchiveError, match="says that it is"):
        choose(archive, Requirement.parse(f"{project.title}@1.0.0"))


@pytest.mark.parametrize("damaged", ["1.0.0", "1.2.0"])
def test_a_damaged_record_is_passed_over(
    archive: CDCSArchive,
    curator: FakeCurator,
    project: Project,
    caplog: pytest.LogCaptureFixture,
    damaged: str,
) -> None:
    """The highest that can be used is chosen, and no older one is even read; who names it is told."""
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        project.publish(archive, version)
    rewrite(curator, f"{project.title}-v{damaged}", "{not json")
    whole = [one for one in ("1.0.0", "1.1.0", "1.2.0") if one != damaged]

    with caplog.at_level(logging.WARNING):
        newest = archive.newest_record(project.title, ">=1")
        assert ("passed over" in caplog.text) == (damaged == "1.2.0")
        found = archive.get_release_records(project.title, ">=1")

    assert newest["version"] == whole[-1]
    assert [one["version"] for one in found.values()] == whole
    assert "passed over" in caplog.text
    with pytest.raises(ArchiveError):
        archive.newest_record(project.title, damaged)


def test_a_file_that_was_edited_mends_nothing(
    archive: CDCSArchive, curator: FakeCurator, project: Project
) -> None:
    """The document names what it named."""
    project.publish(archive)
    record = Record.from_data(archive.newest_record(project.title))
    (project.directory / "a.txt").write_bytes(b"edited")

    with pytest.raises(DriftError, match=r"a\.txt is not what was published"):
        archive.mend_blobs(record, WORKSPACE, project.directory, {"a.txt"})

    assert Record.from_data(archive.newest_record(project.title)).blobs == record.blobs


class Meeting(CDCSArchive):
    """An archive at which somebody is quicker, just before the document is added."""

    meet: Callable[[], object] | None = None

    def upload_release_record(self, *positional: Any, **named: Any) -> str:
        """Let the other one go first once the record that is to be replaced was found."""
        real = self.curator.upload_record

        def later(*rest: Any, **how: Any) -> Any:
            """Publish what the other one has, and then this."""
            meet, self.meet = self.meet, None
            if meet is not None:
                meet()
            return real(*rest, **how)

        self.curator.upload_record = later  # type: ignore[method-assign]
        return super().upload_release_record(*positional, **named)


@pytest.mark.parametrize("same", [False, True])
def test_of_two_that_publish_again_one_wins(
    archive: CDCSArchive, curator: FakeCurator, project: Project, *, same: bool
) -> None:
    """The other takes its document back, and is told; of one content there is one document."""
    project.publish(archive)
    quicker: list[str] = []

    def again() -> None:
        """Publish another content again."""
        if not same:
            (project.directory / "a.txt").write_bytes(b"quicker")
        quicker.append(project.publish(archive, allow_repeat=True))
        (project.directory / "a.txt").write_bytes(b"hello")

    slower = Meeting(curator.url, "admin", "admin", options=OPTIONS)
    slower.meet = again
    if same:
        assert project.publish(slower, allow_repeat=True) == quicker[0]
    else:
        with pytest.raises(ReleaseExistsError, match="another was quicker"):
            project.publish(slower, allow_repeat=True)

    assert archive.newest_record(project.title)["/PID/"] == quicker[0]
    assert len(curator.state.records) == 2


@pytest.mark.parametrize(("count", "told"), [(1, "'a.txt' is not"), (2, "'a.txt' and 1 more are")])
def test_what_is_not_uploaded_is_counted(archive: CDCSArchive, count: int, told: str) -> None:
    """One file is one."""
    project = project_of(dict.fromkeys(("a.txt", "b.txt")[:count], False), ())

    with pytest.raises(RefusedError, match=told):
        archive.upload_release_record(compose("survey", "1.0.0", project).to_data())
