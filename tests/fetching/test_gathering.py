"""Many resources are fetched at once, and each is told of as it comes."""

from __future__ import annotations

import hashlib

import pytest

import store
from store.errors import QueryError, ResourceNotFoundError
from store.testing.misbehaving import Status
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
