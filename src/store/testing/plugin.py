"""The pytest plugin: a cache directory, a clock and a store for tests.

pytest loads it at its start in every project that has ``store`` installed, so it imports pytest alone;
whatever else a fixture needs is imported when the fixture is asked for.
"""

from __future__ import annotations

import os
import typing
from pathlib import Path

import pytest

if typing.TYPE_CHECKING:
    from store.testing.fakes import FakeClock, FakeStore

pytest.register_assert_rewrite(
    "store.testing.stores",
    "store.testing.caches",
    "store.testing.transports",
    "store.testing.registries",
    "store.testing.storage_conditions",
    "store.testing.storage_keys",
    "store.testing.storage_objects",
)


@pytest.fixture
def store_cache_dir(tmp_path: Path) -> Path:
    """A cache directory of the test's own, not made yet."""
    return tmp_path / "store-cache"


@pytest.fixture
def store_clock() -> FakeClock:
    """A clock that stands still until the test moves it: see `store.testing.fakes.FakeClock`."""
    from store.testing.fakes import FakeClock

    return FakeClock()


@pytest.fixture
def fake_store(store_cache_dir: Path) -> FakeStore:
    """An empty store in memory with a cache of its own: ``fake_store.publish("name", b"content")``."""
    from store.testing.fakes import FakeCache, FakeStore

    return FakeStore({}, FakeCache({"cache_dir": str(store_cache_dir)}))


@pytest.fixture
def store_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store_cache_dir: Path
) -> pytest.MonkeyPatch:
    """Shield the test from the user's own settings, cache, home and secrets.

    Every ``STORE_*`` variable is taken away; cache, settings, home directory and netrc are empty ones
    below ``tmp_path``.

    Returns:
        The monkeypatch, to set variables with.
    """
    for name in [one for one in os.environ if one.startswith("STORE_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "store-home"
    home.mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("NETRC", str(home / "netrc"))
    monkeypatch.setenv("STORE_CACHE_DIR", str(store_cache_dir))
    monkeypatch.setenv("STORE_CONFIG_FILE", str(home / "config.toml"))
    return monkeypatch
