"""A cache becomes smaller, and never takes away what is in use."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.cache import pruning
from store.cache.audit import bytes_of, held_files
from store.cache.content import Content, Kept
from store.cache.pruning import Pruned, clear, prune
from store.cache.records import read_record
from store.clock import SYSTEM_CLOCK
from store.errors import CacheError, LockTimeoutError
from store.files.locks import exclusively
from store.integrity.digest import Digests

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]

DAY = 86_400


def age(content: Content, kept: Kept, days: float) -> None:
    """Make a file one that was last used some days ago."""
    when = SYSTEM_CLOCK.now() - days * DAY
    os.utime(content.layout.record(kept.digests[0]), (when, when))


@pytest.fixture
def aged(content: Content, keep: Keep) -> dict[str, Kept]:
    """Three files of 1,000 bytes, last used one, ten and a hundred days ago, by nobody who still runs."""
    kept = {}
    for days in (1, 10, 100):
        kept[str(days)] = keep(content, bytes([days]) * 1000, name=str(days))
    content.close()
    for name, one in kept.items():
        age(content, one, float(name))
    return kept


@pytest.fixture
def user(root: Path) -> Iterator[Content]:
    """Another process that uses the cache."""
    opened = Content(root)
    yield opened
    opened.close()


def names(pruned: Pruned) -> list[str]:
    """What was removed."""
    return sorted(one.name for one in pruned.removed)


def left(content: Content) -> list[str]:
    """What is there."""
    return sorted(one.name for one in held_files(content))


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_was_not_used_for_long_goes(
    content: Content, aged: dict[str, Kept], *, dry_run: bool
) -> None:
    """A dry run says the same and changes nothing."""
    pruned = prune(content, older_than=5 * DAY, dry_run=dry_run)

    assert names(pruned) == ["10", "100"]
    assert (pruned.freed, pruned.left, pruned.in_use, pruned.orphans) == (2000, 1000, (), 0)
    assert left(content) == (["1", "10", "100"] if dry_run else ["1"])


@pytest.mark.parametrize(
    ("size", "stays"), [(3000, ["1", "10", "100"]), (2999, ["1", "10"]), (1000, ["1"]), (0, [])]
)
def test_the_least_recently_used_goes_first(
    content: Content, aged: dict[str, Kept], size: int, stays: list[str]
) -> None:
    """Until what is left is small enough."""
    pruned = prune(content, max_size=size)

    assert left(content) == stays
    assert pruned.left == 1000 * len(stays)


def test_a_content_with_two_names_counts_once(
    content: Content, aged: dict[str, Kept], keep: Keep
) -> None:
    """A second name is a hard link: it takes no room, and pruning to a size does not take too much."""
    kept = aged["1"]
    twin = content.find(kept.digests, "twin")
    assert twin is not None
    content.close()
    age(content, kept, 1)
    assert kept.path.samefile(twin.path)

    assert bytes_of(held_files(content)) == 3000
    pruned = prune(content, max_size=1000)

    assert names(pruned) == ["10", "100"]
    assert (pruned.freed, pruned.left) == (2000, 1000)
    assert prune(content, max_size=0).freed == 1000


def test_both_limits_hold(content: Content, aged: dict[str, Kept]) -> None:
    """Age first, size after."""
    assert names(prune(content, older_than=50 * DAY, max_size=1000)) == ["10", "100"]


def test_without_limits_only_orphans_go(content: Content, aged: dict[str, Kept]) -> None:
    """Nothing is removed that nobody asked to."""
    assert prune(content).removed == ()


def test_directories_and_records_go_along(content: Content, aged: dict[str, Kept]) -> None:
    """Nothing of a file is left."""
    clear(content)

    assert not (content.root / "content/v1").exists()
    assert not (content.root / "records/v1").exists()
    assert list((content.root / "partial").iterdir()) == []


def test_a_record_forgets_the_name_that_went(content: Content, keep: Keep, pin: Pin) -> None:
    """A digest's other files, and its last use, stay."""
    keep(content, b"data", name="one")
    kept = content.find(pin(b"data"), "two")
    assert kept is not None
    kept.path.unlink()
    age(content, kept, 3)
    content.close()

    prune(content)

    record = read_record(content.layout, pin(b"data")[0])
    assert record is not None
    assert set(record.files) == {"one"}
    assert record.used < SYSTEM_CLOCK.now() - 2 * DAY


def test_what_is_in_use_stays(content: Content, aged: dict[str, Kept], user: Content) -> None:
    """Since the oldest live lease, and a day more: marks are to the day."""
    assert user.holds(str(aged["10"].path), aged["10"].digests)

    pruned = prune(content, max_size=0)

    assert left(content) == ["10"]
    assert [one.name for one in pruned.in_use] == ["10"]
    assert user.holds(str(aged["10"].path), aged["10"].digests)
    user.close()
    assert clear(content, dry_run=True).in_use == ()


