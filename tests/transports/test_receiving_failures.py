"""What goes wrong on the way is a typed error, and leaves nothing behind."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Any

import pytest

from store.errors import (
    CredentialsError,
    DigestError,
    IntegrityError,
    QueryError,
    RateLimitedError,
    RedirectError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
    UnknownNameError,
)
from store.events import Event, Progressed
from store.integrity.digest import Digest, Digests, digests_from
from store.testing.answering import Fault
from store.testing.misbehaving import (
    Chunked,
    Drip,
    Encoded,
    HangUp,
    Lengths,
    LongBody,
    OtherContent,
    Part,
    Redirect,
    Reset,
    ShortBody,
    Stall,
    Status,
)
from store.testing.servers import Server
from store.transports.base import Retrying, Stream, TransferOptions, Transport
from store.transports.opening import register
from store.transports.receiving import receive

DATA = bytes(range(256)) * 20


PINNED = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")


def bounded(options: TransferOptions, **bounds: Any) -> TransferOptions:
    """Return options with other bounds."""
    return options._replace(bounds=options.bounds._replace(**bounds))


def listing(directory: Path) -> list[str]:
    """Return the names in a directory, hidden ones included."""
    return sorted(one.name for one in directory.iterdir())


def failing(
    error: type[StoreError], url: str | list[str], directory: Path, options: TransferOptions
) -> Any:
    """Receive what cannot be received: the error is of this class and nothing is left behind."""
    with pytest.raises(error) as caught:
        receive(url, directory, options=options, digests=PINNED)
    assert listing(directory) == []
    return caught.value


@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [
        (Status(404), ResourceNotFoundError, 1),
        (Status(410), ResourceNotFoundError, 1),
        (Status(401), CredentialsError, 1),
        (Status(403), CredentialsError, 1),
        (Status(407), CredentialsError, 1),
        (Status(400), TransportError, 1),
        (Status(416), TransportError, 1),
        (Status(201), TransportError, 1),
        (Status(408), TransportError, 3),
        (Status(425), TransportError, 3),
        (Status(429), TransportError, 3),
        (Status(500), TransportError, 3),
        (Status(501), TransportError, 1),
        (Status(502), TransportError, 3),
        (Status(503), TransportError, 3),
        (Status(504), TransportError, 3),
        (Status(503, retry_after=3600), RateLimitedError, 1),
        (Status(429, retry_after="Fri, 01 Jan 2100 00:00:00 GMT"), RateLimitedError, 1),
        (Status(304), TransportError, 1),
        (Redirect(None), TransportError, 1),
        (Redirect("/a"), RedirectError, 1),
        (Redirect("ftp://127.0.0.1/a"), RedirectError, 1),
        (Redirect("file:///etc/passwd"), RedirectError, 1),
        (Redirect("http://[broken/"), RedirectError, 1),
        (ShortBody(100), TruncatedError, 3),
        (LongBody(), TruncatedError, 3),
        (LongBody(announced=False), IntegrityError, 2),
        (Lengths(("5120", "5121")), TruncatedError, 3),
        (Lengths(("five",)), TruncatedError, 3),
        (Lengths(("-5",)), TruncatedError, 3),
        (Chunked(stop_after=2), TruncatedError, 3),
        (Chunked(damaged=True), TruncatedError, 3),
        (Chunked(with_length=True), TruncatedError, 3),
        (Reset(100), TransportError, 3),
        (Reset(None), TransportError, 3),
        (HangUp(), TransportError, 3),
        (Encoded(), TransportError, 1),
        (Part("bytes 0-9/10"), TransportError, 1),
        (OtherContent(), IntegrityError, 2),
    ],
    ids=str,
)
def test_what_goes_wrong_is_a_typed_error(
    *,
    server: Server,
    directory: Path,
    options: TransferOptions,
    fault: Fault,
    error: type[StoreError],
    requests: int,
) -> None:
    """Each failure has its class, is tried again only if it may pass, and leaves nothing behind."""
    url = server.serve("/a", DATA, fault=fault)

    raised = failing(error, url, directory, options)

    assert server.count("/a") == requests
    assert len(raised.attempts) == requests
    assert raised.url is not None
    assert raised.url.startswith(server.url)


@pytest.mark.parametrize("fault", [Stall(after=None), Stall(after=100)], ids=str)
def test_a_silent_server_is_a_timeout(
    server: Server, directory: Path, options: TransferOptions, fault: Fault
) -> None:
    """A server that says nothing, from the beginning or in the middle, is left after the read timeout."""
    url = server.serve("/a", DATA, fault=fault)

    raised = failing(TransportTimeoutError, url, directory, bounded(options, read_timeout=0.1))

    assert len(raised.attempts) == 3


def test_silence_is_counted_over_all_attempts(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """When nothing came for the stall timeout, no further attempt is made."""
    url = server.serve("/a", DATA, fault=Stall(after=None))
    patient = bounded(options, read_timeout=0.2, stall_timeout=0.3)

    raised = failing(TransportTimeoutError, url, directory, patient)

    assert len(raised.attempts) == 2


def test_a_trickle_is_a_timeout(server: Server, directory: Path, options: TransferOptions) -> None:
    """A server that is never silent but too slow is left after the grace."""
    url = server.serve("/a", DATA, fault=Drip(size=2, every=0.01))
    strict = bounded(options, minimum_rate=100_000.0, grace=0.1)._replace(
        retrying=Retrying(attempts=1)
    )

    raised = failing(TransportTimeoutError, url, directory, strict)

    assert "minimum_rate" in str(raised)
    assert 0 < raised.attempts[0].received < len(DATA)


@pytest.mark.parametrize("fault", [Drip(size=2, every=0.01), Stall(after=5), Stall(None)], ids=str)
def test_a_deadline_ends_everything(
    server: Server, directory: Path, options: TransferOptions, fault: Fault
) -> None:
    """The whole call ends by its deadline, whatever the server does and however long one may read."""
    url = server.serve("/a", DATA, fault=fault)
    hurried = bounded(options, read_timeout=30.0, deadline=0.3)

    raised = failing(TransportTimeoutError, url, directory, hurried)

    assert len(raised.attempts) == 1
    assert raised.attempts[0].seconds < 2.0


def test_a_passed_deadline_asks_nobody(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Without any time left no request is made."""
    url = server.serve("/a", DATA)

    failing(TransportTimeoutError, url, directory, bounded(options, deadline=0.0))

    assert server.count() == 0


