"""The driver of releases passes the suite, and finds files as its queries say."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from store.backends.release_store import ReleaseStore, locate
from store.cache.backends.memory import MemoryCache
from store.errors import (
    ConfigurationError,
    IntegrityError,
    LocatorError,
    OfflineError,
    QueryError,
    ReleaseRecordNotFoundError,
    ResourceNotFoundError,
    UnverifiedError,
)
from store.releases.filesystem import FileSystemArchive
from store.releases.publishing import Wanted, publish
from store.releases.versions import Version
from store.testing.stores import Published, StoreSuite
from store.transports.base import TransferOptions

CONTENT = b"1,2\n"


def lay_down(origin: Path) -> None:
    """Publish two versions."""
    project = origin / "project"
    (project / "data").mkdir(parents=True)
    (project / "data" / "t.csv").write_bytes(CONTENT)
    (project / "other").write_bytes(b"x")
    archive = FileSystemArchive.create(origin / "archive")
    for version in ("1.0.0", "1.1.0"):
        wanted = Wanted("survey", Version.parse(version), datasets={"table": "data/t.csv"})
        publish(archive, project, wanted)


class TestReleases(StoreSuite):
    """A directory's releases."""

    driver = "release"
    optional = frozenset({"version", "path"})

    def configuration(self, origin: Path) -> Mapping[str, Any]:
        """Name the archive."""
        return {"archive": str(origin / "archive")}

    def publish(self, origin: Path) -> Published:
        """Publish, and ask for one file."""
        lay_down(origin)
        query = {"title": "survey", "version": ">=1,<2", "path": "data/t.csv"}
        return Published(query=query, content=CONTENT)

    def missing(self, origin: Path) -> Mapping[str, Any]:
        """Ask for what was never published."""
        del origin
        return {"title": "survey", "version": "==9.0.0", "path": "data/t.csv"}

    def withdraw(self, origin: Path) -> None:
        """Take the blobs away; what a release says of them stays."""
        shutil.rmtree(origin / "archive" / "Global Public Workspace" / "survey" / "blobs")


@pytest.fixture
def store(tmp_path: Path, store_environment: pytest.MonkeyPatch) -> ReleaseStore:
    """The driver over an archive with two releases."""
    del store_environment
    lay_down(tmp_path)
    return ReleaseStore({"archive": str(tmp_path / "archive")}, MemoryCache({}))


def test_files_are_named_by_path_or_dataset(store: ReleaseStore) -> None:
    """Both lead to the same content, known by its digest."""
    by_path = store.get_resource_metadata({"title": "survey", "path": "data/t.csv"})
    by_name = store.get_resource_metadata({"title": "survey", "dataset": "table"})
    by_itself = store.get_resource_metadata({"title": "survey"})

    assert by_path.uid == by_name.uid == by_itself.uid
    assert (by_path.filename, by_path.size) == ("t.csv", 4)
    assert str(by_path.record.version) == "1.1.0"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"title": "survey", "version": "?"},
        {"title": "survey", "titel": "x"},
    ],
)
def test_what_names_no_file_is_told(store: ReleaseStore, query: dict[str, Any]) -> None:
    """A query that cannot be answered is an error of usage."""
    with pytest.raises(QueryError):
        store.get_resource_metadata(query)


@pytest.mark.parametrize("key", ["path", "dataset"])
def test_a_file_that_a_release_lacks_is_not_found(store: ReleaseStore, key: str) -> None:
    """The query can be read, so that it is no error of usage: the status is 3."""
    with pytest.raises(ResourceNotFoundError, match="'nothing'") as caught:
        store.get_resource_metadata({"title": "survey", key: "nothing"})

    assert caught.value.exit_status == 3


def test_a_file_is_named_in_one_way(store: ReleaseStore) -> None:
    """Both at once might contradict each other."""
    with pytest.raises(QueryError, match="not by both"):
        store.get_resource_metadata({"title": "survey", "path": "other", "dataset": "table"})


def test_an_archive_may_be_a_path(store: ReleaseStore, tmp_path: Path) -> None:
    """A query of Python has one as it has any other."""
    other = ReleaseStore(None, MemoryCache({}))

    found = other.get_resource_metadata({"title": "survey", "archive": tmp_path / "archive"})

    assert found.uid == store.get_resource_metadata({"title": "survey"}).uid


def test_a_missing_release_is_not_found(store: ReleaseStore) -> None:
    """The error carries the query."""
    with pytest.raises(ReleaseRecordNotFoundError) as caught:
        store.get_resource_metadata({"title": "other"})

    assert caught.value.query == {"title": "other"}


def test_a_damaged_blob_is_an_error(store: ReleaseStore, tmp_path: Path) -> None:
    """What is not what was published never reaches the caller."""
    metadata = store.get_resource_metadata({"title": "survey"})
    for blob in (tmp_path / "archive").rglob("blobs/*/*"):
        blob.chmod(0o644)
        blob.write_bytes(b"9,9\n")
    (tmp_path / "dest").mkdir()

    with pytest.raises(IntegrityError):
        store.download_resource_content(metadata, str(tmp_path / "dest"))


