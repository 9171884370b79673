"""Each backend, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.cache.backends.base import Cache
from store.cache.backends.disk import DiskCache
from store.cache.backends.filecache import FileCache
from store.cache.backends.memory import MemoryCache
from store.testing.fakes import FakeClock

BACKENDS: dict[str, type[Cache]] = {
    "file-cache": FileCache,
    "disk": DiskCache,
    "memory": MemoryCache,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the cache lies; not made yet."""
    return tmp_path / "cache"


@pytest.fixture
def clock() -> FakeClock:
    """The time."""
    return FakeClock()


@pytest.fixture(params=sorted(BACKENDS))
def cache(request: pytest.FixtureRequest, root: Path, clock: FakeClock) -> Iterator[Cache]:
    """One of the backends that remember, empty."""
    with BACKENDS[request.param]({"cache_dir": root, "durability": "relaxed"}) as opened:
        opened.clock = clock
        yield opened
