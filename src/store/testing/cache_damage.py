"""The part of the cache suite that damages and opens it again."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import abc
import json
from pathlib import Path
from typing import ClassVar, Final

import pytest

from store.cache.backends.base import NEVER, Cache
from store.records import CachedResource
from store.testing.deviations import Suite, untold
from store.testing.faults import cut_short, overwrite, scramble
from store.testing.subjects import files_below

DAMAGES: Final = (
    "cut short",
    "displaced",
    "emptied",
    "foreign JSON",
    "overwritten",
    "pickled",
    "scrambled",
)
"""What may become of a cache's files."""


class DamageTests(Suite, suite=True):
    """Persistence and damage: what another instance finds."""

    persistent: ClassVar[bool]

    @abc.abstractmethod
    def make(self, directory: Path) -> Cache:
        """Return a new instance whose ``cache_dir`` is ``directory``, which may not be there yet."""
        raise untold(self, "make(self, directory)")

    def damage(self, directory: Path, style: str) -> None:
        """Damage everything the backend has written; one with files elsewhere does more here.

        Args:
            directory: The cache's directory.
            style: One of `DAMAGES`.
        """
        for path in files_below(directory):
            _damage(path, style)

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        """The cache's directory, which is not there yet."""
        return tmp_path / "cache"

    def test_reopened_cache_remembers(self, directory: Path) -> None:
        """Another instance finds what was set, where the backend is persistent, and nothing else."""
        resource = CachedResource("uid", "/somewhere/file")
        with self.make(directory) as cache:
            cache.set("uid", resource, NEVER)

        with self.make(directory) as other:
            assert other.get("uid") == (resource if self.persistent else None)
            assert other.get("unknown") is None

    def test_instances_share_the_directory(self, directory: Path) -> None:
        """Two open instances see each other's entries, where the backend is persistent."""
        with self.make(directory) as one, self.make(directory) as other:
            one.set("uid", "first", NEVER)
            other.set("uid", "second", NEVER)
            other.set("deleted", "value", NEVER)
            one.delete("deleted")

            assert one.get("uid") == ("second" if self.persistent else "first")
            assert other.get("deleted") == (None if self.persistent else "value")

    @pytest.mark.parametrize("style", DAMAGES)
    def test_damage_is_a_miss(self, directory: Path, style: str) -> None:
        """Damaged entries are misses, never an error or another value; the cache works afterwards."""
        value = {"some": ["plain", "data"]}
        with self.make(directory) as cache:
            cache.set("uid", value, NEVER)
            cache.set("resource", CachedResource("resource", "/somewhere/file"), NEVER)
        self.damage(directory, style)

        with self.make(directory) as other:
            assert other.get("uid", "(default)") == "(default)"
            assert other.get("resource") is None
            assert "uid" not in other
            assert other.set("uid", value, NEVER) is True
            assert other.get("uid") == value

    def test_damage_under_an_open_cache_is_no_error(self, directory: Path) -> None:
        """Garbage that is written over files of an open cache gives the value or a miss, and no error.

        Their size is kept: a file that shrinks beneath a memory map ends any process (``SIGBUS``).
        """
        with self.make(directory) as cache:
            cache.set("uid", "value", NEVER)
            self.damage(directory, "scrambled")

            assert cache.get("uid") in {None, "value"}
            cache.delete("uid")

    def test_nothing_is_unpickled(self, directory: Path, tmp_path: Path) -> None:
        """A pickle that is planted in place of every file is not run."""
        marker = tmp_path / "marker"
        with self.make(directory) as cache:
            cache.set("uid", "value", NEVER)
        for path in files_below(directory):
            overwrite(path, _pickle(marker))

        with self.make(directory) as other:
            other.get("uid")

        assert not marker.exists(), "a pickle was run: data became code"


def _pickle(marker: Path) -> bytes:
    """Return a pickle that makes a directory when it is read (protocol 0, by hand)."""
    return f"cos\nmkdir\n(S'{marker}'\ntR.".encode()


def _damage(path: Path, style: str) -> None:
    if style == "cut short":
        cut_short(path)
    elif style == "scrambled":
        scramble(path)
    elif style == "displaced":
        path.unlink()
        path.mkdir()
    else:
        contents = {
            "emptied": b"",
            "overwritten": b"\xff\x00garbage" * 100,
            "pickled": _pickle(path.with_name("marker")),
            "foreign JSON": json.dumps({"version": 999, "uid": "uid", "value": "foreign"}).encode(),
        }
        overwrite(path, contents[style])
