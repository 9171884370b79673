"""A cache directory, and contents to keep in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from store.cache.content import Content, Kept
from store.cache.examining import Examined, examine
from store.clock import Clock
from store.integrity.digest import Digest, Digests

Keep = Callable[..., Kept]
"""Keeps bytes in a content: ``keep(content, data, name=..., digests=...)``."""


def sha256(data: bytes) -> Digests:
    """The digests that pin some bytes."""
    return (Digest("sha256", hashlib.sha256(data).hexdigest()),)


@pytest.fixture
def pin() -> Callable[[bytes], Digests]:
    """Gives the digests that pin some bytes."""
    return sha256


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the cache lies; not made yet."""
    return tmp_path / "cache"


@pytest.fixture
def content(root: Path) -> Iterator[Content]:
    """An empty content that does not fsync."""
    opened = Content(root, durability="relaxed", lock_timeout=5)
    yield opened
    opened.close()


@pytest.fixture
def reopened(root: Path) -> Iterator[Content]:
    """The same cache as another process would see it: nothing in memory."""
    opened = Content(root, durability="relaxed")
    yield opened
    opened.close()


@pytest.fixture
def keep() -> Keep:
    """Keeps bytes as a store does: through a workspace, verified."""

    def kept(
        content: Content, data: bytes, *, name: str = "six.whl", digests: Digests | None = None
    ) -> Kept:
        with content.workspace() as directory:
            path = directory / name
            path.write_bytes(data)
            return content.keep(path, digests=sha256(data) if digests is None else digests)

    return kept


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of trees that are read from now on."""
    paths: list[str] = []

    def noted(path: str, algorithms: Iterable[str], clock: Clock) -> Examined:
        paths.append(path)
        return examine(path, algorithms, clock)

    monkeypatch.setattr("store.cache.tending.examine", noted)
    return paths
