"""What an archive must do for those who read it."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store.errors import IntegrityError, ReleaseRecordNotFoundError, StoreError, UnsafeNameError
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


class ReadingTests(ArchiveSubject, suite=True):
    """Finding and fetching."""

    def test_a_release_comes_back(
        self, archive: ArchiveInterface, project: Path, tmp_path: Path
    ) -> None:
        """Contents, x bits, empty files and empty directories are what they were."""
        release(archive, project)

        fetched(archive, record_of(archive), tmp_path / "here")

        assert files_in(tmp_path / "here") == files_in(project)
        assert (tmp_path / "here" / "hollow").is_dir()

    def test_the_highest_version_comes_last(self, archive: ArchiveInterface, project: Path) -> None:
        """Records come in the order of versions, not of texts or of time."""
        for version in ("1.10.0", "1.9.0", "1.2.0"):
            release(archive, project, version)

        assert versions(archive) == ["1.2.0", "1.9.0", "1.10.0"]

    def test_expressions_choose(self, archive: ArchiveInterface, project: Path) -> None:
        """A list and one text admit the same; a pre-release is not admitted unless it is asked for."""
        for version in ("1.0.0", "1.5.0", "2.0.0-rc.1", "2.0.0"):
            release(archive, project, version)

        assert versions(archive, [">=1.0.0", "<2.0.0"]) == ["1.0.0", "1.5.0"]
        assert versions(archive, ">=1, <3") == ["1.0.0", "1.5.0", "2.0.0"]
        assert versions(archive, "==2.0.0-rc.1") == ["2.0.0-rc.1"]

    def test_what_is_not_there_is_said(self, archive: ArchiveInterface, project: Path) -> None:
        """Whoever asks for an unknown title, version or workspace learns so, by position or by name."""
        release(archive, project)

        asked: list[tuple[str, Any, str]] = [
            ("other", None, DEFAULT_WORKSPACE),
            (TITLE, ["==9.9.9"], DEFAULT_WORKSPACE),
        ]
        for title, expressions, workspace in asked:
            with pytest.raises(ReleaseRecordNotFoundError):
                archive.get_release_records(title, expressions, workspace)
            with pytest.raises(ReleaseRecordNotFoundError):
                archive.get_release_records(
                    title_versionless=title, version_expressions=expressions, workspace=workspace
                )

    def test_names_lead_nowhere_else(self, archive: ArchiveInterface) -> None:
        """A title that would lead out of the archive is refused, or is simply not there."""
        with pytest.raises((UnsafeNameError, ReleaseRecordNotFoundError)):
            archive.get_release_records("../../etc", None, DEFAULT_WORKSPACE)

    def test_only_what_is_missing_is_brought(
        self, archive: ArchiveInterface, project: Path, tmp_path: Path
    ) -> None:
        """A second download brings what was taken away or changed, and nothing else."""
        release(archive, project)
        record, folder = record_of(archive), tmp_path / "here"
        fetched(archive, record, folder)
        (folder / "a.txt").unlink()
        (folder / "data" / "table.csv").write_bytes(b"6,6,6\n")

        done = fetched(archive, record, folder)

        assert done.brought == ("a.txt", "data/table.csv")
        assert files_in(folder) == files_in(project)

    def test_a_wrong_blob_is_never_in_place(
        self, archive: ArchiveInterface, project: Path, origin: Path, tmp_path: Path
    ) -> None:
        """What is not what was published is an error, and the folder does not hold it."""
        release(archive, project)
        record, folder = record_of(archive), tmp_path / "here"
        self.spoil(origin, record, "data/table.csv")

        with pytest.raises(IntegrityError):
            fetched(archive, record, folder)

        assert not (folder / "data" / "table.csv").exists()
        assert not (folder / ".rme" / "record.yml").exists()

    def test_a_download_tells_how_it_gets_on(
        self, archive: ArchiveInterface, project: Path, tmp_path: Path
    ) -> None:
        """``update_dict`` says size and success, and the error where there is one."""
        release(archive, project)
        record = record_of(archive)
        blob, told = record.blob("a.txt"), dict[str, Any]()

        archive.download_blob(
            blob_pid=blob.pid or "",
            target_file=tmp_path / "a.txt",
            update_dict=told,
            expected_size=blob.size,
            release_record=dict(record.data),
            workspace=DEFAULT_WORKSPACE,
        )

        assert (tmp_path / "a.txt").read_bytes() == b"first\n"
        assert (told["size"], told["finished"], told["success"]) == (6, True, True)

    def test_a_failed_download_tells_the_error(
        self, archive: ArchiveInterface, project: Path, tmp_path: Path
    ) -> None:
        """A blob of another size is no success, and leaves no file."""
        release(archive, project)
        record = record_of(archive)
        told: dict[str, Any] = {}

        with pytest.raises(StoreError):
            archive.download_blob(
                blob_pid=record.blob("a.txt").pid or "",
                target_file=tmp_path / "a.txt",
                update_dict=told,
                expected_size=7,
                release_record=dict(record.data),
                workspace=DEFAULT_WORKSPACE,
            )

        assert not (tmp_path / "a.txt").exists()
        assert (told["finished"], told["success"]) == (True, False)
        assert isinstance(told["error"], StoreError)
