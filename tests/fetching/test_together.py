"""Processes that fetch the same many at once, or end in the middle, harm nobody."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import store
from store.cache.content import Content
from store.integrity.digest import Digest
from store.testing.misbehaving import Stall
from store.testing.servers import Server

FETCH = """
import sys
import store
number = 0
for outcome in store.fetch_each(sys.stdin.read().split(), jobs=int(sys.argv[1])):
    assert outcome.result is not None, outcome.error
    number += 1
    if number == 1:
        print("first", flush=True)
print(number, flush=True)
"""

COUNT = 120

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(start: Start) -> Start:
    """Starts a process that fetches locators; those that still run are ended."""

    def started(locators: list[str], jobs: int = 4) -> subprocess.Popen[str]:
        process = start(FETCH, jobs)
        assert process.stdin is not None
        process.stdin.write("\n".join(locators))
        process.stdin.close()
        process.stdin = None
        return process

    return started


def body(number: int) -> bytes:
    """The content of a number."""
    return random.Random(number).randbytes(number * 7)


def served(server: Server, count: int = COUNT, **how: Any) -> list[str]:
    """Serve some small files; return their locators."""
    return [
        f"{server.serve(f'/{number}.bin', body(number), **how)}"
        f"#sha256={hashlib.sha256(body(number)).hexdigest()}"
        for number in range(count)
    ]


def all_right(locators: list[str], house: Path) -> None:
    """Fetch all again: each comes, is right, and nothing is under way any more."""
    paths = store.fetch_many(locators)
    with Content(house, durability="relaxed").workspace():
        pass  # sweeps what the dead have left
    assert [path.read_bytes() for path in paths] == [body(n) for n in range(len(locators))]
    assert list((house / "partial").iterdir()) == []
    assert not (house / "quarantine").exists()


def test_processes_that_fetch_the_same_many_share_them(
    server: Server, house: Path, start: Start
) -> None:
    """Each crosses the network once, or a handful of them twice."""
    locators = served(server)

    running = [start(locators), start(locators), start(list(reversed(locators)))]
    said = [process.communicate(timeout=60) for process in running]

    assert [process.returncode for process in running] == [0, 0, 0], said
    assert [out.split()[-1] for out, _ in said] == [str(COUNT)] * 3
    assert COUNT <= server.count() <= COUNT + 10
    all_right(locators, house)
    assert server.count() <= COUNT + 10


def test_a_single_fetch_and_a_run_over_many_share_what_both_want(
    server: Server, house: Path, start: Start
) -> None:
    """Whoever comes second waits for that one."""
    locators = served(server, 40)
    server.serve("/7.bin", body(7), fault=[Stall(None, seconds=0.7), None])
    process = start(locators)
    while server.count("/7.bin") == 0:
        time.sleep(0.005)

    assert store.fetch(locators[7]).read_bytes() == body(7)

    assert process.communicate(timeout=60)[0].split()[-1] == "40"
    assert server.count("/7.bin") == 1
    all_right(locators, house)


@pytest.mark.parametrize("after", [0.1, 0.8])
def test_a_kill_in_the_middle_leaves_a_cache_where_everything_heals(
    server: Server, house: Path, start: Start, after: float
) -> None:
    """What is there is whole, nothing is claimed, and the next run brings the rest."""
    locators = served(server)
    process = start(locators)
    while server.count() < after * COUNT:
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.communicate()

    content = Content(house, durability="relaxed")
    for number in range(COUNT):
        digest = Digest("sha256", hashlib.sha256(body(number)).hexdigest())
        found = content.find((digest,))
        assert found is None or found.path.read_bytes() == body(number)
    content.close()
    begun = time.monotonic()
    all_right(locators, house)
    assert time.monotonic() - begun < 30
    assert server.count() <= 2 * COUNT


def test_a_run_goes_on_while_another_is_killed(server: Server, house: Path, start: Start) -> None:
    """What the other had claimed is free within a moment."""
    locators = served(server)
    server.serve("/60.bin", body(60), fault=[Stall(None), None])
    first = start(locators)
    while not server.count("/60.bin"):
        time.sleep(0.005)
    second = start(locators)
    time.sleep(0.2)
    first.kill()
    first.communicate()

    out, err = second.communicate(timeout=60)

    assert second.returncode == 0, err
    assert out.split()[-1] == str(COUNT)
    assert server.count("/60.bin") == 2
    all_right(locators, house)


def test_ctrl_c_ends_it_at_once(server: Server, house: Path, start: Start) -> None:
    """Whatever stalls: nothing stays claimed or half-written, and the next run goes on."""
    locators = served(server, 100)
    for number in range(80, 100):
        server.serve(f"/{number}.bin", body(number), fault=[Stall(None), None, None])
    process = start(locators)
    while server.count() < 60:
        assert process.poll() is None
        time.sleep(0.001)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)

    assert time.monotonic() - begun < 20.0
    assert "KeyboardInterrupt" in err
    assert list((house / "partial").iterdir()) == []
    for number in range(80, 100):
        server.serve(f"/{number}.bin", body(number))
    all_right(locators, house)


def test_ctrl_c_ends_large_ones_too(house: Path, start: Start) -> None:
    """What came of them is kept, and none of it twice."""
    data = [random.Random(number).randbytes(2 << 20) for number in range(3)]
    with Server(rate=3 << 20) as slow:
        locators = [
            f"{slow.serve(f'/{number}', one)}#sha256={hashlib.sha256(one).hexdigest()}"
            for number, one in enumerate(data)
        ]
        process = start(locators)
        while slow.sent() < 3 << 19:
            assert process.poll() is None
            time.sleep(0.01)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert time.monotonic() - begun < 20.0
        assert len(list(house.glob("partial/part-*"))) == 3

        paths = store.fetch_many(locators)

        assert [path.read_bytes() for path in paths] == data
        assert slow.sent() < 1.4 * 3 * (2 << 20)
    assert list((house / "partial").iterdir()) == []
