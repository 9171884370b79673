"""Many small files come over few connections, each once, and as a single fetch would bring them."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import stat
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

import store
from store.cache.backends.base import Cache
from store.cache.content import Content
from store.clock import SYSTEM_CLOCK
from store.errors import (
    CredentialsError,
    IntegrityError,
    OfflineError,
    ResourceNotFoundError,
    StoreError,
    TooLargeError,
    TransportError,
    TransportTimeoutError,
)
from store.events import (
    Attempted,
    AttemptFailed,
    Cached,
    Event,
    Failed,
    Hit,
    Progressed,
    Started,
    Verified,
)
from store.fetching.results import Outcome
from store.integrity.digest import Digest
from store.testing.answering import Exchange, Fault
from store.testing.disk_faults import read_only
from store.testing.faults import flip_bit
from store.testing.misbehaving import (
    Chunked,
    Encoded,
    HangUp,
    Lengths,
    OtherContent,
    Redirect,
    Reset,
    ShortBody,
    Stall,
    Status,
)
from store.testing.servers import Server

COUNT = 40
"""Enough for several connections to have enough to do."""


@attrs.frozen
class Raw(Fault):
    """Sends bytes as they are in place of an answer."""

    text: bytes

    def answer(self, exchange: Exchange) -> None:
        """Send them, and hang up."""
        exchange.send(self.text)
        exchange.hang_up()


def body(number: int) -> bytes:
    """The content of a number; that of the first is empty."""
    return b"%d," % number * (number % 40 or number)


def pinned(url: str, data: bytes) -> str:
    """The locator that pins a content."""
    return f"{url}#sha256={hashlib.sha256(data).hexdigest()}"


def served(server: Server, count: int = COUNT, **how: Any) -> list[str]:
    """Serve some small files; return their locators."""
    return [
        pinned(server.serve(f"/{number}.bin", body(number), **how), body(number))
        for number in range(count)
    ]


def fetched(locators: Sequence[str], **how: Any) -> list[Outcome]:
    """Fetch all; return the outcomes in the order of the input."""
    outcomes = sorted(store.fetch_each(locators, **how), key=lambda one: one.number)
    assert [one.number for one in outcomes] == list(range(len(locators)))
    return outcomes


def right(outcomes: Sequence[Outcome], *but: int) -> None:
    """Hold outcomes against what was served, but for some."""
    for outcome in outcomes:
        if outcome.number not in but:
            assert outcome.result is not None, outcome.error
            assert outcome.result.path.read_bytes() == body(outcome.number)
            assert outcome.result.verified
            assert outcome.result.size == len(body(outcome.number))


def nothing_open(house: Path) -> None:
    """Look for threads, claims and private directories that were left behind."""
    ours = ("store-lane", "store-fetch", "store-part", "store-hash")
    assert [one.name for one in threading.enumerate() if one.name.startswith(ours)] == []
    assert list((house / "partial").iterdir()) == []
    from store.cache.flight import FLIGHTS

    assert FLIGHTS._flights == {}


def test_many_come_over_few_connections(server: Server, house: Path) -> None:
    """One request for each, few connections for all; then they are hits, of which nobody is asked."""
    locators = served(server, 100)

    outcomes = fetched(locators, jobs=8)

    right(outcomes)
    assert server.count() == 100
    assert server.connections <= 8
    assert not any(one.result.cached for one in outcomes if one.result)
    assert all(one.result.driver == "http" for one in outcomes if one.result)
    nothing_open(house)
    again = fetched(locators)
    right(again)
    assert all(one.result.cached and one.result.attempts == () for one in again if one.result)
    assert server.count() == 100


def test_what_came_is_kept_as_a_single_fetch_keeps_it(
    server: Server, house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only, recorded, entered, and known where it came from."""
    locators = served(server, 8)
    many = [one.result for one in fetched(locators)]
    monkeypatch.setenv("STORE_CACHE_DIR", str(tmp_path / "other"))
    for number, (locator, result) in enumerate(zip(locators, many, strict=True)):
        assert result is not None
        alone = store.fetch(locator)
        assert stat.S_IMODE(alone.stat().st_mode) == stat.S_IMODE(result.path.stat().st_mode)
        assert alone.relative_to(tmp_path / "other") == result.path.relative_to(house)
        with (
            store.load_cache(configuration={"cache_dir": str(house)}) as one,
            store.load_cache(configuration={"cache_dir": str(tmp_path / "other")}) as other,
        ):
            assert one.get(result.uid).local_path == str(result.path)
            assert other.get(result.uid).local_path == str(alone)
            assert one.content.holds(str(result.path), (Digest.parse(result.uid),))
        assert result.path.read_bytes() == body(number)


