"""Origins are asked for many small bodies, and what is not plain is handed back."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from store.cache.claims import Claims
from store.cache.content import Content
from store.clock import SYSTEM_CLOCK
from store.errors import ResourceNotFoundError, TransportError
from store.fetching.lane import LARGEST, LEAST, Lane
from store.fetching.pinned import Pinned, read_pinned
from store.fetching.traffic import Back, Ended, Small, Traffic
from store.testing.disk_faults import failing_call
from store.testing.misbehaving import Chunked, Stall, Status
from store.testing.servers import Server
from store.transports.base import Bounds, Stream, TransferOptions
from store.transports.deadlines import Deadline
from store.transports.whole import WholeStream


class Laid:
    """A lane, and what it brings."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.content = Content(root, durability="relaxed")
        self.arrivals: SimpleQueue[Any] = SimpleQueue()
        self.traffic = Traffic(
            self.arrivals, self.arrivals.put, fail_fast=options.pop("fail_fast", False)
        )
        self.deadline = Deadline(SYSTEM_CLOCK, None)
        self.lane = Lane(
            self.content,
            TransferOptions(**options),
            self.deadline,
            self.traffic,
            connections=4,
        )

    def brought(self, wanted: list[tuple[int, Pinned]]) -> dict[int, Small | Back]:
        """Ask, and take all that comes; claims and streams are given back."""
        running, left = self.lane.start(wanted)
        found: dict[int, Small | Back] = {number: Back(number) for number in left}
        while running:
            arrival = self.arrivals.get(timeout=20)
            if isinstance(arrival, Ended):
                running -= 1
                continue
            assert arrival.number not in found
            found[arrival.number] = arrival
            if isinstance(arrival, Small):
                arrival.claim.release(vain=True)
            elif isinstance(arrival, Back):
                arrival.close()
        self.lane.stop()
        return found


@pytest.fixture
def lay(house: Path) -> Iterator[Callable[..., Laid]]:
    """Make a lane into the test's cache; it is stopped at the end."""
    made: list[Laid] = []

    def laid(**options: Any) -> Laid:
        made.append(Laid(house, **options))
        return made[-1]

    yield laid
    for one in made:
        one.lane.stop()
    assert not [one for one in threading.enumerate() if one.name == "store-lane"]


def body(number: int) -> bytes:
    """The content of a number."""
    return b"%d" % number


def wanted(server: Server, count: int, first: int = 0, **how: Any) -> list[tuple[int, Pinned]]:
    """Serve some small files; return what is wanted."""
    found = []
    for number in range(first, first + count):
        url = server.serve(f"/{number}", body(number), **how)
        pinned = read_pinned(f"{url}#sha256={hashlib.sha256(body(number)).hexdigest()}")
        assert pinned is not None
        found.append((number, pinned))
    return found


def test_what_is_plain_comes_verified(server: Server, lay: Callable[..., Laid]) -> None:
    """Each with its claim, its bytes, and how it came."""
    found = lay().brought(wanted(server, 30))

    for number, small in found.items():
        assert isinstance(small, Small)
        assert bytes(small.data) == body(number)
        assert small.attempt.reason is None
        assert small.attempt.received == len(body(number))
        assert small.attempt.address == f"{server.url}/{number}"
    assert len(found) == 30


def test_few_of_an_origin_are_not_worth_it(server: Server, lay: Callable[..., Laid]) -> None:
    """They are told at once as left."""
    assert lay().lane.start(wanted(server, LEAST - 1)) == (0, list(range(LEAST - 1)))
    assert server.connections == 0


def test_no_more_origins_are_asked_than_are_allowed(lay: Callable[..., Laid]) -> None:
    """Those with the most; the others are left."""
    servers = [Server() for _ in range(9)]
    todo = [
        one
        for index, server in enumerate(servers)
        for one in wanted(server, LEAST + index, first=100 * index)
    ]

    found = lay().brought(todo)

    left = {number for number, arrival in found.items() if arrival == Back(number)}
    assert left == set(range(LEAST))
    for server in servers:
        server.stop()


def test_a_wrong_content_is_handed_back_to_be_judged(
    server: Server, lay: Callable[..., Laid]
) -> None:
    """As it came, with what its head has said."""
    todo = wanted(server, 5)
    server.serve("/3", b"<html>", headers={"Content-Type": "text/html; charset=utf-8"})

    back = lay().brought(todo)[3]

    assert isinstance(back, Back)
    assert isinstance(back.answer, WholeStream)
    assert back.answer.content_type == "text/html; charset=utf-8"
    assert back.answer.etag is not None
    assert back.answer.size == 6


