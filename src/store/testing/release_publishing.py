"""What an archive must do for those who publish."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from store.errors import RefusedError, ReleaseExistsError, ReleaseRecordNotFoundError
from store.releases.interface import ArchiveInterface
from store.releases.names import DEFAULT_WORKSPACE
from store.testing.release_subjects import (
    TITLE,
    ArchiveSubject,
    fetched,
    files_in,
    record_of,
    release,
    versions,
)


class PublishingTests(ArchiveSubject, suite=True):
    """Publishing, listing and yanking."""

    def test_a_version_never_changes(
        self, archive: ArchiveInterface, project: Path, tmp_path: Path
    ) -> None:
        """Who publishes a version again is refused, and the first content stays."""
        release(archive, project)
        before = files_in(project)
        (project / "a.txt").write_bytes(b"other\n")

        with pytest.raises(ReleaseExistsError):
            release(archive, project)

        fetched(archive, record_of(archive), tmp_path / "here")
        assert files_in(tmp_path / "here") == before

    def test_another_process_sees_it(
        self, archive: ArchiveInterface, project: Path, origin: Path
    ) -> None:
        """What was published is there for who opens the archive anew."""
        done = release(archive, project)

        other = self.make(origin)

        assert record_of(other).identity == done.record.identity
        other.close()

    def test_fields_of_others_are_passed_through(
        self, archive: ArchiveInterface, project: Path
    ) -> None:
        """The workflow, and what else another tool has written, comes back untouched."""
        more = {"workflow": {"jobs": [1, None, "x: y"]}, "workflow_config_path": "w.rme.yml"}
        release(archive, project, more=more)

        data = record_of(archive).data

        assert {name: data[name] for name in more} == more

    def test_of_many_who_publish_one_wins(self, archive: ArchiveInterface, project: Path) -> None:
        """Of several who publish one version at the same time, one does, and the others learn so."""
        won: list[int] = []
        refused: list[int] = []
        start = threading.Barrier(4)

        def publish(number: int) -> None:
            """Publish together with the others, and note how it went."""
            start.wait()
            try:
                release(archive, project)
            except ReleaseExistsError:
                refused.append(number)
            else:
                won.append(number)

        threads = [threading.Thread(target=publish, args=(one,)) for one in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert (len(won), len(refused)) == (1, 3)
        assert versions(archive) == ["1.0.0"]

    def test_listings_are_whole(self, archive: ArchiveInterface, project: Path) -> None:
        """Every release stands in the listing, in order, with what its record tells where that is asked."""
        for version in ("1.10.0", "1.9.0"):
            release(archive, project, version)

        title = None if self.lists else TITLE
        listed = archive.list_releases(title, workspace=DEFAULT_WORKSPACE)
        long = archive.list_releases(title, workspace=DEFAULT_WORKSPACE, details=True)

        assert [(one.title, str(one.version)) for one in listed] == [
            (TITLE, "1.9.0"),
            (TITLE, "1.10.0"),
        ]
        assert [(one.files, one.size) for one in long] == [(4, 22), (4, 22)]

    def test_a_yanked_version_is_passed_over(
        self, archive: ArchiveInterface, project: Path
    ) -> None:
        """Ranges do not choose it; who names it gets it; and it may come back.

        An archive that has no way to mark versions says so, and nothing has changed.
        """
        for version in ("1.0.0", "1.1.0"):
            release(archive, project, version)

        if not self.yanks:
            with pytest.raises(RefusedError):
                archive.yank(TITLE, "1.1.0", reason="wrong units")
            assert versions(archive, ">=1") == ["1.0.0", "1.1.0"]
            return

        archive.yank(TITLE, "1.1.0", reason="wrong units")
        yanked, named = versions(archive, ">=1"), versions(archive, "==1.1.0")
        archive.yank(TITLE, "1.1.0", undo=True)

        assert (yanked, named, versions(archive)) == (["1.0.0"], ["1.1.0"], ["1.0.0", "1.1.0"])
        with pytest.raises(ReleaseRecordNotFoundError):
            archive.yank(TITLE, "9.9.9")
