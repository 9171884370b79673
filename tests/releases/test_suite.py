"""Our archives pass the suite that strangers' are to pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.errors import ArchiveError, DriftError, RefusedError
from store.releases.downloading import Manner, download
from store.releases.filesystem import FileSystemArchive
from store.releases.interface import ArchiveInterface
from store.releases.layout import blob_name, shelf_of
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.objects import ObjectArchive
from store.releases.publishing import Wanted, publish
from store.releases.records import Record
from store.releases.versions import Version
from store.testing.objects import FakeObjects
from store.testing.releases import ArchiveSuite

from .conftest import lay
from .strangers import StrangeArchive


class TestDirectory(ArchiveSuite):
    """A directory."""

    def make(self, origin: Path) -> ArchiveInterface:
        """Open it."""
        return FileSystemArchive.create(origin)

    def spoil(self, origin: Path, record: Record, path: str) -> None:
        """Write over a blob."""
        blob = record.blob(path)
        shelf = origin / shelf_of(DEFAULT_WORKSPACE, record.title_versionless)
        file = shelf / blob_name(blob.pid or "")
        file.chmod(0o644)
        file.write_bytes(b"x" * (blob.size or 0))


class TestBucket(ArchiveSuite):
    """A prefix of a bucket."""

    buckets: ClassVar[dict[Path, FakeObjects]] = {}

    @pytest.fixture(autouse=True)
    def _forget(self) -> Any:
        yield
        self.buckets.clear()

    def make(self, origin: Path) -> ArchiveInterface:
        """Open it."""
        return ObjectArchive.create(self.buckets.setdefault(origin, FakeObjects()), "some/where")

    def spoil(self, origin: Path, record: Record, path: str) -> None:
        """Write over a blob."""
        blob = record.blob(path)
        shelf = shelf_of(DEFAULT_WORKSPACE, record.title_versionless)
        key = f"some/where/{shelf}/{blob_name(blob.pid or '')}"
        self.buckets[origin].put(key, b"x" * (blob.size or 0))


class TestStranger(ArchiveSuite):
    """An archive that has the page's methods alone: the base does the rest."""

    yanks = False
    lists = False
    deviations: ClassVar[dict[str, str]] = {
        "test_a_failed_download_tells_the_error": "it looks at no size; the base does, for a release"
    }
    shelves: ClassVar[dict[Path, dict[str, Any]]] = {}

    def make(self, origin: Path) -> ArchiveInterface:
        """Open it."""
        return StrangeArchive(self.shelves.setdefault(origin, {}))

    def spoil(self, origin: Path, record: Record, path: str) -> None:
        """Write over a blob."""
        blob = record.blob(path)
        self.shelves[origin]["blobs"][blob.pid] = b"x" * (blob.size or 0)


def test_a_stranger_marks_nothing_and_lists_by_title(tmp_path: Path) -> None:
    """What an archive cannot do is said."""
    archive = StrangeArchive({})

    with pytest.raises(RefusedError, match="marks no versions"):
        archive.yank("survey", "1.0.0")
    with pytest.raises(RefusedError, match="name it"):
        archive.list_releases()
    assert archive.list_releases("survey") == []
    archive.close()
    assert tmp_path.is_dir()


def test_an_error_told_in_the_update_alone_is_raised(tmp_path: Path) -> None:
    """The original's archives swallow errors: a download of a release does not."""

    class Swallowing(StrangeArchive):
        def download_blob(self, *_: Any, **named: Any) -> None:
            named["update_dict"].update(finished=True, success=False, error=OSError("gone"))

    lay(tmp_path / "p", {"a": b"a"})
    shelves: dict[str, Any] = {}
    publish(StrangeArchive(shelves), tmp_path / "p", Wanted("survey", Version(1, 0, 0)))
    record = shelves["records"]["survey-v1.0.0"]

    with pytest.raises(OSError, match="gone"):
        download(Swallowing(shelves), record, DEFAULT_WORKSPACE, tmp_path / "here", Manner())


def test_a_file_that_changes_while_it_goes_is_refused(tmp_path: Path) -> None:
    """What the record says must be what was read."""

    class Slow(StrangeArchive):
        def process_and_upload_blob(self, *arguments: Any, **named: Any) -> tuple[str, int]:
            done = super().process_and_upload_blob(*arguments, **named)
            (tmp_path / "p" / "a").write_bytes(b"other")
            return done

    lay(tmp_path / "p", {"a": b"a"})

    with pytest.raises(DriftError, match="was changed while it was published"):
        publish(Slow({}), tmp_path / "p", Wanted("survey", Version(1, 0, 0)))


def test_a_file_made_by_a_stranger_has_the_bits_of_ours(tmp_path: Path) -> None:
    """Whatever bits its program gives to files that it makes, others may read it."""

    class Private(StrangeArchive):
        def download_blob(self, *_: Any, **named: Any) -> None:
            Path(named["target_file"]).touch(mode=0o600)
            super().download_blob(**named)

    lay(tmp_path / "p", {"a": b"a"})
    (tmp_path / "like").touch()
    archive = Private({})
    record = publish(archive, tmp_path / "p", Wanted("survey", Version(1, 0, 0))).record

    download(archive, record, DEFAULT_WORKSPACE, tmp_path / "here", Manner())

    assert (tmp_path / "here" / "a").stat().st_mode == (tmp_path / "like").stat().st_mode


def test_a_size_that_a_strangers_record_does_not_tell_is_unknown(tmp_path: Path) -> None:
    """It is not 0."""
    archive = StrangeArchive({})
    lay(tmp_path / "p", {"a": b"a"})
    publish(archive, tmp_path / "p", Wanted("survey", Version(1, 0, 0)))
    archive.records["survey-v1.0.0"]["project"]["a"].pop("/bytes/")

    [listed] = archive.list_releases("survey", details=True)

    assert (listed.files, listed.size) == (1, None)


@pytest.mark.parametrize("damage", [{"version": "one"}, None, "survey"])
def test_what_a_stranger_gives_in_the_place_of_a_record_is_its_own_fault(damage: Any) -> None:
    """Whoever asked has not asked wrongly."""

    class Odd(StrangeArchive):
        def get_release_records(self, *_: Any, **__: Any) -> Any:
            return {"survey": damage}

    with pytest.raises(ArchiveError, match="what is no release record"):
        Odd({}).get_release_records("survey")
