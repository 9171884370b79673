"""What a driver is told in a settings file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from store.cache.backends.base import Cache
from store.errors import ConfigurationError, DigestError, IntegrityError
from store.fetching.fetcher import Fetcher
from store.hooks import hookimpl
from store.plugins.manager import plugins
from store.testing.fakes import FakeStore
from store.testing.servers import Server


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """Return the path of the project's settings file, which does not exist yet."""
    return tmp_path / "work" / "store.toml"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[driver.pypi]\n\nindexurl = 'x'\n", 3, "'indexurl': did you mean 'index_url'"),
        ("[driver.pypi]\nuse_pip_config = 'x'\n", 2, "must be true or false"),
        ("[driver.pypi]\nindex_url = 'http:x'\n", 2, "begin with a scheme"),
        ("[driver.http]\nallow_weak = 'perhaps'\n", 2, "must be true or false"),
        ("retries = 1\n[driver.file]\nroot = 3\n", 3, "cannot be read as a path"),
    ],
)
def test_what_a_driver_of_ours_does_not_know_is_told_at_once(
    settings_file: Path, text: str, line: int, words: str
) -> None:
    """With file, line and the nearest known key, whatever is to be fetched."""
    settings_file.write_text(text)

    with pytest.raises(ConfigurationError, match=words) as raised:
        Fetcher()

    assert (raised.value.path, raised.value.line) == (str(settings_file), line)
    assert str(raised.value).startswith(f"{settings_file}:{line}: ")


def test_a_file_drivers_root_counts_from_its_settings_file(tmp_path: Path) -> None:
    """From wherever the command is run."""
    (tmp_path / "config.toml").write_text('[driver.file]\nroot = "data"\n')
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_bytes(b"data")

    with Fetcher() as fetcher:
        path = fetcher.fetch("a.txt").path

    assert path.read_bytes() == b"data"


class Told(FakeStore):
    """A stranger's driver that takes whatever it is told, but for one key."""

    told: Any = None
    path_settings = frozenset({"where"})

    def __init__(self, store_configuration: Any, cache_backend: Cache) -> None:
        super().__init__({"resources": {"a.txt": b"a"}}, cache_backend)
        Told.told = store_configuration
        if "bad" in store_configuration:
            raise ConfigurationError("'bad' is none of mine", key="bad")


@pytest.fixture
def stranger() -> type[Told]:
    """Register a stranger's driver ``told``, and return its class."""

    class Plugin:
        """A plugin that brings one driver."""

        @hookimpl
        def store_drivers(self) -> dict[str, type[Told]]:
            """Bring it."""
            return {"told": Told}

    Told.told = None
    plugins().register(Plugin(), "test-plugin")
    return Told


def test_a_strangers_driver_declares_its_paths(
    settings_file: Path, tmp_path: Path, stranger: type[Told]
) -> None:
    """The rest reaches it as it was written."""
    settings_file.write_text("[driver.told]\nwhere = 'sub/x'\nother = 'sub/x'\n")

    with Fetcher() as fetcher:
        fetcher.fetch("told:name=a.txt")

    assert stranger.told == {"where": str(settings_file.parent / "sub/x"), "other": "sub/x"}


def test_what_a_stranger_refuses_is_told_when_it_is_asked(
    settings_file: Path, stranger: type[Told]
) -> None:
    """A fetch of something else looks for no plugin; its own is told with file and line."""
    settings_file.write_text("[driver.told]\nx = 1\nbad = 2\n")

    with Fetcher() as fetcher:
        assert stranger.told is None
        with pytest.raises(ConfigurationError, match="none of mine") as raised:
            fetcher.fetch("told:name=a.txt")

    assert raised.value.line == 3


@pytest.mark.parametrize("how", ["fragment", "argument", "query"])
def test_a_weak_digest_is_taken_where_the_settings_of_http_allow_it(
    server: Server, settings_file: Path, how: str
) -> None:
    """Wherever it stands, it is refused before anything is asked, and held against the file when allowed."""
    url = server.serve("/old", b"old")
    md5 = hashlib.md5(b"old", usedforsecurity=False).hexdigest()

    def fetched(digest: str) -> Path:
        with Fetcher() as fetcher:
            if how == "fragment":
                return fetcher.fetch(f"{url}#md5={digest}").path
            if how == "argument":
                return fetcher.fetch(url, digest=f"md5:{digest}").path
            return fetcher.fetch({"driver": "http", "url": url, "md5": digest}).path

    with pytest.raises(DigestError, match="set allow_weak"):
        fetched(md5)
    assert server.requests == []
    settings_file.write_text("[driver.http]\nallow_weak = true\n")

    assert fetched(md5).read_bytes() == b"old"
    with pytest.raises(IntegrityError):
        fetched("0" * 32)


def test_a_weak_digest_of_another_driver_is_refused(tmp_path: Path, settings_file: Path) -> None:
    """What one driver allows, no other does."""
    settings_file.write_text("[driver.http]\nallow_weak = true\n")
    file = tmp_path / "f"
    file.write_bytes(b"old")

    with Fetcher() as fetcher, pytest.raises(DigestError, match="too weak"):
        fetcher.fetch(f"{file}#md5={'0' * 32}")
