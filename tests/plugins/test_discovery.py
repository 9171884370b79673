"""Entry points of installed distributions, and the memory of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.clock import SystemClock
from store.plugins import discovery
from store.plugins.brought import Found
from store.plugins.discovery import find_entry_points, scan

Publish = Callable[..., Path]
"""Installs a distribution: its name, its entry points by group, its modules by name."""


class Later(SystemClock):
    """A clock an hour ahead: what was just written is old."""

    now_ns = staticmethod(lambda: SystemClock.now_ns() + 3_600 * 10**9)


LATER = Later()
MIRROR = {"store": {"mirror": "mirror_plugin"}}


def ours(found: tuple[Found, ...]) -> list[str]:
    """Return the names of the entry points that the tests made."""
    return [one.name for one in found if one.distribution != "e3-core"]


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """Return the file in which the answer is remembered."""
    return tmp_path / "cache/plugins-v1.json"


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the looks through all distributions."""
    counted: list[int] = []
    real = scan

    def counting() -> list[Found]:
        counted.append(1)
        return list(real())

    monkeypatch.setattr(discovery, "scan", counting)
    return counted


def test_all_three_groups_are_found(publish: Publish) -> None:
    """Ours and e3-core's, each with the distribution that brings it; others are left out."""
    publish(
        "store-mirror",
        {
            "store": {"mirror": "mirror_plugin"},
            "e3.store": {"old": "old_store:Old"},
            "e3.store.cache.backend": {"old-cache": "old_cache:Old.inner [extra]"},
            "console_scripts": {"mirror": "mirror_plugin:main"},
        },
        {},
    )

    found = find_entry_points()

    assert [one for one in found if one.distribution == "store-mirror"] == [
        Found("store", "mirror", "mirror_plugin", "store-mirror", "1.0"),
        Found("e3.store", "old", "old_store:Old", "store-mirror", "1.0"),
        Found(
            "e3.store.cache.backend",
            "old-cache",
            "old_cache:Old.inner [extra]",
            "store-mirror",
            "1.0",
        ),
    ]
    assert {one.group for one in found} <= set(discovery.GROUPS)


def test_an_entry_point_loads_what_it_leads_to() -> None:
    """A module, an attribute, an attribute of an attribute; extras are passed over."""
    import os.path

    assert Found("store", "a", "os.path").load() is os.path
    assert Found("store", "a", "os : path.join [extra]").load() is os.path.join


def test_the_answer_is_remembered_until_the_import_path_changes(
    publish: Publish, scans: list[int], memory: Path
) -> None:
    """A second process does not look; an installation or a removal is noticed."""
    publish("one", MIRROR, {})
    first = find_entry_points(clock=LATER)
    assert find_entry_points(clock=LATER) == first
    assert (len(scans), memory.stat().st_mode & 0o777) == (1, 0o600)

    other = publish("two", {"store": {"other": "other"}}, {})
    assert sorted(ours(find_entry_points(clock=LATER))) == ["mirror", "other"]
    (other / "entry_points.txt").unlink()
    (other / "METADATA").unlink()
    other.rmdir()
    assert ours(find_entry_points(clock=LATER)) == ["mirror"]
    assert len(scans) == 2


def test_what_changed_a_moment_ago_is_not_remembered(publish: Publish, memory: Path) -> None:
    """A second change within the clock's grain would not be seen."""
    publish("one", MIRROR, {})

    assert ours(find_entry_points()) == ["mirror"]
    assert not memory.exists()


def test_few_import_paths_are_remembered(
    publish: Publish, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file does not grow for ever, and the newest stay."""
    monkeypatch.setattr(discovery, "_KEPT", 2)
    for number in range(4):
        monkeypatch.setattr("sys.executable", f"/python{number}")
        find_entry_points(clock=LATER)

    assert len(json.loads(memory.read_text())) == 2


@pytest.mark.parametrize(
    "damage",
    ["not json", "[]", '{"x": 1}', '{"x": [["store"]]}', '{"x": [[1, 2, 3, 4, 5]]}', "[" * 100_000],
)
def test_a_damaged_memory_is_sought_anew(
    publish: Publish, memory: Path, scans: list[int], damage: str
) -> None:
    """It is written whole again, and no error is told."""
    publish("one", MIRROR, {})
    find_entry_points(clock=LATER)
    memory.write_text(damage)

    assert ours(find_entry_points(clock=LATER)) == ["mirror"]
    assert ours(find_entry_points(clock=LATER)) == ["mirror"]
    assert len(scans) == 2


@pytest.mark.parametrize("trouble", ["writable", "foreign", "link", "directory", "fifo"])
def test_a_memory_that_others_may_have_written_is_not_believed(
    publish: Publish, memory: Path, trouble: str
) -> None:
    """It decides what is imported, so it must be ours alone."""
    publish("one", MIRROR, {})
    find_entry_points(clock=LATER)
    key = next(iter(json.loads(memory.read_text())))
    text = json.dumps({key: [["store", "evil", "evil", "evil", "1"]]})
    memory.unlink()
    if trouble == "directory":
        memory.mkdir()
    elif trouble == "fifo":
        os.mkfifo(memory)
    else:
        target = memory if trouble != "link" else memory.with_name("elsewhere")
        target.write_text(text)
        target.chmod(0o666 if trouble == "writable" else 0o600)
        if trouble == "link":
            memory.symlink_to(target)
        if trouble == "foreign":
            os.chown(memory, 12345, 12345)

    assert ours(find_entry_points(clock=LATER)) == ["mirror"]


def test_a_place_that_cannot_be_written_costs_only_time(
    publish: Publish, memory: Path, scans: list[int]
) -> None:
    """Where a file stands in the way of the directory, each look is a new one."""
    publish("one", MIRROR, {})
    memory.parent.write_text("in the way")

    assert ours(find_entry_points(clock=LATER)) == ["mirror"]
    assert ours(find_entry_points(clock=LATER)) == ["mirror"]
    assert len(scans) == 2


def test_a_damaged_distribution_is_passed_over(
    publish: Publish, caplog: pytest.LogCaptureFixture
) -> None:
    """One broken installation does not take the others with it."""
    nameless = publish("nameless", MIRROR, {})
    (nameless / "entry_points.txt").write_bytes(b"\xff[store]\n")
    damaged = publish("damaged", MIRROR, {})
    (damaged / "entry_points.txt").write_text("[store]\nno equals sign\n")
    publish("good", {"store": {"good": "good"}}, {})

    assert ours(find_entry_points(clock=LATER)) == ["good"]
    assert "damaged" in caplog.text


def test_the_first_distribution_of_a_name_counts(
    publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shadowed for imports is shadowed here."""
    publish("one", MIRROR, {})
    nearer = tmp_path / "nearer"
    (nearer / "one-2.0.dist-info").mkdir(parents=True)
    (nearer / "one-2.0.dist-info/METADATA").write_text("Name: one\nVersion: 2.0\n")
    monkeypatch.syspath_prepend(nearer)

    assert ours(find_entry_points(clock=LATER)) == []


def test_the_import_path_may_hold_anything(
    publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty entry, an archive, a missing directory and a directory of distributions."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    for entry in ("", str(tmp_path / "missing.zip"), "nul\0", str(packages)):
        monkeypatch.syspath_prepend(entry)
    places = dict(discovery._import_path())

    assert places[str(packages)] == packages.stat().st_mtime_ns
    assert places[str(tmp_path / "missing.zip")] == 0
    assert places[str(Path.cwd())] == 0
