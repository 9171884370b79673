"""No secret of an address is shown anywhere."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import (
    StoreError,
)
from store.events import Event
from store.integrity.digest import digests_from
from store.testing.answering import Fault
from store.testing.misbehaving import (
    Chunked,
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
from store.transports.base import Retrying, TransferOptions
from store.transports.receiving import receive

DATA = bytes(range(256)) * 20


PINNED = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")


def bounded(options: TransferOptions, **bounds: Any) -> TransferOptions:
    """Return options with other bounds."""
    return options._replace(bounds=options.bounds._replace(**bounds))


def listing(directory: Path) -> list[str]:
    """Return the names in a directory, hidden ones included."""
    return sorted(one.name for one in directory.iterdir())


def faults_that_show_secrets() -> list[Callable[[str], Fault]]:
    """Return answers whose errors might repeat the address."""
    return [
        lambda secret: Status(404),
        lambda secret: Status(500),
        lambda secret: Status(401),
        lambda secret: Redirect(f"/b?token={secret}"),
        lambda secret: Redirect(f"http://user:{secret}@[broken/"),
        lambda secret: Redirect(f"ftp://user:{secret}@host/?{secret}"),
        lambda secret: HangUp(),
        lambda secret: Reset(10),
        lambda secret: ShortBody(10),
        lambda secret: Stall(None),
        lambda secret: Stall(10),
        lambda secret: Lengths(("1", "2")),
        lambda secret: Chunked(damaged=True),
        lambda secret: OtherContent(),
    ]


@pytest.mark.parametrize("made", faults_that_show_secrets())
def test_secrets_appear_nowhere(
    server: Server,
    directory: Path,
    options: TransferOptions,
    caplog: pytest.LogCaptureFixture,
    made: Callable[[str], Fault],
) -> None:
    """User, password and query are in no error, traceback, event or log, at DEBUG either."""
    secret = "planted" + "secret"
    server.serve("/a", DATA, fault=made(secret))
    told: list[Event] = []
    quick = bounded(options, read_timeout=0.1)._replace(
        listener=told.append, retrying=Retrying(attempts=1)
    )
    url = server.url.replace("//", f"//user:{secret}@") + f"/a?token={secret}#{secret}"

    with caplog.at_level("DEBUG"), pytest.raises(StoreError) as caught:
        receive(url, directory, options=quick, digests=PINNED)

    error = caught.value
    shown = [
        *traceback.format_exception(error),
        repr(error),
        repr(error.__dict__),
        repr(error.__cause__),
        repr(error.__context__),
        caplog.text,
        *map(repr, told),
        *listing(directory),
    ]
    assert [one for one in shown if secret in one] == []
    assert server.requests[0].query == f"token={secret}"


def test_secrets_appear_nowhere_when_all_is_well(
    server: Server, directory: Path, options: TransferOptions, caplog: pytest.LogCaptureFixture
) -> None:
    """What came in tells its address without secrets, and so do the logs."""
    secret = "planted" + "secret"
    server.serve("/a", DATA)
    url = server.url.replace("//", f"//user:{secret}@") + f"/a?token={secret}"

    with caplog.at_level("DEBUG"):
        received = receive(url, directory, options=options)

    assert secret not in repr(received) + caplog.text
    assert received.address == f"{server.url}/a"
