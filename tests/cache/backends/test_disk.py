"""Entries in SQLite, and what may have become of the database."""

from __future__ import annotations

import logging
import os
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diskcache
import pytest

from store.cache.backends.base import NEVER
from store.cache.backends.disk import DiskCache
from store.cache.backends.jsondisk import TextDisk
from store.errors import ConfigurationError
from store.files.names import derived_name


class Bomb:
    """Says when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Make a file."""
        return os.mkdir, ("exploded",)


@pytest.fixture
def cache(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DiskCache:
    """A closed disk cache with one entry; the working directory is a temporary one."""
    monkeypatch.chdir(tmp_path)
    opened = DiskCache({"cache_dir": str(root), "size_limit": 1 << 20})
    opened.set("uid", "value", NEVER)
    opened.close()
    return opened


def ruin(path: Path) -> None:
    """Overwrite the database."""
    path.write_bytes(b"no database at all" * 1000)


def into_directory(path: Path) -> None:
    """Put a directory in its place."""
    path.unlink()
    path.mkdir()


def into_file(path: Path) -> None:
    """Put a file in the place of its directory."""
    for one in path.parent.iterdir():
        one.unlink()
    path.parent.rmdir()
    path.parent.write_bytes(b"")


def foreign(path: Path) -> None:
    """Give its tables another meaning."""
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE Cache")
        connection.execute("CREATE TABLE Cache (other TEXT)")
    connection.close()


def odd_settings(path: Path) -> None:
    """Have the settings name what diskcache does not know."""
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT OR REPLACE INTO Settings VALUES ('disk_surprise', 1)")
    connection.close()


@pytest.mark.parametrize("damage", [ruin, into_directory, into_file, foreign, odd_settings])
def test_a_damaged_database_is_begun_anew(
    cache: DiskCache, root: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """The damaged one lies in quarantine."""
    damage(root / "index/v1/cache.db")

    found = cache.get("uid", "default")

    assert found == "default"
    assert cache.set("uid", "new")
    assert cache.get("uid") == "new"
    assert len(list((root / "quarantine").iterdir())) == 1
    assert "begun anew" in caplog.text
    cache.close()


def test_damage_is_healed_by_setting_as_well(cache: DiskCache, root: Path) -> None:
    """Whoever comes first."""
    ruin(root / "index/v1/cache.db")

    assert cache.set("uid", "new")
    assert cache.get("uid") == "new"
    cache.close()


@pytest.mark.parametrize(
    ("mode", "filename", "value"),
    [
        (4, None, pickle.dumps(Bomb())),
        (4, "bomb.val", None),
        (3, "../../../secret", None),
        (2, "/etc/hostname", None),
        (1, None, b"bytes"),
        (1, None, 7),
        (1, None, "no JSON"),
    ],
)
def test_a_planted_row_is_a_miss(
    *,
    cache: DiskCache,
    root: Path,
    tmp_path: Path,
    mode: int,
    filename: str | None,
    value: object,
) -> None:
    """Nothing is unpickled, and no file that a row names is read or removed."""
    (tmp_path / "secret").write_text('{"uid": "uid", "expires": null, "value": 1}')
    (root / "index/v1/bomb.val").write_bytes(pickle.dumps(Bomb()))
    with sqlite3.connect(root / "index/v1/cache.db") as connection:
        connection.execute(
            "UPDATE Cache SET mode = ?, filename = ?, value = ?", (mode, filename, value)
        )
    connection.close()

    found = cache.get("uid", "default")
    cache.delete("uid")
    cache.close()

    assert found == "default"
    assert not (tmp_path / "exploded").exists()
    assert (tmp_path / "secret").exists()
    assert (root / "index/v1/bomb.val").exists()


def test_a_locked_database_is_a_miss(cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, and the database stays."""

    def locked(*args: object, **options: object) -> None:
        raise diskcache.Timeout

    cache.get("uid")
    with monkeypatch.context() as patch:
        patch.setattr(diskcache.Cache, "set", locked)
        assert cache.set("uid", "new") is False

    assert cache.get("uid") == "value"
    cache.close()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN])
def test_a_read_only_database_is_read(
    cache: DiskCache, monkeypatch: pytest.MonkeyPatch, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What was remembered before is still delivered; setting says False."""

    def read_only(*args: object, **options: object) -> None:
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = code
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(diskcache, "Cache", read_only)
        assert cache.get("uid") == "value"
        assert cache.get("other") is None
        assert cache.set("uid", "new") is False

    assert cache.get("uid") == "value"
    cache.close()


def test_an_unwritable_directory_is_a_miss(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file lies where the cache should."""
    (tmp_path / "cache").write_bytes(b"mine")
    caplog.set_level(logging.WARNING)

    with DiskCache({"cache_dir": tmp_path / "cache"}) as cache:
        assert cache.get("uid", "default") == "default"
        assert cache.set("uid", 1) is False
        cache.delete("uid")
        cache.clear()

    assert (tmp_path / "cache").read_bytes() == b"mine"
    assert "cannot be had" in caplog.text


def test_a_failure_twice_is_a_miss(cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be begun anew is not tried for ever."""

    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(diskcache, "Cache", broken)
        assert cache.set("uid", "new") is False


def test_the_entries_stay_below_their_limit(root: Path) -> None:
    """The least recently stored go first; content does not count."""
    with DiskCache({"cache_dir": root, "size_limit": 200_000}) as cache:
        for number in range(100):
            cache.set(str(number), "x" * 10_000)

        assert cache.get("99") == "x" * 10_000
        assert cache.get("0") is None
        assert sum(one.stat().st_size for one in (root / "index/v1").iterdir()) < 8_000_000


@pytest.mark.parametrize("limit", [0, -1, "1G", 1.5, True])
def test_a_limit_is_a_number_of_bytes(root: Path, limit: object) -> None:
    """Anything else is named."""
    with pytest.raises(ConfigurationError, match="size_limit"):
        DiskCache({"cache_dir": root, "size_limit": limit})


def test_keys_are_derived(cache: DiskCache, root: Path) -> None:
    """A uid never becomes a key that could be of another kind."""
    with sqlite3.connect(root / "index/v1/cache.db") as connection:
        keys = connection.execute("SELECT key, raw FROM Cache").fetchall()
    connection.close()

    assert keys == [(derived_name("uid"), 1)]


def test_the_disk_holds_text_only(tmp_path: Path) -> None:
    """Whatever diskcache might ask of it."""
    disk = TextDisk(str(tmp_path))

    assert disk.put("key") == ("key", True)
    assert disk.get("key", raw=True) == "key"
    disk.remove("anything")
    for call in (
        lambda: disk.put(b"key"),
        lambda: disk.get(pickle.dumps(Bomb()), raw=False),
        lambda: disk.store(Bomb(), read=False),
        lambda: disk.filename("key"),
    ):
        with pytest.raises(TypeError):
            call()


def test_a_database_that_is_emptied_under_an_open_cache_kills_nobody(tmp_path: Path) -> None:
    """No file of it is mapped into memory, where a truncation would be a SIGBUS."""
    program = """
import pathlib, sys
from store.cache.backends.disk import DiskCache
cache = DiskCache({"cache_dir": sys.argv[1]})
cache.set("uid", "value" * 1000)
for path in pathlib.Path(sys.argv[1]).rglob("cache.db*"):
    with open(path, "r+b") as file:
        file.truncate(0)
cache.get("uid")
print(cache.set("uid", "new"), cache.get("uid"))
"""

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "True new\n")
