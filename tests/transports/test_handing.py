"""An open body is handed to whoever asks for its address next."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from store.testing.fakes import FakeStream
from store.testing.servers import Server
from store.transports.base import TransferOptions
from store.transports.handing import handing, taken
from store.transports.receiving import receive


def test_the_first_who_asks_has_it() -> None:
    """Once, and it stays open for them."""
    stream = FakeStream(b"data")
    with handing("fake://host/a", stream):
        assert taken("fake://host/b") is None
        assert taken("fake://host/a") is stream
        assert taken("fake://host/a") is None

    assert not stream.closed
    assert taken("fake://host/a") is None


def test_what_nobody_asked_for_is_closed() -> None:
    """However the block ended."""
    stream = FakeStream(b"data")

    with pytest.raises(KeyboardInterrupt), handing("fake://host/a", stream):
        raise KeyboardInterrupt

    assert stream.closed


def test_another_thread_does_not_get_it() -> None:
    """It is handed on within one fetch."""
    found: list[object] = []
    with handing("fake://host/a", FakeStream(b"data")):
        thread = threading.Thread(target=lambda: found.append(taken("fake://host/a")))
        thread.start()
        thread.join()

    assert found == [None]


def test_whoever_receives_reads_it_and_asks_nobody(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The address is not opened, unless the body is of no use."""
    url = server.serve("/a", b"data")
    with handing(url, FakeStream(b"data")):
        assert receive(url, directory, options=options).size == 4
    assert server.count() == 0

    with handing(url, FakeStream(b"wrong")):
        received = receive(url, directory, options=options, size=4)

    assert len(received.attempts) == 2
    assert server.count() == 1
