"""What is READY survives a power cut: files, their names, and the directories that these stand in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.registry.manager import Cache

Events = list[tuple[str, Path]]
WAYS: dict[str, Callable[[Cache, Path], object]] = {
    "bytes": lambda cache, _: cache.put("a", b"data"),
    "a path": lambda cache, source: cache.put("a", source),
    "a moved path": lambda cache, source: cache.put("a", source, how="move"),
    "a function": lambda cache, _: cache.put("a", lambda file: file.write(b"data")),
    "ready": lambda cache, _: _written(cache),
    "a block": lambda cache, _: _in_a_block(cache),
    "a batch": lambda cache, _: _batch(cache, 3),
}


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    """What this process brought to the disk, renamed and made, in order."""
    seen: Events = []
    fsync, replace, mkdir, link = os.fsync, os.replace, os.mkdir, os.link

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        seen.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink()))

    def replaced(source: Any, target: Any, **options: Any) -> None:
        replace(source, target, **options)
        seen.extend((("left", Path(source)), ("name", Path(target))))

    def linked(source: Any, target: Any, **options: Any) -> None:
        link(source, target, **options)
        seen.append(("name", Path(target)))

    def made(path: Any, *arguments: Any, **options: Any) -> None:
        mkdir(path, *arguments, **options)
        seen.append(("name", Path(path)))

    for name, call in (("fsync", synced), ("replace", replaced), ("mkdir", made), ("link", linked)):
        monkeypatch.setattr(os, name, call)
    return seen


@pytest.mark.parametrize("way", WAYS)
def test_a_published_file_lasts_with_all_the_names_above_it(
    tmp_path: Path, events: Events, way: str
) -> None:
    """Content, then the name; and each directory that is new, such as the first file's shelf."""
    root, source = tmp_path / "home" / "registry", tmp_path / "source"
    source.write_bytes(b"data")
    with Cache(root) as cache:
        WAYS[way](cache, source)
        path = Path(cache.search("a")[0].path)
        done = list(events)

    assert _synced(done, path)
    for one in (path, path.parent, path.parent.parent, root, root.parent):
        assert _lasts(done, one), one


@pytest.mark.parametrize("way", WAYS)
def test_a_relaxed_registry_waits_for_nothing(tmp_path: Path, events: Events, way: str) -> None:
    """But for the registry itself, which is made once and for all."""
    source = tmp_path / "source"
    source.write_bytes(b"data")
    with Cache(tmp_path / "registry", durability="relaxed") as cache:
        cache.create("first")
        events.clear()
        WAYS[way](cache, source)

    assert [path for kind, path in events if kind == "sync"] == []


def test_the_row_is_ready_when_the_names_last(tmp_path: Path, events: Events) -> None:
    """Not a moment before: who sees READY sees what no power cut takes."""
    with Cache(tmp_path / "registry") as cache, Cache(tmp_path / "registry") as other:
        cache.create("first")
        looks: list[bool] = []
        sync = os.fsync

        def looking(descriptor: int) -> None:
            sync(descriptor)
            looks.append(other.best("a") is None)

        os.fsync = looking  # type: ignore[assignment]
        try:
            _written(cache)
        finally:
            os.fsync = sync
        assert other.best("a") is not None

    assert looks
    assert all(looks)
    assert events


def _written(cache: Cache) -> None:
    item = cache.create("a", status="write")
    Path(item.path).write_bytes(b"data")
    item.ready()


def _in_a_block(cache: Cache) -> None:
    with cache.create("a").writing() as file:
        file.write(b"data")


def _batch(cache: Cache, number: int) -> None:
    with cache.batch():
        for _ in range(number):
            cache.put("a", b"data")


def _lasts(events: Events, path: Path) -> bool:
    """Whether a name was brought to the disk after it was last made."""
    made = max(at for at, event in enumerate(events) if event == ("name", path))
    return ("sync", path.parent) in events[made:]


def _synced(events: Events, path: Path) -> bool:
    """Whether a file was brought to the disk, under this name or the one that it had before."""
    before = events[events.index(("name", path)) - 1][1]
    return not {("sync", path), ("sync", before)}.isdisjoint(events)
