"""The part of the store suite that has bytes moved."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import contextlib
import os
import stat
import threading
from pathlib import Path
from typing import Any, Final

import pytest

from store.backends.base import Store
from store.cache.backends.base import Cache
from store.clock import SYSTEM_CLOCK
from store.errors import StoreError, TransportError
from store.testing.faults import RaisingCache, flip_bit, overwrite
from store.testing.subjects import Published, StoreSubject, bring, files_below

ASKERS: Final = 8
"""How many threads ask at once."""


class DownloadTests(StoreSubject, suite=True):
    """Content: moved once, whole, to where it is wanted."""

    def test_driver_brings_the_whole_content(
        self, store: Store[Any], published: Published, tmp_path: Path
    ) -> None:
        """The driver's own gap leaves one regular file, whole, in the directory it is given."""
        directory = tmp_path / "private"
        directory.mkdir()

        path = store.download_resource_content(
            store.get_resource_metadata(published.query), str(directory)
        )

        assert path is not None, "download_resource_content answered None"
        assert files_below(directory) == [Path(path)]
        assert stat.S_ISREG(os.lstat(path).st_mode)
        assert Path(path).read_bytes() == published.content

    def test_content_is_handed_out_in_place(
        self, store: Store[Any], published: Published, cache: Cache
    ) -> None:
        """Without a destination the file lies in the cache, whole and read-only."""
        path = bring(store, published.query)

        assert path.read_bytes() == published.content
        assert cache.content.owns(str(path))
        assert path.stat().st_mode & 0o222 == 0

    def test_destination_gets_a_private_file(
        self, store: Store[Any], published: Published, tmp_path: Path
    ) -> None:
        """A destination, made if missing, gets a file whose editing harms neither cache nor origin."""
        path = bring(store, published.query, tmp_path / "some" / "where")
        assert path.parent == tmp_path / "some" / "where"
        assert path.read_bytes() == published.content
        assert path.stat().st_mode & stat.S_IWUSR

        overwrite(path, b"edited")

        assert bring(store, published.query).read_bytes() == published.content
        with self.open_cache(tmp_path / "other-cache") as cache:
            other = self.open_store(store.store_configuration, cache)
            assert bring(other, published.query).read_bytes() == published.content

    def test_second_ask_needs_no_origin(
        self, store: Store[Any], published: Published, origin: Path, tmp_path: Path
    ) -> None:
        """What was brought once is served when the origin is gone, in place and into a destination."""
        metadata = store.get_resource_metadata(published.query)
        first = store.download_resource(metadata)
        self.withdraw(origin)

        second = store.download_resource(metadata)
        placed = store.download_resource(metadata, str(tmp_path / "dest"))

        assert first == second
        assert placed is not None
        assert Path(placed).read_bytes() == published.content

    def test_many_askers_cause_one_download(
        self, store: Store[Any], published: Published, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Eight threads that ask at once get the file, and the driver moves its bytes once."""
        downloads: list[str] = []
        move = store.download_resource_content

        def counting(metadata: Any, dest: str) -> str | None:  # noqa: ANN401 - the driver's own
            """Note the download, and take so long that the others ask meanwhile."""
            downloads.append(dest)
            SYSTEM_CLOCK.sleep(0.1)
            return move(metadata, dest)

        monkeypatch.setattr(store, "download_resource_content", counting)
        paths = _all_at_once(store, published)

        assert len(downloads) == 1
        assert [path.read_bytes() for path in paths] == [published.content] * ASKERS

    def test_failure_leaves_nothing(
        self,
        store: Store[Any],
        published: Published,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A driver that fails half way leaves no trace; the next ask is served."""
        move = store.download_resource_content

        def failing(metadata: Any, dest: str) -> str | None:  # noqa: ANN401 - the driver's own
            """Bring the file, and fail."""
            move(metadata, dest)
            raise TransportError("the connection broke, on purpose")

        metadata = store.get_resource_metadata(published.query)
        with monkeypatch.context() as patch:
            patch.setattr(store, "download_resource_content", failing)
            with pytest.raises(TransportError):
                store.download_resource(metadata, str(tmp_path / "dest"))

        assert _traces(tmp_path) == []
        assert bring(store, published.query, tmp_path / "dest").read_bytes() == published.content

    def test_missing_resource_leaves_nothing(
        self, store: Store[Any], origin: Path, tmp_path: Path
    ) -> None:
        """Nothing lies anywhere after a resource was not found."""
        with contextlib.suppress(StoreError):
            metadata = store.get_resource_metadata(self.missing(origin))
            store.download_resource(metadata, str(tmp_path / "dest"))

        assert _traces(tmp_path) == []

    def test_damaged_download_is_not_delivered(
        self,
        store: Store[Any],
        published: Published,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A bit that flips on the way is found: no file, no entry, no trace."""
        move = store.download_resource_content

        def damaging(metadata: Any, dest: str) -> str | None:  # noqa: ANN401 - the driver's own
            """Bring the file, with a bit flipped."""
            path = move(metadata, dest)
            if path is not None:
                flip_bit(path)
            return path

        metadata = store.get_resource_metadata(published.query)
        with monkeypatch.context() as patch, contextlib.suppress(StoreError):
            patch.setattr(store, "download_resource_content", damaging)
            assert store.download_resource(metadata, str(tmp_path / "dest")) is None

        assert _traces(tmp_path) == []

    def test_no_cache_is_needed(
        self, store: Store[Any], published: Published, tmp_path: Path
    ) -> None:
        """With a cache that remembers nothing every ask is served, from the origin."""
        from store.plugins.loading import load_cache

        with load_cache("null", {"cache_dir": str(tmp_path / "null")}) as cache:
            other = self.open_store(store.store_configuration, cache)
            paths = [bring(other, published.query, tmp_path / name) for name in ("one", "two")]

        assert [path.read_bytes() for path in paths] == [published.content] * 2

    def test_broken_cache_is_no_obstacle(
        self, store: Store[Any], published: Published, tmp_path: Path
    ) -> None:
        """A cache of which every method raises does not keep the file from its destination."""
        cache = RaisingCache({"cache_dir": str(tmp_path / "raising")})
        other = self.open_store(store.store_configuration, cache)

        path = bring(other, published.query, tmp_path / "dest")

        assert path.read_bytes() == published.content
        assert cache.asked


def _all_at_once(store: Store[Any], published: Published) -> list[Path]:
    from concurrent.futures import ThreadPoolExecutor

    metadata = store.get_resource_metadata(published.query)
    together = threading.Barrier(ASKERS)

    def ask(_: int) -> Path:
        """Ask together with the others."""
        together.wait()
        path = store.download_resource(metadata)
        assert path is not None, "download_resource answered None"
        return Path(path)

    with ThreadPoolExecutor(ASKERS) as askers:
        return list(askers.map(ask, range(ASKERS)))


def _traces(tmp_path: Path) -> list[Path]:
    """Return the files that a failed download left in the destination or the cache."""
    places = ("dest", "cache/content", "cache/partial")
    return [path for place in places for path in files_below(tmp_path / place)]
