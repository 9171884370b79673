"""The store of local files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from store.backends.base import DigestedResource
from store.backends.file_store import FileStore
from store.cache.backends.base import Cache
from store.errors import (
    ConfigurationError,
    DigestError,
    IntegrityError,
    QueryError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    UnsafeNameError,
)

CONTENT = b"some content\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a name that a URL would escape."""
    path = tmp_path / "a file#1.txt"
    path.write_bytes(CONTENT)
    return path


def test_a_file_is_known_by_its_content(file: Path, cache: Cache) -> None:
    """Without a pin the file's own SHA-256 is the identity."""
    found = FileStore(None, cache).get_resource_metadata({"path": str(file)})

    assert found.uid == f"sha256:{SHA256}"
    assert (found.size, found.filename) == (len(CONTENT), file.name)


@pytest.mark.parametrize("spelled", ["path", "text", "uri", "short uri", "relative", "home"])
def test_paths_are_read_in_every_spelling(
    spelled: str, file: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths, texts, file: URLs, relative paths and ~ lead to one file."""
    monkeypatch.chdir(file.parent)
    monkeypatch.setenv("HOME", str(file.parent))
    path: Any = {
        "path": file,
        "text": str(file),
        "uri": file.as_uri(),
        "short uri": file.as_uri().replace("file://", "FILE:"),
        "relative": file.name,
        "home": f"~/{file.name}",
    }[spelled]

    found = FileStore(None, cache).get_resource_metadata({"path": path})

    assert found.urls == (file.as_uri(),)


def test_a_file_is_brought_into_the_cache(file: Path, cache: Cache, tmp_path: Path) -> None:
    """The whole way: asked, copied, verified, kept, and placed."""
    store = FileStore({}, cache)
    metadata = store.get_resource_metadata({"path": file})

    kept = store.download_resource(metadata)
    placed = store.download_resource(metadata, str(tmp_path / "dest"))

    assert kept is not None
    assert cache.content.owns(kept)
    assert Path(kept).read_bytes() == CONTENT
    assert placed == str(tmp_path / "dest" / file.name)


def test_a_pinned_file_need_not_be_there_once_it_is_cached(file: Path, cache: Cache) -> None:
    """What a pin names is served from the cache, without a look at the file."""
    store = FileStore(None, cache)
    query = {"path": file, "sha256": SHA256, "size": len(CONTENT)}
    store.download_resource(store.get_resource_metadata(query))
    file.unlink()

    path = store.download_resource(store.get_resource_metadata(query))

    assert path is not None
    assert Path(path).read_bytes() == CONTENT


def test_a_changed_file_is_not_taken(file: Path, cache: Cache) -> None:
    """What was written to between the question and the copy is an integrity error."""
    store = FileStore(None, cache)
    metadata = store.get_resource_metadata({"path": file})
    file.write_bytes(b"other content")

    with pytest.raises(IntegrityError):
        store.download_resource(metadata)


def test_a_wrong_pin_is_not_taken(file: Path, cache: Cache) -> None:
    """A file that is not what was pinned is named with both digests."""
    store = FileStore(None, cache)
    metadata = store.get_resource_metadata({"path": file, "digest": f"sha256:{'0' * 64}"})

    with pytest.raises(IntegrityError) as caught:
        store.download_resource(metadata)

    assert caught.value.expected == f"sha256:{'0' * 64}"
    assert caught.value.found == f"sha256:{SHA256}"


def test_a_name_may_be_given(file: Path, cache: Cache) -> None:
    """The file is kept under the name that was asked for."""
    store = FileStore(None, cache)

    path = store.download_resource(
        store.get_resource_metadata({"path": file, "filename": "named.txt"})
    )

    assert path is not None
    assert Path(path).name == "named.txt"


def test_a_plain_resource_will_do(file: Path, tmp_path: Path, cache: Cache) -> None:
    """A remembered answer is fetched without the driver's own class."""
    dest = tmp_path / "dest"
    dest.mkdir()
    resource = DigestedResource(f"sha256:{SHA256}", urls=(file.as_uri(),), filename="x")

    path = FileStore(None, cache).download_resource_content(resource, str(dest))

    assert Path(path).read_bytes() == CONTENT


def test_a_missing_file_is_not_found(tmp_path: Path, cache: Cache) -> None:
    """Missing, or below what is no directory: there is no such file."""
    (tmp_path / "file").write_bytes(b"")
    store = FileStore(None, cache)

    for path in (tmp_path / "nothing", tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        with pytest.raises(ResourceNotFoundError):
            store.get_resource_metadata({"path": path})


def test_only_regular_files_are_served(tmp_path: Path, cache: Cache) -> None:
    """A directory or FIFO is refused, and not waited for."""
    os.mkfifo(tmp_path / "fifo")
    store = FileStore(None, cache)

    for path in (tmp_path, tmp_path / "fifo"):
        with pytest.raises(QueryError, match="no regular file"):
            store.get_resource_metadata({"path": path})


def test_an_unreadable_file_is_a_storage_error(tmp_path: Path, cache: Cache) -> None:
    """A circle of links stands for what cannot be opened even by root."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)

    with pytest.raises(StorageError) as caught:
        FileStore(None, cache).get_resource_metadata({"path": loop})

    assert caught.value.path == str(loop)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"path": ""},
        {"path": 3},
        {"path": "a\0b"},
        {"path": "\ud800"},
        {"path": "file://elsewhere/x"},
        {"path": "file:"},
        {"path": "~nobody-of-that-name/x"},
        {"path": "x", "sha265": SHA256},
        {"path": "x", "size": "large"},
        {"path": "x", "digests": object()},
    ],
)
def test_poor_queries_are_refused(query: dict[str, Any], cache: Cache) -> None:
    """Each is told before anything is read."""
    with pytest.raises(QueryError):
        FileStore(None, cache).get_resource_metadata(query)


def test_weak_digests_are_refused(file: Path, cache: Cache) -> None:
    """MD5 pins nothing."""
    with pytest.raises(DigestError):
        FileStore(None, cache).get_resource_metadata({"path": file, "md5": "0" * 32})


def test_a_root_is_not_left(tmp_path: Path, cache: Cache) -> None:
    """With a root only plain relative paths below it are served."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "inner").write_bytes(CONTENT)
    (root / "link").symlink_to(tmp_path / "outer")
    (tmp_path / "outer").write_bytes(b"secret")
    store = FileStore({"root": root}, cache)

    assert store.get_resource_metadata({"path": "inner"}).uid == f"sha256:{SHA256}"
    for path in ("../outer", str(tmp_path / "outer"), "link", (tmp_path / "outer").as_uri()):
        with pytest.raises(UnsafeNameError):
            store.get_resource_metadata({"path": path})


def test_a_name_too_long_for_the_disk_is_told(tmp_path: Path, cache: Cache) -> None:
    """No error of the operating system comes out bare."""
    with pytest.raises(StoreError):
        FileStore({"root": tmp_path}, cache).get_resource_metadata({"path": "x" * 10_000})


@pytest.mark.parametrize("configuration", [{"roots": "/x"}, {"root": 3}, "text", {"root": "\0"}])
def test_a_poor_configuration_is_refused(configuration: Any, cache: Cache) -> None:
    """The settings are looked at when the store is made."""
    with pytest.raises(ConfigurationError):
        FileStore(configuration, cache)
