"""A cache, a server, a clock, and files that grow old."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from store.cache.content import Content
from store.config.credentials import Credentials
from store.freshness.aged_file import AgedFile
from store.freshness.kernel_file import KernelFileCache
from store.testing.fakes import FakeClock
from store.testing.servers import Server
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.opening import close_all

AHEAD = 60.0
"""How far the clock is ahead of the files' times, in seconds, so that their stamps are trusted."""


@pytest.fixture(autouse=True)
def _own_environment(store_environment: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Shield the tests from the user's settings, and keep connections out of the next one."""
    store_environment.setenv("STORE_DURABILITY", "relaxed")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        store_environment.delenv(name, raising=False)
        store_environment.delenv(name.lower(), raising=False)
    work = tmp_path / "work"
    work.mkdir()
    store_environment.chdir(work)
    close_all()
    yield
    close_all()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    with Server() as running:
        yield running


@pytest.fixture
def mirror() -> Iterator[Server]:
    """Another server."""
    with Server() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still at a full second, a little ahead of the files that are made meanwhile."""
    return FakeClock(float(int(time.time() + AHEAD)))


@pytest.fixture
def content(store_cache_dir: Path, clock: FakeClock) -> Iterator[Content]:
    """A cache's files, at the time of the clock."""
    opened = Content(store_cache_dir, durability="relaxed", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def options(clock: FakeClock) -> TransferOptions:
    """Options that wait for nothing long, and ask for no secret of this machine."""
    return TransferOptions(
        credentials=Credentials(use_environment=False, use_keyring=False, use_netrc=False),
        bounds=Bounds(connect_timeout=2.0, read_timeout=0.3),
        retrying=Retrying(attempts=3, base=0.001, longest=0.002),
        clock=clock,
    )


@pytest.fixture
def offline(options: TransferOptions) -> TransferOptions:
    """The same, without the network."""
    return options._replace(offline=True)


@pytest.fixture
def aged(content: Content, options: TransferOptions) -> Callable[..., AgedFile]:
    """Makes aged files in the cache of the test."""
    return partial(AgedFile, content=content, options=options)


@pytest.fixture
def kernel(content: Content, options: TransferOptions) -> Callable[..., KernelFileCache]:
    """Makes kernel caches in the cache of the test."""
    return partial(KernelFileCache, content=content, options=options)
