"""Many resources are fetched at once, and each is told of as it comes."""

from __future__ import annotations

import hashlib
import io
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import store
from store.errors import QueryError, ResourceNotFoundError
from store.testing.answering import Fault
from store.testing.archives import packed
from store.testing.misbehaving import Stall, Status
from store.testing.servers import Server


def locator(server: Server, name: str, data: bytes) -> str:
    """Serve ``data`` and return its pinned locator."""
    server.serve(f"/{name}", data)
    return f"{server.url}/{name}#sha256={hashlib.sha256(data).hexdigest()}"


def test_outcomes_come_in_the_order_of_the_input_where_that_is_wanted(server: Server) -> None:
    """With ``ordered`` the first outcome is the first locator's."""
    wanted = [locator(server, f"{number}.bin", bytes([number])) for number in range(20)]

    outcomes = list(store.fetch_each(wanted, ordered=True, jobs=5))

    assert [outcome.number for outcome in outcomes] == list(range(20))
    assert [outcome.result.path.read_bytes() for outcome in outcomes if outcome.result] == [
        bytes([number]) for number in range(20)
    ]


def test_a_failed_one_does_not_stop_the_others(server: Server) -> None:
    """Its outcome holds the error, with every attempt; the rest have results."""
    good = locator(server, "good.bin", b"good")
    bad = f"{server.url}/none.bin#sha256={'0' * 64}"

    outcomes = sorted(store.fetch_each([bad, good]), key=lambda one: one.number)

    assert isinstance(outcomes[0].error, ResourceNotFoundError)
    assert len(outcomes[0].error.attempts) == 1
    assert outcomes[1].result is not None


@pytest.mark.parametrize("jobs", [1, 2])
def test_fail_fast_begins_nothing_after_a_failure(server: Server, jobs: int) -> None:
    """What was not begun has no outcome."""
    bad = f"{server.url}/none.bin#sha256={'0' * 64}"
    rest = [locator(server, f"{number}.bin", bytes([number])) for number in range(30)]

    outcomes = list(store.fetch_each([bad, *rest], jobs=jobs, fail_fast=True, ordered=True))

    assert outcomes[0].error is not None
    assert len(outcomes) < 31


def test_a_result_tells_every_attempt(server: Server) -> None:
    """An attempt that failed and passed stands before the one that succeeded."""
    data = b"at last"
    server.serve("/late.bin", data, fault=[Status(503), None])
    wanted = f"{server.url}/late.bin#sha256={hashlib.sha256(data).hexdigest()}"

    (outcome,) = store.fetch_each([wanted])

    assert outcome.result is not None
    assert ["503" in str(one.reason) for one in outcome.result.attempts] == [True, False]
    (again,) = store.fetch_each([wanted])
    assert again.result is not None
    assert again.result.attempts == ()


def test_a_lone_locator_is_refused() -> None:
    """A text is a list of characters, which nobody means."""
    with pytest.raises(QueryError, match="list"):
        list(store.fetch_each("pypi:six"))


def test_all_that_is_missing_offline_is_in_the_error(server: Server) -> None:
    """Whoever fetches many learns of all at once."""
    here = locator(server, "here.bin", b"here")
    missing = [f"{server.url}/{name}.bin#sha256={'0' * 64}" for name in "ab"]
    store.fetch(here)

    with pytest.raises(store.OfflineError) as raised:
        store.fetch_many([missing[0], here, missing[1]], offline=True)

    assert raised.value.missing == tuple(one.partition("#")[0] for one in missing)
    assert all(one in str(raised.value) for one in raised.value.missing)
    assert str(raised.value).startswith("2 of 3 are not in the cache")
    with pytest.raises(ResourceNotFoundError):
        store.fetch_many(["./none", missing[0]], offline=True)


def test_the_setting_says_how_many_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the caller does."""
    monkeypatch.setenv("STORE_JOBS", "1")
    slow = locator(server, "slow.bin", b"slow")
    server.serve("/slow.bin", b"slow", fault=Stall(after=2, seconds=0.3))
    wanted = [slow, locator(server, "quick.bin", b"quick")]

    assert [outcome.number for outcome in store.fetch_each(wanted)] == [0, 1]


def test_progress_of_many_is_one_picture(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for all together, which stays; a caller's listener is told all the same."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    wanted = [locator(server, f"{number}.bin", bytes([number]) * 5000) for number in range(3)]
    events: list[object] = []

    paths = store.fetch_many(wanted, progress=True, listener=events.append, jobs=1)

    assert len(paths) == 3
    assert "3/3 files" in screen.getvalue()
    assert screen.getvalue().endswith("\n")
    assert len(events) >= 12


def test_leaving_early_ends_the_picture(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn any more."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    wanted = [locator(server, f"{number}.bin", bytes([number])) for number in range(3)]

    for _ in store.fetch_each(wanted, progress=True, jobs=1):
        break

    assert screen.getvalue() == "" or screen.getvalue().endswith("\n")


@pytest.mark.parametrize("jobs", [1, 4])
def test_what_cannot_be_placed_is_a_failure_of_its_own(
    server: Server, tmp_path: Path, jobs: int
) -> None:
    """The others are placed."""
    wanted = [locator(server, f"{number}.bin", bytes([number])) for number in range(6)]
    out = tmp_path / "out"
    (out / "3.bin").mkdir(parents=True)
    (out / "3.bin" / "x").write_bytes(b"")

    outcomes = list(store.fetch_each(wanted, dest=out, jobs=jobs, ordered=True))

    assert [outcome.error is None for outcome in outcomes] == [number != 3 for number in range(6)]
    assert isinstance(outcomes[3].error, store.StorageError)
    assert sorted(path.name for path in out.glob("*.bin")) == [f"{n}.bin" for n in range(6)]


@pytest.mark.parametrize(
    "fault",
    [Stall(None), Stall(10), Status(503, retry_after=30)],
    ids=["no answer", "half a body", "a wait before the next try"],
)
@pytest.mark.parametrize("unpack", [False, True])
def test_whoever_leaves_early_waits_for_no_server(
    server: Server,
    fault: Fault,
    unpack: bool,  # noqa: FBT001
) -> None:
    """What runs is cut off, also where it waits; on Ctrl-C, too."""
    data = packed({"a": b"a"})
    first = locator(server, "first.tar", data)
    rest = [locator(server, f"{number}.tar", data + bytes([number])) for number in range(2)]
    for number in range(2):
        server.serve(f"/{number}.tar", data, fault=fault)
    running = store.fetch_each([first, *rest], unpack=unpack)
    next(running)
    while server.count() < 3:
        time.sleep(0.005)
    begun = time.monotonic()

    running.close()  # type: ignore[attr-defined]

    assert time.monotonic() - begun < 20.0


@pytest.mark.parametrize(
    "fetch", [store.fetch_many, lambda *a, **o: list(store.fetch_each(*a, **o))]
)
def test_none_at_once_is_an_error_of_ours(fetch: Any) -> None:
    """As any other value that cannot be."""
    with pytest.raises(QueryError, match="jobs=0 is refused: it must be more than 0"):
        fetch(["./a"], jobs=0)