def test_a_large_one_among_them_is_asked_for_once(server: Server, house: Path) -> None:
    """Its body is handed on to be received in the usual way."""
    large = os.urandom(3 << 20)
    locators = served(server, 20)
    locators.insert(3, pinned(server.serve("/large.bin", large), large))

    outcomes = fetched(locators)

    result = outcomes[3].result
    assert result is not None
    assert result.path.read_bytes() == large
    assert (len(result.attempts), result.attempts[0].received) == (1, len(large))
    assert server.count("/large.bin") == 1
    assert server.count() <= 21 + 7  # what was under way behind it is asked for again
    nothing_open(house)


def test_what_is_not_there_is_told_after_one_request(server: Server) -> None:
    """With its attempt; the others come."""
    locators = served(server, 20)
    locators.insert(5, pinned(f"{server.url}/none.bin", b"none"))

    outcomes = fetched(locators)

    error = outcomes[5].error
    assert isinstance(error, ResourceNotFoundError)
    assert [(one.address, one.received) for one in error.attempts] == [
        (f"{server.url}/none.bin", 0)
    ]
    assert server.count("/none.bin") == 1
    assert sum(one.error is not None for one in outcomes) == 1


HEALED: dict[str, Fault] = {
    "500": Status(500),
    "a reset": Reset(3),
    "no answer": HangUp(),
    "a short body": ShortBody(3),
    "a wrong content of the right size": OtherContent(bytes(reversed(body(7)))),
    "two lengths": Lengths(("21", "22")),
    "a second answer behind it": Raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n7,7,7,7,7,7,7,"
        b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n9,9,9,9,9,9,9,"
    ),
    "a header without end": Raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000),
    "an early hint": Raw(
        b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n"
    ),
}


@pytest.mark.parametrize("fault", HEALED)
def test_what_goes_wrong_once_comes_all_the_same(server: Server, house: Path, fault: str) -> None:
    """It is asked for again in the usual way, and nothing twice but what was under way behind it."""
    locators = served(server, 12)
    server.serve("/7.bin", body(7), fault=[HEALED[fault], None])

    outcomes = fetched(locators, jobs=3)

    right(outcomes)
    assert server.count("/7.bin") == 2 or fault == "a second answer behind it"
    assert 12 <= server.count() <= 13 + 7
    nothing_open(house)


UNUSUAL: dict[str, dict[str, Any]] = {
    "chunks": {"fault": Chunked(size=4)},
    "closed after each": {"fault": Lengths(("14",))},
    "no length": {"fault": Lengths()},
    "no tag": {"etag": None},
}


@pytest.mark.parametrize("how", UNUSUAL)
def test_what_is_unusual_and_right_comes(server: Server, how: str) -> None:
    """However it is framed."""
    locators = served(server, 12)
    server.serve("/7.bin", body(7), **UNUSUAL[how])

    right(fetched(locators))


def test_redirects_are_followed(server: Server) -> None:
    """To another path or host."""
    with Server() as other:
        locators = served(server, 8)
        elsewhere = other.serve("/7", body(7))
        server.serve("/7.bin", fault=Redirect(elsewhere))

        right(fetched(locators))

        assert other.count() == 1


