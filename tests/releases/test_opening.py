"""Archives are opened by their address, and the names of the page are there."""

from __future__ import annotations

import hashlib
import inspect
import io
import sys
from pathlib import Path
from typing import Any

import pytest

import store.releases
from store.errors import (
    ConfigurationError,
    PluginConflictError,
    PluginError,
    QueryError,
    UnknownNameError,
    UnsafeNameError,
)
from store.hooks import hookimpl
from store.plugins.loading import load_archives
from store.plugins.manager import plugins
from store.releases import opening
from store.releases.filesystem import FileSystemArchive
from store.releases.interface import ArchiveInterface
from store.releases.named import archive_named
from store.releases.opening import get_interface, is_url, register, schemes


def parameters(function: Any) -> list[str]:
    """Return the parameters by position, without ``self``."""
    found = inspect.signature(function).parameters.values()
    return [
        one.name for one in found if one.name != "self" and one.kind is one.POSITIONAL_OR_KEYWORD
    ]


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An empty table of strangers."""
    table: dict[str, Any] = {}
    monkeypatch.setattr(opening, "_strangers", table)
    return table


def test_the_page_s_signatures_are_there() -> None:
    """Names and order of parameters are the page's."""
    blob = "blob_pid target_file update_dict expected_size release_record workspace chunk_size"
    upload = "posix_rel_path working_dir release_title_versionless release_title workspace_title"
    whole = "record workspace max_threads release_cache_folder download_chunk_bytes progress_bar file_status"
    mapping = "release_title release_title_versionless workspace project_mapping project_directory"

    for kind in (ArchiveInterface, FileSystemArchive):
        assert parameters(kind.download_blob) == blob.split()
        assert parameters(kind.process_and_upload_blob) == [
            *upload.split(),
            "chunk_size",
            "verbose",
        ]
        assert parameters(kind.download_release) == whole.split()
        assert parameters(kind.upload_blobs_and_update_mapping) == [
            *mapping.split(),
            *("max_threads", "chunk_size", "no_blobs"),
        ]
        assert parameters(kind.get_release_records) == [
            *("title_versionless", "version_expressions", "workspace")
        ]
    assert parameters(get_interface) == ["host", "user", "password", "resolve_relative_paths_to"]


def test_the_face_hands_names_on() -> None:
    """Every public name is there, and no other."""
    assert set(store.releases.__all__) <= set(dir(store.releases))
    for name in store.releases.__all__:
        assert getattr(store.releases, name) is not None
    with pytest.raises(AttributeError):
        store.releases.nothing  # noqa: B018 - it is asked for


def test_a_directory_is_opened_whatever_its_spelling(
    archive: FileSystemArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path, a relative one from where one says or from the working directory, and ``file:``."""
    monkeypatch.chdir(tmp_path)

    for host in (archive.archive_path, "archive", archive.archive_path.as_uri()):
        opened = get_interface(host, "ada")
        assert isinstance(opened, FileSystemArchive)
        assert (opened.archive_path, opened.user) == (archive.archive_path, "ada")
    assert get_interface("archive", resolve_relative_paths_to=tmp_path).host == str(
        tmp_path / "archive"
    )
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert get_interface("file:archive", resolve_relative_paths_to=tmp_path).host == str(
        tmp_path / "archive"
    )
    with pytest.raises(UnsafeNameError):
        get_interface("file://elsewhere/archive")


@pytest.mark.parametrize("host", [None, 5, b"archive", "arc\0x", ""])
def test_what_is_no_address_is_refused(host: Any) -> None:
    """It is never taken for a path that happens to be spelled so."""
    with pytest.raises(QueryError, match="archive"):
        get_interface(host)


def test_anything_else_is_a_clear_error(strangers: dict[str, Any]) -> None:
    """An unknown scheme is told with the known ones."""
    del strangers

    with pytest.raises(UnknownNameError, match="nothing opens archives") as caught:
        get_interface("ftp://host/archive")

    assert caught.value.known == schemes() == ("az", "bucket", "file", "gs", "http", "https", "s3")


def test_strangers_open_their_own(strangers: dict[str, Any], archive: FileSystemArchive) -> None:
    """A plugin's archive opens its scheme; what makes none is told."""
    register("shelf", lambda **_: archive)
    register("odd", lambda **_: 7)

    assert get_interface("shelf:one") is archive
    assert set(strangers) == {"shelf", "odd"}
    with pytest.raises(PluginError, match="makes a int"):
        get_interface("odd://x")
    with pytest.raises(PluginConflictError):
        register("shelf", lambda **_: 7)
    with pytest.raises(PluginConflictError):
        register("s3", lambda **_: 7)


def test_plugins_bring_archives(strangers: dict[str, Any], archive: FileSystemArchive) -> None:
    """The hook ``store_archives`` fills the table."""

    class Plugin:
        @hookimpl
        def store_archives(self) -> dict[str, Any]:
            """Bring one."""
            return {"shelf": lambda **_: archive, "s3": lambda **_: archive}

    plugins.cache_clear()
    try:
        plugins().register(Plugin(), name="shelves")
        load_archives()
    finally:
        plugins.cache_clear()

    assert set(strangers) == {"shelf"}
    assert get_interface("shelf:one") is archive


def test_addresses_are_known() -> None:
    """A scheme and a host make one."""
    assert is_url("https://host/x")
    assert not any(map(is_url, ("/path", "file:x", "C:\\x", "http://[", None)))


def test_digests_are_of_the_page() -> None:
    """SHA-1 as it says, from where the file stands, in chunks; others on request."""
    file = io.BytesIO(b"xcontent")
    file.read(1)

    assert store.releases.chunked_sha(file, 3) == hashlib.sha1(b"content").hexdigest()
    file.seek(1)
    assert (
        store.releases.chunked_sha(file, algorithm="sha256")
        == hashlib.sha256(b"content").hexdigest()
    )


@pytest.mark.parametrize("chunk", [0, -1])
def test_a_chunk_has_a_byte_at_least(chunk: int) -> None:
    """Else nothing would be read, and the digest be that of no content."""
    with pytest.raises(QueryError, match="one byte"):
        store.releases.chunked_sha(io.BytesIO(b"content"), chunk)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"default": "yes"}, "neither true nor false"),
        ({"workspace": "../w"}, "'../w' is refused"),
    ],
)
def test_a_table_that_says_what_cannot_be_is_refused(table: dict[str, Any], said: str) -> None:
    """Whether the archive is named, or meant by default."""
    archives = {"a": {"host": "https://host", **table}}

    for where in ("a", None):
        with pytest.raises(ConfigurationError, match=said):
            archive_named(where, archives)


def test_an_archive_must_be_named() -> None:
    """One of several is meant only where one is marked."""
    two = {"a": {"host": "x"}, "b": {"host": "y"}}

    assert archive_named(None, {**two, "c": {"host": "z", "default": True}}).name == "c"
    assert archive_named("https://host", two).host == "https://host"
    assert archive_named("a", two, user="ada").user == "ada"
    with pytest.raises(QueryError, match="which archive"):
        archive_named(None, two)


def test_the_house_stays_light() -> None:
    """PyYAML is loaded where a record in YAML is read, and by nothing before."""
    import subprocess

    code = (
        "import store, sys; from store.releases import get_interface; print('yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
