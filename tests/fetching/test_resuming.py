"""A run that is killed is gone on with by the next one."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import store
from store.testing.servers import Server

MIB = 1 << 20
DATA = random.Random(3).randbytes(4 * MIB + 321)
LARGE = random.Random(4).randbytes(33 * MIB)
"""Large enough to come over several connections."""

FETCH = """
import sys
import store
for outcome in store.fetch_each(sys.argv[1:], allow_unverified=True, jobs=4):
    assert outcome.result is not None, outcome.error
    print(outcome.result.path, flush=True)
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(start: Start) -> Start:
    """Starts a process that fetches locators; those that still run are ended."""
    return partial(start, FETCH)


@pytest.fixture
def slow() -> Iterator[Server]:
    """A server that gives each connection 12 MiB a second."""
    with Server(rate=12 * MIB) as running:
        yield running


def pinned(url: str, data: bytes) -> str:
    """The locator that pins a content."""
    return f"{url}#sha256={hashlib.sha256(data).hexdigest()}"


def promised(house: Path) -> int:
    """How many bytes are kept of what is under way."""
    for state in house.glob("partial/part-*/state"):
        records = state.read_bytes()[4096:]
        pairs = struct.iter_unpack("<QQ", records[: len(records) // 16 * 16])
        return sum(end - begin for begin, end in pairs if end > begin)
    return 0


def until(process: subprocess.Popen[str], house: Path, share: float, data: bytes) -> None:
    """Wait until so much of a content has come."""
    end = time.monotonic() + 30
    while promised(house) < share * len(data):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.002)


def killed(
    process: subprocess.Popen[str], server: Server, how: signal.Signals = signal.SIGKILL
) -> int:
    """End a process; return how much its server has sent, once that has noticed."""
    process.send_signal(how)
    process.communicate(timeout=30)
    sent = -1
    while sent != server.sent():
        sent = server.sent()
        time.sleep(0.05)
    return sent


def nothing_left(house: Path) -> bool:
    """Whether nothing is under way in the cache."""
    return list((house / "partial").iterdir()) == []


def test_a_run_that_is_killed_at_half_costs_no_more_than_the_other_half(
    slow: Server, house: Path, start: Start
) -> None:
    """The next run transfers at most 51 % of the bytes, counted at the server, and leaves no part."""
    wanted = pinned(slow.serve("/a.bin", DATA), DATA)
    process = start(wanted)
    until(process, house, 0.5, DATA)
    before = killed(process, slow)

    path = store.fetch(wanted)

    assert path.read_bytes() == DATA
    assert slow.sent() - before <= 0.51 * len(DATA)
    assert slow.asked("/a.bin")[-1].headers["if-range"].startswith('"')
    assert nothing_left(house)


def test_a_run_that_is_killed_again_and_again_gets_on(
    slow: Server, house: Path, start: Start
) -> None:
    """What came in all runs is hardly more than the content."""
    wanted = pinned(slow.serve("/a.bin", DATA), DATA)
    for share in (0.3, 0.6, 0.9):
        process = start(wanted)
        until(process, house, share, DATA)
        killed(process, slow)

    path = store.fetch(wanted)

    assert path.read_bytes() == DATA
    assert slow.sent() <= 1.25 * len(DATA)
    assert nothing_left(house)


def test_a_run_with_several_connections_that_is_killed_is_gone_on_with(
    slow: Server, house: Path, start: Start
) -> None:
    """Its holes are filled, over several connections again, and nothing that was there comes anew."""
    wanted = pinned(slow.serve("/a.bin", LARGE), LARGE)
    process = start(wanted)
    until(process, house, 0.5, LARGE)
    before = killed(process, slow)
    assert slow.connections > 1

    path = store.fetch(wanted)

    assert path.read_bytes() == LARGE
    assert slow.sent() - before <= 0.51 * len(LARGE) + 2 * MIB
    assert nothing_left(house)


@pytest.mark.parametrize("pin", [True, False])
def test_an_origin_that_has_changed_meanwhile_gives_the_new_content_whole(
    slow: Server, house: Path, start: Start, *, pin: bool
) -> None:
    """Nothing of the old one is in it, whether a digest would tell or not."""
    changed = bytes(reversed(DATA))
    url = slow.serve("/a.bin", DATA)
    process = start(pinned(url, DATA) if pin else url)
    until(process, house, 0.5, DATA)
    killed(process, slow)
    slow.serve("/a.bin", changed)

    path = store.fetch(pinned(url, changed) if pin else url, allow_unverified=True)

    assert path.read_bytes() == changed


def test_ctrl_c_keeps_what_came(slow: Server, house: Path, start: Start) -> None:
    """Pressed once; the next run goes on."""
    wanted = pinned(slow.serve("/a.bin", DATA), DATA)
    process = start(wanted)
    until(process, house, 0.4, DATA)

    before = killed(process, slow, signal.SIGINT)
    there = promised(house)

    assert process.returncode == -signal.SIGINT
    assert there >= 0.4 * len(DATA)
    assert store.fetch(wanted).read_bytes() == DATA
    assert slow.sent() - before <= len(DATA) - there + 64
    assert nothing_left(house)


def test_two_runs_at_once_transfer_once(slow: Server, house: Path, start: Start) -> None:
    """One writes, the other waits for it; also where both go on with what a third has left."""
    wanted = pinned(slow.serve("/a.bin", DATA), DATA)
    process = start(wanted)
    until(process, house, 0.3, DATA)
    before = killed(process, slow)

    both = [start(wanted), start(wanted)]
    said = [process.communicate(timeout=60) for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    for out, _ in said:
        assert Path(out.strip()).read_bytes() == DATA
    assert slow.sent() - before <= 0.71 * len(DATA)
    assert nothing_left(house)


def test_a_run_that_is_killed_while_another_waits_is_taken_over(
    slow: Server, house: Path, start: Start
) -> None:
    """The one who waited goes on with what came."""
    wanted = pinned(slow.serve("/a.bin", DATA), DATA)
    first = start(wanted)
    until(first, house, 0.2, DATA)
    second = start(wanted)
    until(first, house, 0.5, DATA)
    first.kill()

    out, err = second.communicate(timeout=60)

    assert second.returncode == 0, err
    assert Path(out.strip()).read_bytes() == DATA
    assert slow.sent() <= 1.25 * len(DATA)
    assert list(house.glob("partial/part-*")) == []


def test_without_a_strong_validator_nothing_is_kept(
    slow: Server, house: Path, start: Start
) -> None:
    """What the next run would ask for might be of another version."""
    wanted = pinned(slow.serve("/a.bin", DATA, etag='W/"1"'), DATA)
    process = start(wanted)
    end = time.monotonic() + 30
    while slow.sent() < 0.5 * len(DATA) and time.monotonic() < end:
        time.sleep(0.01)
    killed(process, slow)

    assert list(house.glob("partial/part-*")) == []
    assert store.fetch(wanted).read_bytes() == DATA
    assert "range" not in slow.asked("/a.bin")[-1].headers
    assert nothing_left(house)


def test_what_nobody_goes_on_with_is_swept(slow: Server, house: Path, start: Start) -> None:
    """After a day; until then it is kept."""
    wanted = pinned(slow.serve("/a.bin", DATA), DATA)
    process = start(wanted)
    until(process, house, 0.2, DATA)
    killed(process, slow)
    (part,) = house.glob("partial/part-*")

    for age, left in ((86_000, True), (86_500, False)):
        for path in (part, *part.iterdir()):
            os.utime(path, (time.time() - age,) * 2)
        with (
            store.load_cache(configuration={"cache_dir": str(house)}) as cache,
            cache.content.workspace(),
        ):
            pass

        assert part.exists() is left
