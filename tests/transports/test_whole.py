"""A body that came whole is read as one on its way."""

from __future__ import annotations

import pytest

from store.testing.transports import read
from store.transports.whole import WholeStream


@pytest.mark.parametrize("data", [b"", b"data", bytes(300_000)])
def test_it_is_read_in_pieces_of_any_size(data: bytes) -> None:
    """To its end, and then no more."""
    with WholeStream("http://me:secret@host/a?token=x", memoryview(data)) as stream:
        assert stream.address == "http://host/a"
        assert (stream.size, stream.offset, stream.accepts_ranges) == (len(data), 0, False)
        assert read(stream) == data
        assert read(stream) == b""


def test_its_head_says_what_it_is() -> None:
    """As far as anything is said."""
    fields = {b"content-type": b"text/html", b"etag": b'"a"', b"last-modified": b"yesterday"}
    told = WholeStream("http://host/a", memoryview(b"data"), fields)
    silent = WholeStream("http://host/a", memoryview(b"data"))

    assert (told.content_type, told.etag, told.last_modified) == ("text/html", '"a"', "yesterday")
    assert silent.content_type is silent.etag is silent.last_modified is None


def test_what_is_closed_gives_nothing_more() -> None:
    """Nobody is to read on."""
    stream = WholeStream("http://host/a", memoryview(b"data"))
    stream.close()

    assert read(stream) == b""
