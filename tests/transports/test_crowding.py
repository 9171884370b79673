"""Connections to one origin are held within a limit."""

from __future__ import annotations

import gc
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.clock import SYSTEM_CLOCK
from store.errors import ResourceNotFoundError, TransportTimeoutError
from store.testing.answering import Exchange, Fault
from store.testing.misbehaving import Drip, Stall
from store.testing.servers import Server
from store.transports.base import TransferOptions
from store.transports.crowding import Seat, enter, offering, try_enter
from store.transports.deadlines import Deadline, keeping
from store.transports.excuses import excusing
from store.transports.opening import transport_for
from store.transports.receiving import receive

ADDRESS = "https://host.example/a"


def seat() -> Seat:
    """Take a seat of one."""
    return enter(ADDRESS, 1, SYSTEM_CLOCK)


def in_a_thread(work: object) -> object:
    """Return what a function returns in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(timeout=30)  # type: ignore[arg-type]


def test_a_seat_is_taken_and_left() -> None:
    """Another thread gets it afterwards; to leave twice gives away no other's."""
    first = seat()
    assert try_enter(ADDRESS, 1) is None
    first.leave()
    second = try_enter(ADDRESS, 1)
    first.leave()

    assert second is not None
    assert try_enter(ADDRESS, 1) is None
    second.leave()


def test_origins_do_not_crowd_one_another() -> None:
    """Another port is another origin."""
    first = seat()
    second = try_enter("https://host.example:8443/a", 1)

    assert second is not None
    for one in (first, second):
        one.leave()


def test_who_waits_gets_the_seat_that_is_left() -> None:
    """The time is told as an excuse: no server is to blame for it."""
    first = seat()
    excuses: list[float] = []

    def wait() -> None:
        with excusing(excuses.append):
            seat().leave()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.1)
    first.leave()
    thread.join(10)

    assert len(excuses) == 1
    assert 0.05 < excuses[0] < 5


def test_waiting_ends_with_the_deadline() -> None:
    """The error names the setting that allows more."""
    first = seat()

    def wait() -> None:
        with keeping(Deadline(SYSTEM_CLOCK, 0.1)):
            seat()

    with pytest.raises(TransportTimeoutError, match="per_host"):
        in_a_thread(wait)
    first.leave()


def test_a_thread_never_waits_for_itself() -> None:
    """One that holds a seat gets another, past the limit, so that no two wait for one another."""
    seats = [seat(), seat(), seat()]

    assert in_a_thread(lambda: try_enter(ADDRESS, 3)) is None
    for one in seats:
        one.leave()


def test_an_offered_seat_is_taken_by_the_connection_that_is_opened(
    server: Server, options: TransferOptions
) -> None:
    """Whoever asked without waiting hands the seat on; the body leaves it."""
    url = server.serve("/a", b"data")
    offered = try_enter(url, 1)
    assert offered is not None

    with offering(offered), transport_for(url, options).open_stream(url):
        assert try_enter(url, 1) is None
        assert try_enter(url, 2) is not None

    left = try_enter(url, 1)
    assert left is not None
    left.leave()


def test_an_offered_seat_that_nobody_takes_is_left() -> None:
    """An offer to another origin is none."""
    offered = seat()
    with offering(offered):
        enter("https://other.example/", 1, SYSTEM_CLOCK).leave()

    free = try_enter(ADDRESS, 1)
    assert free is not None
    free.leave()


def test_a_body_that_nobody_closes_gives_its_seat_back(
    server: Server, options: TransferOptions
) -> None:
    """A slip of a driver does not lock an origin for good."""
    url = server.serve("/a", b"data" * 100_000)
    stream = transport_for(url, options).open_stream(url)
    assert try_enter(url, 1) is None
    stream.close = lambda: None  # type: ignore[method-assign]

    del stream
    gc.collect()

    free = try_enter(url, 1)
    assert free is not None
    free.leave()


@pytest.mark.parametrize("status", [404, 200, 302])
def test_every_end_of_a_request_leaves_its_seat(
    server: Server, other: Server, options: TransferOptions, status: int
) -> None:
    """Whether it fails, brings an empty body or leads elsewhere."""
    url = f"{server.url}/a"
    if status == 200:
        server.serve("/a", b"")
    elif status == 302:
        server.redirect("/a", other.serve("/b", b"data"))
    stream = None

    if status == 404:
        with pytest.raises(ResourceNotFoundError):
            transport_for(url, options).open_stream(url)
    else:
        stream = transport_for(url, options).open_stream(url)

    free = try_enter(url, 1)
    assert free is not None
    free.leave()
    assert status != 302 or try_enter(other.url, 1) is None
    if stream is not None:
        stream.close()


