"""A file becomes a growing one once that is worth its cost."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.files.budding import LARGE, RIPE, Budding
from store.files.growing import Growing
from store.testing.fakes import FakeClock

ABOUT = {"etag": '"one"', "total": 1000}
DATA = bytes(range(250))


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """Where the file would grow; not made yet."""
    return tmp_path / "partial" / "part"


@pytest.fixture
def clock() -> FakeClock:
    """The time, which stands still."""
    return FakeClock()


@pytest.fixture
def bud(tmp_path: Path, part: Path, clock: FakeClock) -> Iterator[Budding]:
    """A new file with some bytes; closed at the end."""
    budding = Budding(part, tmp_path / "beside", ABOUT, clock.monotonic)
    os.pwrite(budding.descriptor, DATA, 0)
    budding.mark(0, 0, len(DATA))
    yield budding
    budding.close()


def left(part: Path) -> tuple[bytes, object, object]:
    """Return what another run would find: the bytes, what they belong to, and which there are."""
    growing = Growing.claim(part)
    assert growing is not None
    found = os.pread(growing.descriptor, 2000, 0), growing.about, growing.stretches
    growing.close()
    return found


def test_a_file_that_comes_soon_makes_nothing_else(
    bud: Budding, part: Path, tmp_path: Path, clock: FakeClock
) -> None:
    """No directory, no state: one file, which is renamed."""
    clock.advance(RIPE * 0.9)
    bud.ripen()
    bud.publish(tmp_path / "target")

    assert not part.parent.exists()
    assert (tmp_path / "target").read_bytes() == DATA
    assert list((tmp_path / "beside").iterdir()) == []


def test_a_file_that_takes_long_is_there_for_another_run(
    bud: Budding, part: Path, clock: FakeClock
) -> None:
    """Should this one be killed: with all that was marked before and after."""
    clock.advance(RIPE)
    bud.ripen()
    os.pwrite(bud.descriptor, DATA, 500)
    bud.mark(1, 500, 750)
    bud.close()

    assert left(part) == (DATA + bytes(250) + DATA, ABOUT, [(0, 250), (500, 750)])


def test_much_is_there_for_another_run_however_fast_it_came(bud: Budding, part: Path) -> None:
    """A kill then costs no more than what came last."""
    bud.mark(0, 0, LARGE)
    assert not part.exists()

    bud.mark(1, 2 * LARGE, 2 * LARGE + 1)

    assert (part / "data").exists()
    assert (part / "state").exists()


def test_only_one_writes_it_once_it_grows(bud: Budding, part: Path, clock: FakeClock) -> None:
    """Others are kept off as from every growing file."""
    clock.advance(RIPE)
    bud.ripen()
    bud.ripen()

    assert Growing.claim(part) is None


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("ripe", [False, True])
def test_a_finished_file_goes_to_its_place(
    bud: Budding, part: Path, tmp_path: Path, clock: FakeClock, *, ripe: bool, durable: bool
) -> None:
    """Whether it grew or not, and nothing else is left."""
    clock.advance(RIPE if ripe else 0)
    bud.ripen()
    bud.publish(tmp_path / "target", durable=durable)

    assert (tmp_path / "target").read_bytes() == DATA
    assert not part.exists()
    assert list((tmp_path / "beside").iterdir()) == []


def test_what_breaks_off_early_is_kept_all_the_same(bud: Budding, part: Path) -> None:
    """Whoever leaves it makes it grow."""
    bud.leave()

    assert bud.kept
    assert left(part) == (DATA, ABOUT, [(0, 250)])


@pytest.mark.parametrize("ripe", [False, True])
def test_a_discarded_file_leaves_nothing(
    bud: Budding, part: Path, tmp_path: Path, clock: FakeClock, *, ripe: bool
) -> None:
    """Whether it grew or not."""
    clock.advance(RIPE if ripe else 0)
    bud.ripen()
    bud.discard()

    assert not part.exists()
    assert list((tmp_path / "beside").iterdir()) == []


def test_a_file_whose_place_is_taken_comes_without_a_part(
    bud: Budding, part: Path, tmp_path: Path, clock: FakeClock
) -> None:
    """Another run writes there; this one goes on, and leaves nothing."""
    other = Growing.claim(part)
    assert other is not None
    clock.advance(RIPE)
    bud.ripen()
    bud.mark(0, 0, 250)

    bud.leave()

    assert not bud.kept
    assert list((tmp_path / "beside").iterdir()) == []
    other.close()


@pytest.mark.parametrize("call", ["replace", "pwrite"])
def test_a_disk_that_refuses_the_part_does_no_harm(  # noqa: PLR0917 - fixtures
    bud: Budding,
    part: Path,
    tmp_path: Path,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
) -> None:
    """The file goes to its place as if it had come soon, and it is not tried again."""
    clock.advance(RIPE)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refusing(getattr(os, call)))
        bud.ripen()
    bud.ripen()
    bud.publish(tmp_path / "target")

    assert (tmp_path / "target").read_bytes() == DATA
    assert not part.exists()


def refusing(_call: Callable[..., object]) -> Callable[..., object]:
    """Return a call of the system that fails, as on a full disk."""

    def refused(*_arguments: object, **_options: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    return refused
