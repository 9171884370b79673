"""A resource comes in whole and verified, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from store.errors import (
    CredentialsError,
    DigestError,
    IntegrityError,
    OfflineError,
    QueryError,
    RateLimitedError,
    RedirectError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TooLargeError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
    UnknownNameError,
)
from store.events import Attempted, Event, Progressed, Retried
from store.files import failures
from store.integrity.digest import Digest, Digests, digests_from
from store.integrity.stamp import Stamp
from store.integrity.verification import LEDGER
from store.testing.answering import Fault
from store.testing.fakes import FakeClock
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
from store.testing.servers import Server, unused_address
from store.transports.base import Bounds, Retrying, Stream, TransferOptions, Transport
from store.transports.opening import register
from store.transports.receiving import receive

DATA = bytes(range(256)) * 20
PINNED = digests_from(f"sha256:{hashlib.sha256(DATA).hexdigest()}")
WRONG = digests_from("sha256:" + "0" * 64)


def bounded(options: TransferOptions, **bounds: Any) -> TransferOptions:
    """Return options with other bounds."""
    return attrs.evolve(options, bounds=attrs.evolve(options.bounds, **bounds))


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


def test_a_resource_comes_in(server: Server, directory: Path, options: TransferOptions) -> None:
    """A file lies there under the address's name, and all that was learnt is told."""
    url = server.serve("/pkg/a.whl", DATA, headers={"Content-Disposition": 'x; filename="b.whl"'})

    received = receive(url, directory, options=options, digests=PINNED, size=len(DATA))

    assert received.path == directory / "a.whl"
    assert received.path.read_bytes() == DATA
    assert listing(directory) == ["a.whl"]
    assert (received.size, received.digests, received.address) == (len(DATA), PINNED, url)
    assert received.etag == f'"{hashlib.sha256(DATA).hexdigest()}"'
    assert received.last_modified == "Fri, 01 Nov 2024 08:00:00 GMT"
    assert received.filename == "b.whl"
    assert [(one.address, one.reason, one.received) for one in received.attempts] == [
        (url, None, len(DATA))
    ]


