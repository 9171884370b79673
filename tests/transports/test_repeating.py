"""What may pass is asked again, within the bounds of one call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from store.errors import ResourceNotFoundError, StoreError, TransportError
from store.testing.fakes import FakeClock
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.repeating import repeated


def failing(times: int, error: StoreError) -> Callable[[], str]:
    """Return a question that fails so often, and is then answered."""
    left = [error] * times

    def ask() -> str:
        """Fail, or answer."""
        if left:
            raise left.pop()
        return "answer"

    return ask


@pytest.fixture
def clock() -> FakeClock:
    """The time, which stands still."""
    return FakeClock()


@pytest.fixture
def options(clock: FakeClock) -> TransferOptions:
    """Three tries, a minute in all."""
    return TransferOptions(clock=clock, bounds=Bounds(deadline=60.0), retrying=Retrying(attempts=3))


def test_what_passes_is_answered(options: TransferOptions) -> None:
    """Each failure before that is told, with the wait that follows."""
    told: list[tuple[str, bool]] = []

    found = repeated(
        failing(2, TransportError("broke")),
        options,
        told=lambda error, delay: told.append((str(error), delay >= 0)),
    )

    assert found == "answer"
    assert told == [("broke", True)] * 2


@pytest.mark.parametrize(
    ("times", "error"), [(3, TransportError("broke")), (1, ResourceNotFoundError("missing"))]
)
def test_what_does_not_pass_is_raised(
    options: TransferOptions, times: int, error: StoreError
) -> None:
    """After as many tries as there may be, or at once where it will not change."""
    with pytest.raises(type(error)):
        repeated(failing(times, error), options)


def test_what_may_do_harm_is_asked_once(options: TransferOptions, clock: FakeClock) -> None:
    """Whoever asks says so."""
    with pytest.raises(TransportError):
        repeated(failing(1, TransportError("broke")), options, may_repeat=lambda _: False)

    assert clock.slept == []
