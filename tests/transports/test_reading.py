"""What a stranger's stream raises becomes an error of ours."""

from __future__ import annotations

import errno

import pytest

from store.errors import StoreError, TransportError, TruncatedError
from store.testing.fakes import FakeStream
from store.transports.reading import read


class Raising(FakeStream):
    """A stranger's body, which breaks."""

    def __init__(self, error: Exception) -> None:
        super().__init__(b"data")
        self.address = "fake://me:secret@host/name?token=secret"
        self._error = error

    def readinto(self, buffer: memoryview) -> int:
        """Break."""
        raise self._error


def test_what_is_there_is_read() -> None:
    """Into the buffer, and counted."""
    buffer = memoryview(bytearray(10))

    assert read(FakeStream(b"data"), buffer) == 4
    assert bytes(buffer[:4]) == b"data"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ECONNRESET, "Connection reset by peer"), "Connection reset by peer"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_an_error_of_the_system_is_told_without_secrets(error: OSError, said: str) -> None:
    """As one of the way, since the address did not give what it should."""
    with pytest.raises(TransportError, match=said) as caught:
        read(Raising(error), memoryview(bytearray(1)))

    assert caught.value.__cause__ is error
    assert "secret" not in str(caught.value)
    assert caught.value.url == "fake://host/name"


@pytest.mark.parametrize("error", [TruncatedError("short"), StoreError("other")])
def test_an_error_of_ours_stays_what_it_is(error: StoreError) -> None:
    """Those who try again go by its class."""
    with pytest.raises(StoreError) as caught:
        read(Raising(error), memoryview(bytearray(1)))

    assert caught.value is error


def test_what_is_no_error_of_the_system_is_a_surprise() -> None:
    """It is not hidden behind one of ours."""
    with pytest.raises(ZeroDivisionError):
        read(Raising(ZeroDivisionError()), memoryview(bytearray(1)))