@pytest.mark.parametrize(("status", "after"), [(503, 7), (429, 86400), (500, None)])
def test_a_no_that_may_pass_is_handed_back(
    server: Server, lay: Callable[..., Laid], status: int, after: int | None
) -> None:
    """With how long the server wants to be left alone."""
    todo = wanted(server, 5)
    server.serve("/3", fault=Status(status, retry_after=after))

    back = lay().brought(todo)[3]

    assert isinstance(back, Back)
    assert isinstance(back.answer, TransportError)
    assert (back.answer.status, back.answer.retry_after) == (status, after)
    assert back.error is None


def test_a_final_no_is_handed_back_with_its_error(server: Server, lay: Callable[..., Laid]) -> None:
    """Which holds the try, too."""
    todo = wanted(server, 5)
    server.serve("/3", fault=Status(410))

    back = lay().brought(todo)[3]

    assert isinstance(back, Back)
    assert isinstance(back.error, ResourceNotFoundError)
    assert back.error.attempts == (back.attempt,)


def test_a_large_body_is_handed_back_open(server: Server, lay: Callable[..., Laid]) -> None:
    """From a byte more than is held in memory, or than may be had at all."""
    todo = wanted(server, 5)
    server.serve("/3", bytes(LARGEST + 1))

    back = lay().brought(todo)[3]
    small = lay(bounds=Bounds(max_size=0)).brought(todo)[4]

    assert isinstance(back, Back)
    assert isinstance(small, Back)
    assert isinstance(back.answer, Stream)
    assert isinstance(small.answer, Stream)
    assert (back.answer.size, small.answer.size) == (LARGEST + 1, 1)


def test_what_is_fetched_elsewhere_is_handed_back(server: Server, lay: Callable[..., Laid]) -> None:
    """It is not asked for."""
    laid = lay()
    todo = wanted(server, 6)
    pinned = todo[2][1]
    claim = Claims(laid.content.layout).claim(pinned.uid, pinned.digest, pinned.name)
    assert claim is not None

    found = laid.brought(todo)
    claim.release()

    assert found[2] == Back(2)
    assert server.count("/2") == 0
    assert sum(isinstance(one, Small) for one in found.values()) == 5


def test_a_directory_that_cannot_be_made_hands_back(
    server: Server, house: Path, lay: Callable[..., Laid]
) -> None:
    """Whoever fetches in the usual way says what is wrong."""
    laid = lay()
    with failing_call("mkdir", 13, number=3, below=house):
        found = laid.brought(wanted(server, 6))

    assert sum(one == Back(number) for number, one in found.items()) == 1


@pytest.mark.parametrize(("plain", "most"), [(0, 20), (1, 60)])
def test_a_server_that_is_never_plain_is_not_asked_for_all(
    server: Server, lay: Callable[..., Laid], plain: int, most: int
) -> None:
    """It would be asked twice for each; one that was plain once is."""
    todo = wanted(server, plain) + wanted(server, 60 - plain, first=plain, fault=Chunked())

    found = lay().brought(todo)

    handed = [number for number, arrival in found.items() if isinstance(arrival, Back)]
    assert len(handed) == 60 - plain
    assert len(server.requests) <= most + 20  # some connections end meanwhile
    assert len(server.requests) > most - 20


def test_what_was_not_asked_for_is_handed_back_at_the_end(
    server: Server, lay: Callable[..., Laid]
) -> None:
    """Where it is called off in the middle."""
    laid = lay(fail_fast=True)
    todo = wanted(server, 200)
    server.serve("/0", fault=Status(404))

    found = laid.brought(todo)

    assert len(found) == 200
    assert server.count() < 200


def test_stopping_waits_for_no_server(server: Server, lay: Callable[..., Laid]) -> None:
    """What was claimed is free."""
    laid = lay()
    todo = wanted(server, 10, fault=Stall(None))
    assert laid.lane.start(todo) == (1, [])
    while server.count() < 2:
        SYSTEM_CLOCK.sleep(0.01)
    begun = SYSTEM_CLOCK.monotonic()

    laid.lane.stop()

    assert SYSTEM_CLOCK.monotonic() - begun < 20.0
    for _, pinned in todo:
        claim = Claims(laid.content.layout).claim(pinned.uid, pinned.digest, pinned.name)
        assert claim is not None
        claim.release(vain=True)


def test_a_scheme_that_knows_no_short_way_is_left(
    lay: Callable[..., Laid], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another transport opens http, for one."""
    from store.testing.fakes import FakeTransport

    todo = []
    for number in range(5):
        pinned = read_pinned(f"http://host/{number}#sha256={'0' * 64}")
        assert pinned is not None
        todo.append((number, pinned))
    monkeypatch.setattr(
        "store.fetching.lane.transport_for", lambda _, options: FakeTransport({}, options)
    )

    assert lay().lane.start(todo) == (0, [0, 1, 2, 3, 4])