def test_a_child_of_a_fork_begins_with_free_seats() -> None:
    """It has none of its parent's connections."""
    first = seat()
    child = os.fork()
    if child == 0:
        os._exit(0 if try_enter(ADDRESS, 1) is not None else 1)
    _, status = os.waitpid(child, 0)
    first.leave()

    assert os.waitstatus_to_exitcode(status) == 0


class Counting(Fault):
    """Answers well and slowly, and counts how many it answers at once.

    Args:
        piece: How many bytes are sent at a time.
    """

    def __init__(self, piece: int = 1 << 20) -> None:
        self.lock = threading.Lock()
        self.piece = piece
        self.now = self.most = 0

    def answer(self, exchange: Exchange) -> None:
        """Count, answer, and take the count back."""
        send = exchange.send

        def slowly(data: bytes) -> None:
            for begin in range(0, len(data), self.piece):
                exchange.stopping.wait(0.03)
                send(data[begin : begin + self.piece])

        exchange.send = slowly  # type: ignore[method-assign]
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            exchange.well()
        finally:
            with self.lock:
                self.now -= 1


def test_the_server_sees_no_more_than_the_limit(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """However many threads ask, so many connections are made and no more."""
    counting = Counting()
    urls = [server.serve(f"/{number}", b"data", fault=counting) for number in range(12)]
    few = options._replace(per_host=3)

    with ThreadPoolExecutor(12) as pool:
        received = list(pool.map(lambda url: receive(url, directory, options=few), urls))

    assert len(received) == 12
    assert counting.most == 3
    assert server.connections <= 3


def test_who_waits_for_a_seat_is_not_taken_for_silent(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The time before a connection counts for no stall, so that an attempt which fails is repeated."""
    slow = server.serve("/slow", b"x" * 10, fault=Drip(size=1, every=0.08))
    url = server.serve("/a", b"data", fault=[Stall(2)])
    bounds = options.bounds._replace(stall_timeout=0.75, read_timeout=0.2)
    alone = options._replace(per_host=1, bounds=bounds)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(receive, slow, directory, options=alone)
        while not server.count("/slow"):
            time.sleep(0.01)
        second = pool.submit(receive, url, directory, options=alone).result(timeout=30)
        first.result(timeout=30)

    assert [one.reason is None for one in second.attempts] == [False, True]


@pytest.mark.parametrize("limit", [1, 3, 16])
def test_one_large_body_keeps_to_the_limit(
    server: Server, directory: Path, options: TransferOptions, limit: int
) -> None:
    """It comes over several connections where a server is slow, and over no more than it may.

    The first is given up when others take over its rest, which the server learns only as it sends on.
    """
    counting = Counting()
    url = server.serve("/large", bytes(40 << 20), fault=counting)

    received = receive(url, directory, options=options._replace(per_host=limit))

    assert counting.most <= limit + (limit > 1)
    assert received.attempts[0].connections <= limit
    assert limit == 1 or received.attempts[0].connections > 1


def test_large_bodies_of_one_origin_share_its_seats(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Those that find no seat do with fewer, and none waits for the others for ever."""
    counting = Counting()
    urls = [server.serve(f"/{number}", bytes(34 << 20), fault=counting) for number in range(3)]
    few = options._replace(per_host=4, bounds=options.bounds._replace(deadline=60.0))

    with ThreadPoolExecutor(3) as pool:
        received = list(pool.map(lambda url: receive(url, directory, options=few), urls))

    assert [one.attempts[-1].reason for one in received] == [None] * 3
    assert (
        counting.most <= 6
    )  # of 12 without seats; some may still be ending at the server when others begin


def test_a_body_that_waits_for_a_seat_can_be_given_up(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """A crew that is stopped leaves nobody behind who waits."""
    deadline = Deadline(SYSTEM_CLOCK, None).part()
    held = enter(server.url, 1, SYSTEM_CLOCK)

    def wait() -> None:
        with keeping(deadline):
            enter(server.url, 1, SYSTEM_CLOCK)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        deadline.cut()
        with pytest.raises(TransportTimeoutError):
            waiting.result(timeout=10)
    held.leave()
