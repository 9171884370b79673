"""What may pass is tried again, after a while that chance and the server decide."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import (
    CredentialsError,
    IntegrityError,
    OfflineError,
    RateLimitedError,
    RedirectError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TooLargeError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)
from store.testing.fakes import FakeClock
from store.transports.base import Retrying
from store.transports.deadlines import Deadline, current, keeping
from store.transports.http.errors import HTTPConnectionError
from store.transports.retrying import delay_before, is_transient


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TransportError("x"), True),
        (TransportTimeoutError("x"), True),
        (TruncatedError("x"), True),
        (RateLimitedError("x", status=503), True),
        (TransportError("x", status=500), True),
        (TransportError("x", status=501), False),
        (TransportError("x", status=400), False),
        (TransportError("x", status=416), False),
        (HTTPConnectionError("x"), True),
        (HTTPConnectionError("x", transient=False), False),
        (HTTPConnectionError("x", transient=True, status=400), True),
        (RedirectError("x"), False),
        (ResourceNotFoundError("x"), False),
        (CredentialsError("x"), False),
        (OfflineError("x"), False),
        (IntegrityError("x"), False),
        (TooLargeError("x"), False),
        (StorageError("x"), False),
    ],
)
def test_only_what_may_pass_is_transient(error: StoreError, *, expected: bool) -> None:
    """The way may be better in a moment; what is missing, forbidden or refused stays so."""
    assert is_transient(error) is expected


@given(st.integers(1, 40), st.integers(0, 1000))
def test_a_wait_is_within_its_bounds(tries: int, seed: int) -> None:
    """Full jitter: between 0 and a bound that doubles up to the longest."""
    policy = Retrying(attempts=100, base=0.5, longest=8.0)
    never = Deadline(FakeClock(), None)

    delay = delay_before(tries, TransportError("x"), policy, never, random.Random(seed))

    assert delay is not None
    assert 0.0 <= delay <= min(8.0, 0.5 * 2 ** (tries - 1))


@pytest.mark.parametrize(
    ("asked", "deadline", "expected"),
    [(5.0, None, 5.0), (60.0, None, 60.0), (61.0, None, None), (5.0, 5.0, None), (5.0, 6.0, 5.0)],
)
def test_a_server_is_obeyed_within_limits(
    asked: float, deadline: float | None, expected: float | None
) -> None:
    """A wait that the server asks for is kept, or the call fails: it is never cut short."""
    error = RateLimitedError("x", status=429, retry_after=asked)

    found = delay_before(1, error, Retrying(), Deadline(FakeClock(), deadline))

    assert found == expected


def test_the_last_attempt_is_the_last() -> None:
    """After as many attempts as the policy says there is no other."""
    never = Deadline(FakeClock(), None)

    assert delay_before(3, TransportError("x"), Retrying(attempts=4), never) is not None
    assert delay_before(4, TransportError("x"), Retrying(attempts=4), never) is None


def test_no_wait_goes_beyond_the_deadline() -> None:
    """Where the drawn time would pass it, the call ends now."""
    deadline = Deadline(FakeClock(), 0.0)

    assert delay_before(1, TransportError("x"), Retrying(), deadline) is None


def test_a_deadline_holds_in_its_block() -> None:
    """Whatever waits below knows it, and nobody afterwards."""
    clock = FakeClock()
    deadline = Deadline(clock, 10.0)

    with keeping(deadline):
        clock.advance(4.0)
        assert current(clock).left() == 6.0

    assert current(clock).left() == float("inf")
