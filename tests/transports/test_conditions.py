"""A body is received unless it is the one that is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.testing.answering import Fault
from store.testing.misbehaving import Status
from store.testing.servers import Server
from store.transports.base import Conditions, NotModified, TransferOptions
from store.transports.receiving import receive

DATA = b"content" * 100


def test_what_is_known_already_is_not_moved(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The answer ends the call, and nothing is left in the directory."""
    url = server.serve("/a", DATA, etag='"one"', last_modified="Fri, 01 Nov 2024 08:00:00 GMT")

    with pytest.raises(NotModified) as caught:
        receive(
            url, directory, options=options, conditions={url: Conditions(if_none_match='"one"')}
        )

    answer = caught.value
    assert (answer.address, answer.etag) == (url, '"one"')
    assert answer.last_modified == "Fri, 01 Nov 2024 08:00:00 GMT"
    assert list(directory.iterdir()) == []


def test_what_has_changed_comes_in_the_same_request(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """One question, one answer."""
    url = server.serve("/a", DATA, etag='"two"')

    received = receive(
        url, directory, options=options, conditions={url: Conditions(if_none_match='"one"')}
    )

    assert received.path.read_bytes() == DATA
    assert received.etag == '"two"'
    assert server.count() == 1


@pytest.mark.parametrize("fault", [Status(503), Status(404)])
def test_each_address_has_a_condition_of_its_own(
    server: Server, other: Server, directory: Path, options: TransferOptions, fault: Fault
) -> None:
    """A tag of one server is not sent to another."""
    urls = [server.serve("/a", fault=fault), other.serve("/a", DATA, etag='"one"')]
    conditions = {urls[0]: Conditions(if_none_match='"one"')}

    received = receive(urls, directory, options=options, conditions=conditions)

    assert received.path.read_bytes() == DATA
    assert server.asked()[0].headers["if-none-match"] == '"one"'
    assert "if-none-match" not in other.asked()[0].headers
    with pytest.raises(NotModified) as caught:
        receive(
            urls, directory, options=options, conditions=dict.fromkeys(urls, conditions[urls[0]])
        )
    assert caught.value.address == urls[1]


def test_a_failure_that_passes_keeps_the_condition(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The second try asks as the first did."""
    url = server.serve("/a", DATA, etag='"one"', fault=[Status(503), None])

    with pytest.raises(NotModified):
        receive(
            url, directory, options=options, conditions={url: Conditions(if_none_match='"one"')}
        )

    assert server.count() == 2