def test_an_encoded_body_is_refused_but_where_the_name_says_so(server: Server) -> None:
    """What is kept is what was pinned: the raw bytes of a ``.gz``, and nothing that was packed on the way."""
    locators = served(server, 8)
    server.serve("/7.bin", body(7), fault=Encoded())
    packed = gzip.compress(b"data", mtime=0)
    locators.append(pinned(server.serve("/a.tar.gz", b"data", fault=Encoded()), packed))

    outcomes = fetched(locators)

    right(outcomes, 7, 8)
    assert isinstance(outcomes[7].error, TransportError)
    assert outcomes[8].result is not None
    assert outcomes[8].result.path.read_bytes() == packed


def test_a_wrong_content_is_refused_in_the_end(server: Server, house: Path) -> None:
    """After it was asked for in the usual way, too; every try is told, and nothing is kept."""
    locators = served(server, 8)
    server.serve("/7.bin", body(7), fault=OtherContent(b"wrong"))

    outcomes = fetched(locators)

    right(outcomes, 7)
    error = outcomes[7].error
    assert isinstance(error, IntegrityError)
    assert len(error.attempts) == server.count("/7.bin") == 2
    assert all("not what was pinned" in str(one.reason) for one in error.attempts)
    assert not Path(
        Content(house).layout.directory(Digest.parse(pinned("", body(7))[8:].replace("=", ":")))
    ).exists()
    nothing_open(house)


def test_a_page_in_place_of_a_file_is_told(server: Server) -> None:
    """It is likelier a login page than another version."""
    locators = served(server, 8)
    server.serve("/7.bin", b"<html>", headers={"Content-Type": "text/html; charset=utf-8"})

    error = fetched(locators)[7].error

    assert "an HTML page came in place of" in str(error)


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        ([Status(503, retry_after=1), None], 2),
        ([Status(500), OtherContent(b"wrong"), None], 3),
        ([Status(503, retry_after=86400)], 1),
        ([Status(403)], 1),
        ([OtherContent(b"wrong"), None], 2),
    ],
)
def test_each_request_is_an_attempt_and_waits_as_it_is_told(
    server: Server, fault: list[Fault | None], tries: int
) -> None:
    """What the short way has met counts as in the usual one: in results, errors and events."""
    told: list[Event] = []
    locators = served(server, 8)
    server.serve("/7.bin", body(7), fault=fault)
    begun = time.monotonic()

    outcome = fetched(locators, listener=told.append)[7]

    came = outcome.result if outcome.error is None else outcome.error
    assert came is not None
    assert len(came.attempts) == server.count("/7.bin") == tries
    assert (outcome.error is None) == (fault[-1] is None)
    mine = [one for one in told if one.name == "7.bin"]
    assert sum(isinstance(one, Attempted) for one in mine) == tries
    if isinstance(fault[0], Status) and fault[0].retry_after == 1:
        assert time.monotonic() - begun >= 1.0


def test_a_body_over_the_limit_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the limit is."""
    monkeypatch.setenv("STORE_MAX_SIZE", "50")

    outcomes = fetched(served(server, 30))

    for outcome in outcomes:
        if len(body(outcome.number)) > 50:
            assert isinstance(outcome.error, TooLargeError)
        else:
            assert outcome.result is not None


def test_a_deadline_ends_what_stalls(
    server: Server, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a typed error for each; what came before is there."""
    monkeypatch.setenv("STORE_DEADLINE", "0.4")
    locators = served(server, 20)
    server.serve("/7.bin", body(7), fault=Stall(None))
    begun = time.monotonic()

    outcomes = fetched(locators, jobs=4)

    assert time.monotonic() - begun < 20.0
    assert isinstance(outcomes[7].error, TransportTimeoutError)
    right(outcomes, 7)
    nothing_open(house)


