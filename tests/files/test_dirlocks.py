"""Directories that are there anyway are locked."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.clock import SYSTEM_CLOCK
from store.files.dirlocks import alone_in, give_directory, locked_directory, take_directory
from store.testing.fakes import FakeClock


@pytest.fixture
def leaf(tmp_path: Path) -> str:
    """A directory that is not there yet, nor what leads to it."""
    return str(tmp_path / "content" / "ab" / "abcd")


@pytest.fixture
def held(leaf: str) -> Iterator[int]:
    """The lock of the directory, held."""
    descriptor, _ = take_directory(leaf)
    assert descriptor is not None
    yield descriptor
    give_directory(descriptor)


def test_a_missing_directory_is_made(leaf: str) -> None:
    """And who made it is told so."""
    descriptor, made = take_directory(leaf)

    assert descriptor is not None
    assert made
    assert Path(leaf).is_dir()
    give_directory(descriptor)
    again, made = take_directory(leaf)
    assert again is not None
    assert not made
    give_directory(again)


def test_a_lock_has_one_holder(held: int, leaf: str) -> None:
    """Another gets none, and waits for none."""
    assert take_directory(leaf) == (None, False)


def test_an_empty_directory_may_go_with_its_lock(leaf: str) -> None:
    """Where it was made in vain; what lies in it keeps it."""
    for number in range(2):
        descriptor, _ = take_directory(leaf)
        assert descriptor is not None
        if number:
            Path(leaf, "file").touch()

        give_directory(descriptor, leaf)

        assert Path(leaf).exists() == bool(number)


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("elsewhere")])
def test_what_is_no_directory_is_an_error(leaf: str, make: Callable[[Path], object]) -> None:
    """A link is not followed, nor made to lead anywhere."""
    Path(leaf).parent.mkdir(parents=True)
    make(Path(leaf))

    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        take_directory(leaf)

    assert not Path(leaf).with_name("elsewhere").exists()


def test_a_link_to_a_directory_is_not_followed(leaf: str, tmp_path: Path) -> None:
    """What lies at its end belongs to somebody else."""
    Path(leaf).parent.mkdir(parents=True)
    Path(leaf).symlink_to(tmp_path)

    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        take_directory(leaf)


def test_without_locks_nobody_holds_one(leaf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no descriptor stays open."""
    Path(leaf).mkdir(parents=True)
    before = len(list(Path("/proc/self/fd").iterdir()))

    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)

    assert take_directory(leaf) == (None, False)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_given_back_lock_is_free_though_a_fork_has_it_open(leaf: str) -> None:
    """A child inherits what is open, which would hold the lock for as long as it lives."""
    descriptor, _ = take_directory(leaf)
    assert descriptor is not None
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)

    give_directory(descriptor)

    again, _ = take_directory(leaf)
    assert again is not None
    give_directory(again)
    os.close(writing)
    os.close(reading)
    os.waitpid(child, 0)


def test_whoever_waits_gets_the_lock_when_it_is_free(leaf: str) -> None:
    """And is told once that there is something to wait for."""
    descriptor, _ = take_directory(leaf)
    assert descriptor is not None
    told: list[str] = []
    giving = threading.Timer(0.05, give_directory, [descriptor])
    giving.start()

    with locked_directory(
        leaf, timeout=10, clock=SYSTEM_CLOCK, waiting=told.append, ready=lambda: False
    ) as held:
        assert held
        assert take_directory(leaf) == (None, False)

    giving.join()
    assert set(told) == {"another process"}
    assert take_directory(leaf)[0] is not None


@pytest.mark.parametrize("fill", [False, True])
@pytest.mark.parametrize("there", [False, True])
def test_what_was_made_for_the_lock_goes_where_nothing_came_to_lie_in_it(
    leaf: str, *, there: bool, fill: bool
) -> None:
    """Whoever made the directory before keeps it."""
    if there:
        Path(leaf).mkdir(parents=True)

    with locked_directory(
        leaf, timeout=0, clock=FakeClock(), waiting=lambda _: None, ready=lambda: False
    ):
        if fill:
            Path(leaf, "file").touch()

    assert Path(leaf).exists() == (there or fill)


@pytest.mark.parametrize("timeout", [0.0, 5.0])
def test_whoever_has_waited_long_enough_goes_on(held: int, leaf: str, timeout: float) -> None:
    """Pauses grow, and none is longer than a twentieth of a second."""
    clock = FakeClock()

    with locked_directory(
        leaf, timeout=timeout, clock=clock, waiting=lambda _: None, ready=lambda: False
    ) as got:
        assert not got

    assert clock.monotonic() == pytest.approx(timeout)
    assert all(0 < pause <= 0.05 for pause in clock.slept)


def test_nobody_waits_for_what_is_no_longer_needed(held: int, leaf: str) -> None:
    """Another may have brought it meanwhile."""
    clock = FakeClock()
    answers = iter([False, False, True])

    with locked_directory(
        leaf, timeout=60, clock=clock, waiting=lambda _: None, ready=lambda: next(answers)
    ) as got:
        assert not got

    assert len(clock.slept) == 2


@pytest.mark.parametrize("there", [True, False])
def test_an_empty_directory_goes_with_its_lock_where_it_was_made_for_it(
    leaf: str, *, there: bool
) -> None:
    """One that was there stays."""
    if there:
        Path(leaf).mkdir(parents=True)

    with locked_directory(
        leaf, timeout=0, clock=FakeClock(), waiting=lambda _: None, ready=lambda: False
    ) as held:
        assert held

    assert Path(leaf).exists() is there


def test_a_directory_that_went_while_it_was_waited_for_is_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The lock of one that is gone keeps nobody out."""
    directory, found = tmp_path / "locked", []
    caplog.set_level("INFO")

    def wait() -> None:
        with alone_in(directory):
            found.append(take_directory(str(directory))[0])

    waiter = threading.Thread(target=wait)
    with alone_in(directory):
        waiter.start()
        while "another is at work" not in caplog.text:
            SYSTEM_CLOCK.sleep(0.001)
        directory.rmdir()
    waiter.join(30)

    assert found == [None]
    assert directory.is_dir()
