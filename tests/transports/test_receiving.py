"""A resource comes in whole and verified."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from typing import Any

import pytest

from store.errors import (
    OfflineError,
    RateLimitedError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
)
from store.events import Attempted, AttemptFailed, Event, Progressed, Retried
from store.files import failures
from store.integrity.digest import digests_from
from store.integrity.stamp import Stamp
from store.integrity.verification import LEDGER
from store.testing.answering import Fault
from store.testing.fakes import FakeClock
from store.testing.misbehaving import (
    Chunked,
    Drip,
    Lengths,
    OtherContent,
    Reset,
    Status,
)
from store.testing.servers import Server, unused_address
from store.transports.base import Bounds, Retrying, TransferOptions
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
    offline = options._replace(offline=True)

    received = receive(str(source), directory, options=offline, digests=PINNED, durable=True)

    assert received.path.read_bytes() == DATA
    assert source.read_bytes() == DATA


def test_what_passes_is_tried_again(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """Failures that pass are told, and the resource comes in."""
    url = server.serve("/a", DATA, fault=[Status(503), Reset(10)])
    told: list[Event] = []

    received = receive(
        url, directory, options=options._replace(listener=told.append), digests=PINNED
    )

    assert [one.reason is None for one in received.attempts] == [False, False, True]
    assert [type(one) for one in told if not isinstance(one, Progressed)] == [
        Attempted,
        AttemptFailed,
        Retried,
        Attempted,
        AttemptFailed,
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

    receive(url, directory, options=options._replace(clock=clock))

    assert sum(clock.slept) == pytest.approx(7.0)


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
    patient = bounded(options, deadline=None)._replace(
        clock=clock, retrying=Retrying(attempts=4, longest=1.5)
    )
    expected = random.Random(7)
    told: list[Event] = []

    with pytest.raises(TransportError):
        receive(
            url,
            directory,
            options=patient._replace(listener=told.append),
            chance=random.Random(7),
        )

    waits = [expected.uniform(0, bound) for bound in (0.5, 1.0, 1.5)]
    assert [one.delay for one in told if isinstance(one, Retried)] == waits
    assert sum(clock.slept) == pytest.approx(sum(waits))


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


def test_progress_is_told_first_and_last(
    server: Server, directory: Path, options: TransferOptions
) -> None:
    """The first bytes and the last are told; of what comes in between, some."""
    told: list[Event] = []
    url = server.serve("/a.bin", DATA, fault=Drip(size=512, every=0.001))

    receive(url, directory, options=options._replace(listener=told.append))

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
        options=options._replace(listener=told.append),
    )

    assert told[-1] == Progressed(name="a", received=len(data), total=len(data))


def test_offline_opens_no_socket(server: Server, directory: Path, options: TransferOptions) -> None:
    """What needs the network is refused, unasked."""
    raised = failing(
        OfflineError, server.serve("/a", DATA), directory, options._replace(offline=True)
    )

    assert raised.missing == (f"{server.url}/a",)
    assert server.count() == 0


def test_bounds_have_sensible_defaults() -> None:
    """Nothing waits for ever, and nothing fills the disk, unless it is told to."""
    bounds = Bounds()

    assert (bounds.connect_timeout, bounds.read_timeout, bounds.stall_timeout) == (10, 30, 60)
    assert (bounds.minimum_rate, bounds.grace, bounds.max_size) == (1024, 30, 50 * 2**30)
    assert failures.free_bytes("/") is not None