def test_a_received_file_follows_the_umask(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Others may read it, as they may read any file that is made here."""
    before = os.umask(0o022)
    try:
        received = receive(server.serve("/a", DATA), directory, options=options)
    finally:
        os.umask(before)

    assert received.path.stat().st_mode & 0o777 == 0o644


def test_what_was_hashed_is_noted(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The ledger knows the file, so that it need not be read again."""
    received = receive(server.serve("/a", DATA), directory, options=options)

    assert LEDGER.take(Stamp.of(received.path.lstat())) == PINNED


def test_all_wanted_digests_are_computed(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Those that are pinned and those that are asked for come from one read."""
    received = receive(
        server.serve("/a", DATA), directory, options=options, digests=PINNED, algorithms=["sha512"]
    )

    assert [one.algorithm for one in received.digests] == ["sha512", "sha256"]


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/d/a%20b.txt", None, "a b.txt"),
        ("/x%2F..%2Fescape", None, "escape"),
        ("/", None, "resource"),
        ("/a", "../../other", "other"),
    ],
)
def test_names_are_made_safe(
    *,
    server: Server,
    directory: Path,
    options: TransferOptions,
    path: str,
    name: str | None,
    expected: str,
) -> None:
    """Neither an address nor a caller's name leads out of the directory."""
    url = server.serve(path, DATA)

    received = receive(url, directory, options=options, name=name)

    assert received.path == directory / expected


def test_a_suggested_name_is_a_label(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """A ``Content-Disposition`` with ``../`` changes no path, and is told without it."""
    header = {"Content-Disposition": 'attachment; filename="../../etc/passwd"'}

    received = receive(server.serve("/a", DATA, headers=header), directory, options=options)

    assert received.path == directory / "a"
    assert received.filename == "passwd"


def test_paths_are_received_too(tmp_path: Path, directory: Path, options: TransferOptions) -> None:
    """A local file comes in like any other, offline as well."""
    source = tmp_path / "source.bin"
    source.write_bytes(DATA)
    offline = attrs.evolve(options, offline=True)

    received = receive(str(source), directory, options=offline, digests=PINNED, durable=True)

    assert received.path.read_bytes() == DATA
    assert source.read_bytes() == DATA


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
    strict = attrs.evolve(
        bounded(options, minimum_rate=100_000.0, grace=0.1), retrying=Retrying(attempts=1)
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


def test_what_passes_is_tried_again(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Failures that pass are told, and the resource comes in."""
    url = server.serve("/a", DATA, fault=[Status(503), Reset(10)])
    told: list[Event] = []

    received = receive(
        url, directory, options=attrs.evolve(options, listener=told.append), digests=PINNED
    )

    assert [one.reason is None for one in received.attempts] == [False, False, True]
    assert [type(one) for one in told if not isinstance(one, Progressed)] == [
        Attempted,
        Retried,
        Attempted,
        Retried,
        Attempted,
    ]
    assert [one.number for one in told if isinstance(one, Attempted)] == [1, 2, 3]


def test_a_server_is_left_alone_as_long_as_it_asks(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """A ``Retry-After`` that is short enough is waited for, to the second."""
    clock = FakeClock()
    url = server.serve("/a", DATA, fault=[Status(503, retry_after=7)])

    receive(url, directory, options=attrs.evolve(options, clock=clock))

    assert clock.slept == [7.0]


def test_a_long_wait_is_told(server: Server, directory: Path, options: TransferOptions) -> None:
    """A ``Retry-After`` beyond the deadline fails at once, with the time in the error."""
    url = server.serve("/a", DATA, fault=Status(429, retry_after=30))

    raised = failing(RateLimitedError, url, directory, options)

    assert (raised.retry_after, raised.status) == (30.0, 429)
    assert server.count() == 1


def test_waits_are_drawn_from_chance(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """With a seeded source the waits are known: between 0 and a bound that doubles."""
    clock = FakeClock()
    url = server.serve("/a", DATA, fault=Status(500))
    patient = attrs.evolve(
        bounded(options, deadline=None), clock=clock, retrying=Retrying(attempts=4, longest=1.5)
    )
    expected = random.Random(7)

    with pytest.raises(TransportError):
        receive(url, directory, options=patient, chance=random.Random(7))

    assert clock.slept == [expected.uniform(0, bound) for bound in (0.5, 1.0, 1.5)]


def test_a_refused_connection_is_tried_again(directory: Path, options: TransferOptions) -> None:
    """Where nobody listens, the error says so after all attempts."""
    raised = failing(TransportError, unused_address("/a"), directory, options)

    assert "refused" in str(raised)
    assert len(raised.attempts) == 3


def test_the_next_address_is_tried(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """On any failure, a wrong digest included, the next address is asked, before one is asked again."""
    addresses = [
        unused_address("/a"),
        server.serve("/missing", fault=Status(404)),
        server.serve("/wrong", DATA, fault=OtherContent()),
        server.serve("/right", DATA),
    ]

    received = receive(addresses, directory, options=options, digests=PINNED, name="a")

    assert received.address == addresses[3]
    assert [one.address for one in received.attempts] == addresses
    assert listing(directory) == ["a"]


def test_the_last_address_has_the_last_word(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The error is what the last address said, and carries every attempt."""
    missing = server.serve("/missing", fault=Status(404))
    down = server.serve("/down", fault=Status(500))

    raised = failing(ResourceNotFoundError, [down, missing], directory, options)

    assert [one.address for one in raised.attempts] == [down, missing, down, down]


def test_a_wrong_content_is_tried_once_more(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """A mismatch may have been a proxy's: the second attempt, from zero, may be right."""
    url = server.serve("/a", DATA, fault=[OtherContent()])

    received = receive(url, directory, options=options, digests=PINNED)

    assert received.path.read_bytes() == DATA
    assert len(received.attempts) == 2


def test_a_wrong_digest_tells_both(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The error names what was pinned and what was found, the address and the size."""
    url = server.serve("/a", DATA)

    with pytest.raises(IntegrityError) as caught:
        receive(url, directory, options=options, digests=WRONG)

    error = caught.value
    assert (error.expected, error.found) == (str(WRONG[0]), str(PINNED[0]))
    assert (error.url, error.size) == (url, len(DATA))


def test_a_wrong_local_file_is_read_once(
    tmp_path: Path, directory: Path, options: TransferOptions
) -> None:
    """A file of this machine does not change by being read again."""
    (tmp_path / "a").write_bytes(b"other")

    raised = failing(IntegrityError, str(tmp_path / "a"), directory, options)

    assert len(raised.attempts) == 1


@pytest.mark.parametrize("size", [len(DATA) - 1, len(DATA) + 1])
def test_another_size_is_refused_before_it_comes(
    server: Server, directory: Path, options: TransferOptions, size: int
) -> None:
    """A pinned size that differs from the announced one moves no byte."""
    with pytest.raises(IntegrityError) as caught:
        receive(server.serve("/a", DATA), directory, options=options, size=size)

    assert (caught.value.expected, caught.value.found) == (str(size), str(len(DATA)))
    assert [one.received for one in caught.value.attempts] == [0, 0]
    assert listing(directory) == []


@pytest.mark.parametrize(
    ("size", "error"), [(len(DATA) - 1, IntegrityError), (len(DATA) + 1, TruncatedError)]
)
def test_an_unannounced_body_is_held_against_the_size(
    server: Server, directory: Path, options: TransferOptions, size: int, error: type[StoreError]
) -> None:
    """Too many bytes are the wrong content; too few may be a connection that broke."""
    with pytest.raises(error):
        receive(server.serve("/a", DATA, fault=Lengths()), directory, options=options, size=size)

    assert listing(directory) == []


@pytest.mark.parametrize("fault", [None, Chunked()])
def test_a_body_over_the_limit_is_refused(
    server: Server, directory: Path, options: TransferOptions, fault: Fault | None
) -> None:
    """Whether announced or counted, more than ``max_size`` is not kept."""
    url = server.serve("/a", DATA, fault=fault)

    raised = failing(TooLargeError, url, directory, bounded(options, max_size=2000))

    assert raised.limit == 2000
    assert raised.size > 2000
    assert len(raised.attempts) == 1


def test_a_pinned_size_over_the_limit_asks_nobody(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """What is known to be too large is not asked for."""
    with pytest.raises(TooLargeError):
        receive(server.serve("/a", DATA), directory, options=bounded(options, max_size=9), size=10)

    assert server.count() == 0


def test_a_disk_without_room_is_said_before_anything_is_moved(
    server: Server, directory: Path, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The announced size is held against the free bytes, and no other address is asked."""
    url = server.serve("/a", DATA)

    def nearly_full(path: object) -> os.statvfs_result:
        return os.statvfs_result((4096, 4096, 100, 1, 1, 100, 100, 100, 0, 255))

    monkeypatch.setattr(os, "statvfs", nearly_full)
    raised = failing(StorageError, [url, url], directory, options)

    assert (raised.needed, raised.free) == (len(DATA), 4096)
    assert len(raised.attempts) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_is_not_tried_again(
    server: Server,
    directory: Path,
    options: TransferOptions,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    """A full or forbidden disk ends the call, with the path and the cause, and leaves nothing."""
    url = server.serve("/a", DATA)

    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "write", refuse)
    raised = failing(StorageError, [url, url], directory, options)

    assert raised.errno == number
    assert raised.path == str(directory / "a")
    assert len(raised.attempts) == 1


def test_a_disk_that_takes_little_at_a_time_gets_all(
    server: Server, directory: Path, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that takes only a part is gone on with."""
    url = server.serve("/a", DATA)
    write = os.write

    def little(descriptor: int, data: memoryview) -> int:
        return write(descriptor, data[:100])

    monkeypatch.setattr(os, "write", little)
    received = receive(url, directory, options=options, digests=PINNED)

    assert received.path.read_bytes() == DATA


def test_a_directory_in_the_way_stays(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Where the name is a directory's, the error says so, and the directory is as it was."""
    (directory / "a").mkdir()
    (directory / "a" / "inside").touch()

    with pytest.raises(StorageError):
        receive(server.serve("/a", DATA), directory, options=options)

    assert [one.name for one in directory.rglob("*")] == ["a", "inside"]


def test_a_failed_refresh_leaves_what_was_there(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """An older file under the name is replaced only by a whole, verified one."""
    (directory / "a").write_bytes(b"older")

    with pytest.raises(IntegrityError):
        receive(server.serve("/a", DATA), directory, options=options, digests=WRONG)

    assert [(one.name, one.read_bytes()) for one in directory.iterdir()] == [("a", b"older")]


def test_an_interruption_leaves_nothing(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Ctrl-C in the middle of a body leaves no trace in the directory."""

    def interrupt(event: Event) -> None:
        if isinstance(event, Progressed):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        receive(
            server.serve("/a", DATA), directory, options=attrs.evolve(options, listener=interrupt)
        )

    assert listing(directory) == []


def test_progress_is_told_first_and_last(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The first bytes and the last are told; of what comes in between, some."""
    told: list[Event] = []
    url = server.serve("/a.bin", DATA, fault=Drip(size=512, every=0.001))

    receive(url, directory, options=attrs.evolve(options, listener=told.append))

    progress = [one for one in told if isinstance(one, Progressed)]
    counts = [one.received for one in progress]
    assert 0 < counts[0] < len(DATA)
    assert counts[-1] == len(DATA)
    assert counts == sorted(counts)
    assert {(one.name, one.total) for one in progress} == {("a.bin", len(DATA))}


@pytest.mark.parametrize(
    ("data", "fault"), [(DATA, Chunked(10_000)), (b"", None), (b"", Lengths())]
)
def test_the_last_progress_knows_the_total(
    server: Server, directory: Path, options: TransferOptions, data: bytes, fault: Fault | None
) -> None:
    """At the end the total is known, even where no size was announced or no byte came."""
    told: list[Event] = []

    receive(
        server.serve("/a", data, fault=fault),
        directory,
        options=attrs.evolve(options, listener=told.append),
    )

    assert told[-1] == Progressed(name="a", received=len(data), total=len(data))


def test_offline_opens_no_socket(server: Server, directory: Path, options: TransferOptions) -> None:
    """What needs the network is refused, unasked."""
    raised = failing(
        OfflineError, server.serve("/a", DATA), directory, attrs.evolve(options, offline=True)
    )

    assert raised.missing == (f"{server.url}/a",)
    assert server.count() == 0


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
    quick = attrs.evolve(
        bounded(options, read_timeout=0.1), listener=told.append, retrying=Retrying(attempts=1)
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


def test_bounds_have_sensible_defaults() -> None:
    """Nothing waits for ever, and nothing fills the disk, unless it is told to."""
    bounds = Bounds()

    assert (bounds.connect_timeout, bounds.read_timeout, bounds.stall_timeout) == (10, 30, 60)
    assert (bounds.minimum_rate, bounds.grace, bounds.max_size) == (1024, 30, 50 * 2**30)
    assert failures.free_bytes("/") is not None