def test_an_interruption_leaves_nothing(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Ctrl-C in the middle of a body leaves no trace in the directory."""

    def interrupt(event: Event) -> None:
        if isinstance(event, Progressed):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        receive(server.serve("/a", DATA), directory, options=options._replace(listener=interrupt))

    assert listing(directory) == []


@pytest.mark.parametrize(
    ("addresses", "digests", "error"),
    [
        ([], PINNED, QueryError),
        ("gopher://host/a", PINNED, UnknownNameError),
        ("http://[broken/a", PINNED, TransportError),
        ("http://host:port/a", PINNED, TransportError),
        ("http:///a", PINNED, TransportError),
        ("http://\x00/a", PINNED, TransportError),
        ("http://127.0.0.1/a", (Digest("md6", "00"),), DigestError),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    directory: Path,
    options: TransferOptions,
    addresses: str | list[str],
    digests: Digests,
    error: type[StoreError],
) -> None:
    """Addresses and digests that mean nothing give a typed error, at once."""
    with pytest.raises(error) as caught:
        receive(addresses, directory, options=options, digests=digests)

    assert len(caught.value.attempts) <= 1
    assert listing(directory) == []


class Broken(Transport):
    """A stranger's transport that raises errors of its own."""

    schemes = ("broken-open", "broken-read")
    needs_network = False

    def open_stream(self, address: str, offset: int = 0, *, conditions: object = None) -> Stream:
        """Fail, or give a stream that fails."""
        if address.startswith("broken-open"):
            raise OSError(errno.EIO, "the line is down")
        return BrokenStream()


class BrokenStream(Stream):
    """A body that cannot be read."""

    address = "broken-read://host/a"

    def readinto(self, buffer: memoryview) -> int:
        """Fail."""
        raise ConnectionResetError

    def close(self) -> None:
        """Have nothing to close."""


@pytest.mark.parametrize("scheme", Broken.schemes)
def test_a_strangers_errors_become_ours(
    directory: Path, options: TransferOptions, scheme: str
) -> None:
    """What a stranger's transport raises is taken for a failure on the way, and tried again."""
    register(scheme, Broken)

    raised = failing(TransportError, f"{scheme}://user:hidden@host/a", directory, options)

    assert len(raised.attempts) == 3
    assert "hidden" not in str(raised)
