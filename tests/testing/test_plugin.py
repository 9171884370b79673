"""pytest is given a cache directory, a clock, a store and a shielded environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from store.testing.fakes import FakeClock, FakeStore

HEAVY = ("store.testing.fakes", "attrs", "requests", "diskcache", "filelock", "hypothesis", "click")


def test_plugin_imports_pytest_alone() -> None:
    """Every project that has store installed pays for the import."""
    program = (
        "import sys, pytest; before = set(sys.modules); import store.testing.plugin;"
        " print(*sorted(set(sys.modules) - before))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "store.testing.plugin" in loaded
    assert loaded & set(HEAVY) == set()
    assert {name for name in loaded if name.startswith("store.")} == {
        "store.cache",  # an empty package, in which the face leaves load_cache
        "store.faces",  # makes the face of the package, and of its testing room
        "store.testing",
        "store.testing.plugin",
    }


def test_cache_directory_is_the_tests_own(store_cache_dir: Path, tmp_path: Path) -> None:
    """The directory lies below the test's own and is not made yet."""
    assert store_cache_dir.parent == tmp_path
    assert not store_cache_dir.exists()


def test_clock_stands_still(store_clock: FakeClock) -> None:
    """The clock is a fake."""
    assert store_clock.now() == store_clock.now()


def test_store_is_empty_and_caches_below_the_directory(
    fake_store: FakeStore, store_cache_dir: Path
) -> None:
    """What is published can be brought, and lies in the test's cache directory."""
    query = fake_store.publish("tool.txt", b"tool")

    path = fake_store.download_resource(fake_store.get_resource_metadata(query))

    assert path is not None
    assert Path(path).is_relative_to(store_cache_dir)


def test_environment_is_shielded(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The user's own variables are out of sight; what is written goes below the test's directory."""
    monkeypatch.setenv("STORE_OFFLINE", "1")
    monkeypatch.setenv("STORE_TOKEN_HTTPS_HOST", "secret")

    request.getfixturevalue("store_environment")

    ours = {name: value for name, value in os.environ.items() if name.startswith("STORE_")}
    assert ours.keys() == {"STORE_CACHE_DIR", "STORE_CONFIG_FILE"}
    for name in (*ours, "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "NETRC"):
        assert Path(os.environ[name]).is_relative_to(tmp_path)


def test_plugin_is_loaded_by_its_entry_point(pytester: pytest.Pytester) -> None:
    """A project that has store installed has its fixtures, without another line."""
    pytester.makepyfile(
        """
        def test_it(store_cache_dir, store_clock, store_environment):
            store_environment.setenv("STORE_OFFLINE", "1")
            assert not store_cache_dir.exists()
        """
    )

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")

    result.assert_outcomes(passed=1)
