"""All transfers of a process share a bandwidth."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.clock import SYSTEM_CLOCK
from store.errors import TransportTimeoutError
from store.testing.fakes import FakeClock
from store.testing.servers import Server
from store.transports.base import TransferOptions
from store.transports.deadlines import Deadline
from store.transports.excuses import excusing
from store.transports.limiting import Limiter, limiter_for
from store.transports.receiving import receive


class Standing(FakeClock):
    """A clock of several who sleep at the same moment."""

    def sleep(self, seconds: float) -> None:
        """Note the wish alone."""
        self.slept.append(seconds)


def test_bytes_take_the_time_that_the_rate_gives_them() -> None:
    """Nothing is free at the beginning, and pauses are caught up on for a moment only."""
    clock = FakeClock()
    limiter = Limiter(1000, clock)
    endless = Deadline(clock, None)

    limiter.take(500, endless)
    clock.advance(60)
    limiter.take(500, endless)

    assert clock.slept == [0.5, pytest.approx(0.4)]


def test_all_get_in_line() -> None:
    """Whoever comes later waits for those before, too."""
    clock = Standing()
    limiter = Limiter(1000, clock)

    for _ in range(3):
        limiter.take(100, Deadline(clock, None))

    assert clock.slept == [pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.3)]


def test_waiting_is_excused_and_ends_with_the_deadline() -> None:
    """No server is to blame for it, and no call is longer than it may be."""
    clock = FakeClock()
    excuses: list[float] = []

    with excusing(excuses.append):
        Limiter(10, clock).take(1000, Deadline(clock, 3.0))

    assert clock.slept == excuses == [3.0]


@pytest.mark.parametrize(("rate", "piece"), [(1, 1024), (200_000, 10_000), (10**12, 1 << 20)])
def test_pieces_make_the_flow_even(rate: int, piece: int) -> None:
    """Twenty of them last a second, within reason."""
    assert Limiter(rate).piece == piece


def test_one_rate_has_one_limiter() -> None:
    """What is limited alike is limited together; a fork's child begins anew."""
    assert limiter_for(77) is limiter_for(77)
    assert limiter_for(77) is not limiter_for(78)
    assert limiter_for(77) is not limiter_for(77, FakeClock())

    here = limiter_for(77)
    child = os.fork()
    if child == 0:
        os._exit(0 if limiter_for(77) is not here else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("jobs", [1, 4])
def test_the_rate_holds(
    server: Server, directory: Path, options: TransferOptions, jobs: int
) -> None:
    """Over a second or more it is met within 15 %, by one transfer or by several together."""
    rate = 2_000_000
    data = os.urandom(int(rate * 1.5 / jobs))
    urls = [server.serve(f"/{number}", data) for number in range(jobs)]
    limited = options._replace(limit_rate=rate)
    begun = SYSTEM_CLOCK.monotonic()

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda url: receive(url, directory, options=limited), urls))

    found = len(data) * jobs / (SYSTEM_CLOCK.monotonic() - begun)
    assert found == pytest.approx(rate, rel=0.15)


def test_our_own_limit_is_no_fault_of_the_server(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """A rate below the slowest that is put up with, and below what a silence lasts, brings the file."""
    url = server.serve("/a", b"x" * 6000)
    bounds = options.bounds._replace(
        minimum_rate=1_000_000.0, grace=0.5, stall_timeout=0.5, read_timeout=0.5
    )
    limited = options._replace(limit_rate=8000, bounds=bounds)

    received = receive(url, directory, options=limited)

    assert len(received.attempts) == 1
    assert 0.5 < received.attempts[0].seconds < 20.0


def test_a_limit_does_not_outlast_the_deadline(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """A call that cannot be done in time ends in time."""
    url = server.serve("/a", b"x" * 100_000)
    bounds = options.bounds._replace(deadline=0.4)
    begun = time.monotonic()

    with pytest.raises(TransportTimeoutError, match=r"deadline of 0\.4 s"):
        receive(url, directory, options=options._replace(limit_rate=1000, bounds=bounds))

    assert time.monotonic() - begun < 20.0


def test_without_a_limit_nobody_waits() -> None:
    """The default has no limiter at all."""
    assert limiter_for(TransferOptions().limit_rate) is None