def test_offline_opens_no_socket(
    server: Server, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the cache has comes; the rest is told of, without a connection."""
    locators = served(server, 10)
    fetched(locators[:5], jobs=1)  # no connection is still on its way after that
    before = server.connections
    monkeypatch.setenv("STORE_OFFLINE", "1")

    outcomes = fetched(locators)

    right(outcomes[:5])
    assert all(isinstance(one.error, OfflineError) for one in outcomes[5:])
    assert server.connections == before


def test_credentials_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the environment; without any, each is refused as a single one would be."""
    with Server(user="me", password="secret") as server:
        locators = served(server, 10)
        refused = fetched(locators)
        assert all(isinstance(one.error, CredentialsError) for one in refused)
        monkeypatch.setenv(f"STORE_TOKEN_HTTP_127_0_0_1_{server.port}", "me:secret")

        right(fetched(locators))


def test_a_proxy_is_asked_and_nobody_else(
    server: Server, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no short way past it."""
    locators = served(server, 6)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    (house.parent / "config.toml").write_text("retries = 0\n")
    from store.transports.opening import close_all

    close_all()
    outcomes = fetched(locators)
    close_all()

    assert all(isinstance(one.error, TransportError) for one in outcomes)
    assert server.connections == 0


def test_events_are_told_in_order(server: Server) -> None:
    """For each: begun, asked, come, verified, kept; a hit is told alone, and a failure with its try."""
    told: list[Event] = []
    locators = served(server, 6)
    locators.append(pinned(f"{server.url}/none.bin", b"none"))

    fetched(locators, listener=told.append)

    for number in range(6):
        mine = [one for one in told if one.name == f"{number}.bin"]
        assert [type(one) for one in mine] == [Started, Attempted, Progressed, Verified, Cached]
        size = len(body(number))
        assert (mine[2].received, mine[2].total) == (size, size)  # type: ignore[union-attr]
    vain = [type(one) for one in told if one.name == "none.bin"]
    assert vain == [Started, Attempted, AttemptFailed, Failed]
    told.clear()
    fetched(locators[:6], listener=told.append)
    assert [type(one) for one in told] == [Hit] * 6


def test_a_listener_that_raises_ends_it(server: Server, house: Path) -> None:
    """With what it raised; nothing stays claimed, and what came is there."""

    def raising(event: Event) -> None:
        if isinstance(event, Cached):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(store.fetch_each(served(server, 30), listener=raising))

    nothing_open(house)
    right(fetched(served(server, 30)))


def test_files_are_placed_where_they_are_wanted(server: Server, tmp_path: Path) -> None:
    """Whole, editable, and apart from the cache's."""
    outcomes = fetched(served(server, 30), dest=tmp_path / "there")

    right(outcomes)
    for outcome in outcomes:
        assert outcome.result is not None
        assert outcome.result.path == tmp_path / "there" / f"{outcome.number}.bin"
        assert not outcome.result.cached
        assert len(outcome.result.attempts) == 1
        assert os.access(outcome.result.path, os.W_OK)
    assert server.count() == 30


def test_one_that_is_wanted_twice_comes_once(server: Server) -> None:
    """Whether by one address or by two."""
    locators = served(server, 10)
    other = [pinned(server.serve(f"/again/{n}.bin", body(n)), body(n)) for n in range(10)]

    outcomes = sorted(store.fetch_each([*locators, *locators, *other]), key=lambda one: one.number)

    assert len(outcomes) == 30
    for outcome in outcomes:
        assert outcome.result is not None
        assert outcome.result.path.read_bytes() == body(outcome.number % 10)
    assert server.count() <= 11


def test_outcomes_come_in_order_where_that_is_wanted(server: Server) -> None:
    """Though one of the first takes its time."""
    locators = served(server, 30)
    server.serve("/0.bin", body(0), fault=Stall(None, seconds=0.2))

    outcomes = list(store.fetch_each(locators, ordered=True))

    assert [one.number for one in outcomes] == list(range(30))
    right(outcomes)


@pytest.mark.parametrize("fault", [Status(404), OtherContent(b"wrong")], ids=["404", "wrong"])
def test_one_failure_ends_it_where_that_is_wanted(
    server: Server, house: Path, fault: Fault
) -> None:
    """What was not begun has no outcome, and what was begun has one."""
    locators = served(server, 100)
    server.serve("/0.bin", body(0), fault=fault)

    outcomes = list(store.fetch_each(locators, fail_fast=True, jobs=2))

    assert sum(one.error is not None for one in outcomes) == 1
    assert len(outcomes) < 100
    right(outcomes, 0)
    nothing_open(house)


def test_whoever_leaves_early_leaves_nothing_open(server: Server, house: Path) -> None:
    """No thread, no claim, no private directory; and the next call goes on."""
    locators = served(server, 60)
    running = store.fetch_each(locators, jobs=4)

    right([next(running)])
    running.close()  # type: ignore[attr-defined]

    nothing_open(house)
    right(fetched(locators))


def test_whoever_leaves_while_a_server_stalls_does_not_wait(server: Server, house: Path) -> None:
    """Nobody wants what it has."""
    locators = served(server, 30)
    for number in range(10, 30):
        server.serve(f"/{number}.bin", body(number), fault=Stall(None))
    running = store.fetch_each(locators, jobs=4)
    next(running)
    begun = time.monotonic()

    running.close()  # type: ignore[attr-defined]

    assert time.monotonic() - begun < 20.0
    nothing_open(house)


def test_a_loop_that_fetches_others_meanwhile_does_not_wait_for_itself(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has come for the loop, and was not given to it yet, is not waited for in it."""
    monkeypatch.setenv("STORE_LOCK_TIMEOUT", "60")
    locators = served(server, 30)
    for number in range(15, 30):
        server.serve(f"/{number}.bin", body(number), fault=Stall(None, seconds=0.05))
    running = store.fetch_each(locators, jobs=4)
    outcomes = [next(running)]
    time.sleep(0.2)  # others come meanwhile
    begun = time.monotonic()

    for number in range(15, 30):
        assert store.fetch(locators[number]).read_bytes() == body(number)

    assert time.monotonic() - begun < 30.0
    outcomes += running
    right(outcomes)


@pytest.mark.parametrize("kind", ["directory", "link"])
@pytest.mark.parametrize("what", ["content", "record", "entry"])
def test_what_is_in_the_way_is_set_aside(
    server: Server, house: Path, tmp_path: Path, what: str, kind: str
) -> None:
    """The file comes, is known afterwards, and nothing outside is touched."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    locators = served(server, 8)
    digest = Digest.parse("sha256:" + hashlib.sha256(body(3)).hexdigest())
    with store.load_cache(configuration={"cache_dir": str(house)}) as cache:
        layout = cache.content.layout
        path = {
            "content": Path(layout.directory(digest)) / "3.bin",
            "record": Path(layout.record(digest)),
            "entry": Path(cache.uid_to_file(str(digest))),  # type: ignore[attr-defined]
        }[what]
    path.parent.mkdir(parents=True)
    if kind == "link":
        path.symlink_to(outside)
    else:
        path.mkdir()

    right(fetched(locators))
    right(fetched(locators))

    assert server.count() == 8
    assert outside.read_bytes() == b"precious"
    with store.load_cache(configuration={"cache_dir": str(house)}) as cache:
        assert cache.get(str(digest)) is not None


@pytest.mark.parametrize("place", ["content/v1/sha256", "records", "entries", "partial", "leases"])
def test_no_link_leads_out_of_the_cache(
    server: Server, house: Path, tmp_path: Path, place: str
) -> None:
    """Wherever it lies: it is set aside, and all comes."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = house / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)

    right(fetched(served(server, 10)))

    assert list(outside.iterdir()) == []
    assert server.count() == 10


def test_a_read_only_cache_serves_its_hits_and_says_why_it_can_no_more(
    server: Server, house: Path, tmp_path: Path
) -> None:
    """What it lacks goes past it where there is another place."""
    locators = served(server, 12)
    fetched(locators[:6])
    with read_only(house):
        outcomes = fetched(locators)
        placed = fetched(locators, dest=tmp_path / "there")

    right(outcomes[:6])
    assert all(isinstance(one.error, StoreError) for one in outcomes[6:])
    right(placed)


@pytest.mark.parametrize("backend", ["disk", "null"])
def test_every_backend_is_told(server: Server, house: Path, backend: str) -> None:
    """Each remembers in its own way, or nothing at all; the content is found all the same."""
    locators = served(server, 12)
    with store.load_cache(backend, {"cache_dir": str(house)}) as cache:
        right(fetched(locators, cache=cache))
        before = server.count()
        for number in range(12):
            uid = "sha256:" + hashlib.sha256(body(number)).hexdigest()
            assert (cache.get(uid) is not None) == (backend != "null")

        right(fetched(locators, cache=cache))
        assert server.count() == before == 12


def test_a_cache_that_fails_costs_only_its_entries(server: Server, house: Path) -> None:
    """What a stranger's cache raises is logged."""
    from store.testing.faults import RaisingCache

    with contextlib.closing(RaisingCache({"cache_dir": str(house)})) as cache:
        right(fetched(served(server, 8), cache=cache))


def test_tampering_after_a_batch_is_seen(server: Server, house: Path) -> None:
    """Each file is looked at when it is next asked for, and comes anew."""
    locators = served(server, 10)
    for outcome in fetched(locators):
        assert outcome.result is not None
        if outcome.result.size:
            flip_bit(outcome.result.path)

    outcomes = fetched(locators)

    right(outcomes)
    assert server.count() == 10 + 9
    assert len(list((house / "quarantine").iterdir())) == 9


def test_a_fork_in_the_middle_harms_nobody(server: Server, house: Path) -> None:
    """The child may leave the loop, or fetch by itself; the parent goes on."""
    locators = served(server)
    other = [
        pinned(server.serve(f"/child/{n}", body(n) * 2 + b"c"), body(n) * 2 + b"c")
        for n in range(8)
    ]
    running = store.fetch_each(locators, jobs=2)
    outcomes = [next(running)]

    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            running.close()  # type: ignore[attr-defined]
            os._exit(0 if all(one.result is not None for one in store.fetch_each(other)) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    outcomes += running

    right(outcomes)
    assert len(outcomes) == COUNT
    assert server.count() <= COUNT + 8 + 2
    nothing_open(house)


def test_a_cache_of_ones_own_is_used(server: Server, tmp_path: Path) -> None:
    """Rather than the default's."""
    cache: Cache = store.load_cache(configuration={"cache_dir": str(tmp_path / "own")})
    with cache:
        outcomes = fetched(served(server, 8), cache=cache)

    assert all(
        one.result is not None and one.result.path.is_relative_to(tmp_path / "own")
        for one in outcomes
    )


def test_several_origins_are_asked_at_once(server: Server) -> None:
    """Those with enough to ask for in the short way, the others in the usual one."""
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(Server()) for _ in range(4)]
        locators = served(server, 10)
        contents = [body(number) for number in range(10)]
        for index, other in enumerate(others):
            for number in range(2 + index % 4):
                data = b"%d of %d" % (number, index)
                contents.append(data)
                locators.append(pinned(other.serve(f"/{number}", data), data))

        outcomes = fetched(locators)

    for outcome, data in zip(outcomes, contents, strict=True):
        assert outcome.result is not None
        assert outcome.result.path.read_bytes() == data


def test_a_name_that_would_have_to_be_made_safe_comes_too(server: Server) -> None:
    """In the usual way."""
    names = ["/a%20b", "/-x", "/.hidden", "/" + "y" * 230, "/ok"]
    locators = [pinned(server.serve(name, name.encode()), name.encode()) for name in names]

    outcomes = fetched(locators)

    for outcome, name in zip(outcomes, names, strict=True):
        assert outcome.result is not None, outcome.error
        assert outcome.result.path.read_bytes() == name.encode()


def test_the_time_of_a_use_is_marked(server: Server, house: Path) -> None:
    """So that a pruning knows what is young."""
    fetched(served(server, 8))

    for record in (house / "records").rglob("*.json"):
        assert abs(record.stat().st_mtime - SYSTEM_CLOCK.now()) < 60