def test_a_use_that_comes_between_wins(
    content: Content, aged: dict[str, Kept], user: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever marks a use before the last look keeps the file, and whoever comes later does not find it."""
    unused = pruning._unused
    asked: list[bool] = []
    found: list[bool] = []

    def meanwhile(content: Content, held: object, record: str | None = None) -> bool:
        asked.append(True)
        if len(asked) == 2:
            found.append(user.holds(str(aged["1"].path), aged["1"].digests))
            user.note_use(str(aged["1"].path))
            os.utime(content.layout.record(aged["1"].digests[0]))
        return unused(content, held, record)  # type: ignore[arg-type]

    monkeypatch.setattr(pruning, "_unused", meanwhile)
    for name in ("10", "100"):
        aged[name].path.unlink()

    pruned = prune(content, max_size=0)

    assert found == [False]
    assert [one.name for one in pruned.in_use] == ["1"]
    assert content.holds(str(aged["1"].path), aged["1"].digests)


def test_a_file_that_is_gone_already_counts_as_removed(
    content: Content, aged: dict[str, Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another may have been quicker."""
    real = pruning._unused

    def quicker(content: Content, held: object) -> bool:
        aged["100"].path.unlink(missing_ok=True)
        return real(content, held)  # type: ignore[arg-type]

    monkeypatch.setattr(pruning, "_unused", quicker)

    assert names(prune(content, older_than=50 * DAY)) == ["100"]


def test_a_file_without_a_record_is_as_young_as_its_name(
    content: Content, keep: Keep, pin: Pin
) -> None:
    """One that is just being kept is not taken away."""
    kept = keep(content, b"data")
    Path(content.layout.record(pin(b"data")[0])).unlink()

    assert prune(content, older_than=DAY).removed == ()
    assert clear(content).removed == ()
    assert kept.path.exists()


def test_orphans_are_swept(content: Content, aged: dict[str, Kept]) -> None:
    """Abandoned downloads, old quarantine, old locks, files that were never finished."""
    old = [
        content.root / "partial/dead/file",
        content.root / "quarantine/1-a",
        content.root / "quarantine/2-b/inner",
        content.root / "locks" / f"{'ab' * 32}.lock",
        aged["1"].path.with_name(".store-1-2"),
    ]
    young = [
        content.root / "partial/live/file",
        content.root / "quarantine/3-c",
        content.root / "locks/other.lock",
        aged["1"].path.with_name(".store-3-4"),
    ]
    for path in (*old, *young):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(100))
    for path in (*old, content.root / "partial/dead", content.root / "quarantine/2-b"):
        os.utime(path, (1, 1))

    dry = prune(content, dry_run=True)
    pruned = prune(content)

    assert dry == pruned
    assert (pruned.orphans, pruned.freed) == (5, 500)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in young)
    assert left(content) == ["1", "10", "100"]


def test_clearing_empties_the_quarantine(content: Content, keep: Keep) -> None:
    """However young it is."""
    kept = keep(content, b"data")
    aside = content.quarantine(str(kept.path), "a test")
    assert aside is not None

    assert clear(content).orphans == 1
    assert not aside.exists()


def test_an_empty_cache_is_not_made_by_pruning(content: Content) -> None:
    """There is nothing to do."""
    assert clear(content) == Pruned(removed=(), in_use=(), freed=0, left=0, orphans=0)
    assert not content.root.exists()


def test_one_prunes_at_a_time(
    content: Content, aged: dict[str, Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other is told who does; nothing was removed."""
    monkeypatch.setattr(pruning, "_PATIENCE", 0.05)

    with exclusively(content.root / "locks/prune.lock", timeout=1), pytest.raises(LockTimeoutError):
        clear(content)

    assert left(content) == ["1", "10", "100"]


def test_a_cache_that_cannot_be_written_to_is_told(
    content: Content, aged: dict[str, Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a failure of the cache."""

    def refuse(*args: object, **options: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(os, "rename", refuse)

    with pytest.raises(CacheError, match="read-only"):
        clear(content)


def test_nothing_outside_is_removed(
    content: Content, aged: dict[str, Kept], tmp_path: Path
) -> None:
    """Links in the cache are not followed."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_bytes(b"mine")
    for place in ("content/v1/sha512", "quarantine", "locks/x.lock", "partial/x", "records/v1/md5"):
        path = content.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.symlink_to(tmp_path / "mine")
    os.utime(tmp_path / "mine", (1, 1))

    clear(content)

    assert (tmp_path / "mine/file").read_bytes() == b"mine"


@pytest.mark.parametrize("place", ["partial", "locks", "quarantine", "content/v1", "records/v1"])
def test_a_link_in_a_rooms_place_is_not_swept(content: Content, tmp_path: Path, place: str) -> None:
    """What it leads to is not ours."""
    mine = tmp_path / "mine/file.lock"
    (tmp_path / "mine/empty").mkdir(parents=True)
    mine.write_bytes(b"mine")
    os.utime(mine, (1, 1))
    os.utime(tmp_path / "mine/empty", (1, 1))
    (content.root / place).parent.mkdir(parents=True)
    (content.root / place).symlink_to(tmp_path / "mine")

    clear(content)

    assert mine.exists()
    assert (tmp_path / "mine/empty").exists()
