"""Caches whose content goes with the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from store.cache.backends.memory import MemoryCache
from store.cache.backends.null import NullCache
from store.cache.backends.private import PrivateCache
from store.records import CachedResource


@pytest.mark.parametrize("kind", [MemoryCache, NullCache])
@pytest.mark.parametrize("configuration", [None, {"durability": "relaxed"}, "anything"])
def test_without_a_directory_content_goes_on_closing(
    kind: type[PrivateCache], configuration: object
) -> None:
    """And the cache may be used again, with another directory."""
    cache = kind(configuration)
    first = cache.content.root
    assert cache.content.root == first
    assert first.is_dir()
    cache.set("uid", CachedResource("uid", str(first / "file")))

    cache.close()
    gone = not first.exists()
    second = cache.content.root
    entry = cache.get("uid")
    cache.close()

    assert gone
    assert entry is None
    assert second != first


def test_the_directory_goes_with_the_process() -> None:
    """Who forgets to close leaves nothing behind."""
    script = (
        "from store.cache.backends.memory import MemoryCache\n"
        "cache = MemoryCache()\n"
        "with cache.content.workspace() as one: print(cache.content.root)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip()
    assert not Path(done.stdout.strip()).exists()


def test_a_forks_child_has_a_directory_of_its_own() -> None:
    """And does not remove its parent's."""
    cache = MemoryCache()
    mine = cache.content.root
    child = os.fork()
    if child == 0:
        theirs = cache.content.root
        cache.close()
        os._exit(0 if theirs != mine and not theirs.exists() else 1)

    _, status = os.waitpid(child, 0)

    assert status == 0
    assert mine.is_dir()
    cache.close()
