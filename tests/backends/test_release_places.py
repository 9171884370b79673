"""The driver of releases finds its archive wherever the process goes, and reads a plus as it stands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.backends.release_store import ReleaseStore, locate
from store.cache.backends.memory import MemoryCache
from store.releases.filesystem import FileSystemArchive
from store.releases.publishing import Wanted, publish
from store.releases.versions import Version


@pytest.fixture
def places(tmp_path: Path, store_environment: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two directories, each with an archive ``archive`` that has a release of the same name."""
    del store_environment
    made = tmp_path / "a", tmp_path / "b"
    for one in made:
        (one / "project").mkdir(parents=True)
        (one / "project" / "f").write_text(one.name)
        archive = FileSystemArchive.create(one / "archive")
        publish(archive, one / "project", Wanted("survey", Version.parse("1.0.0")))
    return made


def test_a_relative_archive_is_that_of_the_working_directory(
    places: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the one in which a query was asked, also when its file is brought in another."""
    store = ReleaseStore({"archive": "archive"}, MemoryCache(None))
    found = []
    for one in places:
        monkeypatch.chdir(one)
        found.append(store.get_resource_metadata({"title": "survey", "version": "1.0.0"}))

    brought = []
    for number, metadata in enumerate(found):
        (tmp_path / f"{number}").mkdir()
        path = store.download_resource_content(metadata, str(tmp_path / f"{number}"))
        brought.append(Path(path).read_text())

    assert brought == ["a", "b"]


def test_many_threads_open_an_archive_once(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is lost with what it holds open."""
    monkeypatch.chdir(places[0])
    store = ReleaseStore({"archive": "archive"}, MemoryCache(None))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.get_resource_metadata, [{"title": "survey"}] * 16))

    assert len(store._opened) == 1


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("title=survey&version=1.0.0+b1", {"title": "survey", "version": "1.0.0+b1"}),
        (
            "survey@1.0.0+b1?path=c++.txt",
            {"title": "survey", "version": "1.0.0+b1", "path": "c++.txt"},
        ),
        ("survey?path=a%20b%2Bc", {"title": "survey", "path": "a b+c"}),
    ],
)
def test_a_plus_stands_for_itself(text: str, query: dict[str, str]) -> None:
    """Versions have them, and files."""
    assert locate(text) == query