def test_archives_are_named_in_the_settings(
    tmp_path: Path, store_environment: pytest.MonkeyPatch
) -> None:
    """A name, a workspace of its own, and the default one."""
    lay_down(tmp_path)
    store_environment.chdir(tmp_path)
    (tmp_path / "store.toml").write_text('[archive.ours]\nhost = "archive"\n')
    store = ReleaseStore(None, MemoryCache({}))

    named = store.get_resource_metadata({"title": "survey", "archive": "ours"})

    assert store.get_resource_metadata({"title": "survey"}).uid == named.uid
    assert store.needs_network is False
    with pytest.raises(ReleaseRecordNotFoundError):
        store.get_resource_metadata({"title": "survey", "workspace": "other"})


def test_a_query_tells_whether_the_network_is_asked(
    store_environment: pytest.MonkeyPatch,
) -> None:
    """By the archive that it means; what means none is told when it is asked."""
    del store_environment
    store = ReleaseStore(None, MemoryCache({}))
    query = {"title": "survey", "version": "1.0.0"}

    assert store.asks_network({**query, "archive": "s3://bucket/x"})
    assert not store.asks_network({**query, "archive": "here"})
    assert not store.asks_network(query)
    assert store.resolution_query(query) == query
    assert store.resolution_max_age({**query, "archive": "gone"}) == math.inf
    assert store.resolution_max_age({**query, "archive": "file://elsewhere/x"}) == math.inf
    assert store.resolution_max_age(query) is None
    assert store.resolution_max_age({"title": "survey", "version": ">=1", "archive": "x"}) is None
    assert store.resolution_max_age({"title": "survey", "version": "?"}) is None
    with pytest.raises(QueryError, match="which archive"):
        store.get_resource_metadata(query)


def test_offline_opens_no_socket(store_environment: pytest.MonkeyPatch) -> None:
    """An archive on the network is not asked."""
    del store_environment
    store = ReleaseStore({"archive": "https://curator.example.org/"}, MemoryCache({}))
    store.options = TransferOptions(offline=True)

    assert store.needs_network is True
    with pytest.raises(OfflineError):
        store.get_resource_metadata({"title": "survey"})


def test_a_record_without_digests_needs_a_pin(store: ReleaseStore) -> None:
    """What an older server's record does not tell, the query must."""
    record = store.get_resource_metadata({"title": "survey"}).record
    blob = record.blobs[0]._replace(pid="https://x/1", sha256=None)

    from store.backends.release_choice import known_digests

    with pytest.raises(UnverifiedError, match="pin one"):
        known_digests(record, blob)


@pytest.mark.parametrize("configuration", [{"archiv": "x"}, {"archive": 7}, "x"])
def test_a_configuration_is_checked(configuration: Any) -> None:
    """An unknown key, or a value that is no text, is told."""
    with pytest.raises(ConfigurationError):
        ReleaseStore(configuration, MemoryCache({}))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("survey", {"title": "survey"}),
        ("survey@1.2.0", {"title": "survey", "version": "1.2.0"}),
        ("survey>=1,<2", {"title": "survey", "version": ">=1,<2"}),
        (
            "space/survey^1?path=a%20b",
            {"title": "survey", "version": "^1", "workspace": "space", "path": "a b"},
        ),
        ("title=survey&version=>=1", {"title": "survey", "version": ">=1"}),
        ("title==1.0.0", {"title": "title", "version": "1.0.0"}),
    ],
)
def test_locators_are_read(text: str, query: dict[str, str]) -> None:
    """A requirement, and behind a question mark the rest; or pairs."""
    assert locate(text) == query


@pytest.mark.parametrize(
    "text", ["", ">=1", "survey?path", "survey?path=a&path=b", "title=a&title=b"]
)
def test_what_is_no_locator_is_told(text: str) -> None:
    """A malformed locator is an error of usage."""
    with pytest.raises(LocatorError):
        locate(text)


def test_a_relative_archive_counts_from_where_one_is(
    tmp_path: Path, store_environment: pytest.MonkeyPatch
) -> None:
    """Whatever was opened before the working directory was changed."""
    other = ReleaseStore({"archive": "./archive"}, MemoryCache({}))
    for name in ("a", "b"):
        lay_down(tmp_path / name)
    store_environment.chdir(tmp_path / "a")
    other.get_resource_metadata({"title": "survey", "path": "other"})
    shutil.rmtree(tmp_path / "b" / "archive" / "Global Public Workspace")
    store_environment.chdir(tmp_path / "b")

    with pytest.raises(ReleaseRecordNotFoundError):
        other.get_resource_metadata({"title": "survey", "path": "other"})
