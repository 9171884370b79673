"""The source or the disk fails: what is here stays, and what may be handed out is said."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests

from store.cache.content import Content
from store.clock import SYSTEM_CLOCK
from store.errors import (
    IntegrityError,
    OfflineError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TooLargeError,
    TransportTimeoutError,
    UnknownNameError,
)
from store.freshness.aged_file import AgedFile
from store.freshness.failures import SourceNotFoundError
from store.testing.answering import Fault
from store.testing.disk_faults import disk_full, failing_call, read_only
from store.testing.fakes import FakeClock
from store.testing.misbehaving import (
    Chunked,
    Drip,
    Encoded,
    Garbage,
    HangUp,
    LongBody,
    OtherContent,
    Reset,
    ShortBody,
    Stall,
    Status,
)
from store.testing.servers import Server, unused_address
from store.transports.base import Bounds, TransferOptions

Aged = Callable[..., AgedFile]
Program = Callable[..., "subprocess.Popen[str]"]

DAY = 86_400.0
OLD, NEW = b"the old leap seconds" * 100, b"the new leap seconds, one more" * 100


@pytest.mark.parametrize(
    "fault",
    [
        ShortBody(100),
        ShortBody(0),
        Reset(100),
        Reset(None),
        HangUp(),
        Stall(after=100, seconds=5),
        Chunked(stop_after=1),
        Chunked(damaged=True),
        LongBody(b"more"),
        Encoded(),
        Garbage(),
        Status(500),
        Status(503),
        Status(404),
        Status(403),
    ],
    ids=repr,
)
def test_a_failed_refresh_leaves_the_file_byte_for_byte(
    aged: Aged, server: Server, clock: FakeClock, fault: Fault
) -> None:
    """Its path, inode, times and mode too; the error is one of requests', and nothing is left over."""
    file = aged(server.serve("/k.tls", OLD))
    path = file.path
    before = _identity(path)
    server.serve("/k.tls", NEW, fault=fault)
    clock.advance(DAY)

    with pytest.raises(requests.exceptions.RequestException) as caught:
        file.obtain()

    assert isinstance(caught.value, StoreError)
    assert path.read_bytes() == OLD
    assert _identity(path) == before
    assert file.is_cached(include_stale=True)
    assert not file.is_cached()
    assert _left_over(file) == []
    server.serve("/k.tls", NEW)
    assert file.obtain().origin == "fetched"
    assert path.read_bytes() == NEW


@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (Status(404), 1),
        (Status(403), 1),
        (Status(401), 1),
        (Status(410), 1),
        (Status(501), 1),
        (Status(500), 3),
        (Status(503), 3),
        (Status(429), 3),
        (Reset(10), 3),
        (HangUp(), 3),
    ],
    ids=repr,
)
def test_only_what_may_pass_is_tried_again(
    aged: Aged, server: Server, fault: Fault, asked: int
) -> None:
    """404 and 403 are said at once."""
    with pytest.raises(requests.exceptions.RequestException) as caught:
        aged(server.serve("/k.tls", OLD, fault=fault)).obtain()

    assert server.count() == asked
    assert isinstance(caught.value, StoreError)
    assert len(caught.value.attempts) == asked


def test_what_passes_is_no_failure(aged: Aged, server: Server) -> None:
    """A third attempt that succeeds is enough."""
    url = server.serve("/k.tls", OLD, fault=[ShortBody(5), Status(503), None])

    result = aged(url).obtain()

    assert (result.origin, len(result.attempts)) == ("fetched", 3)
    assert result.path.read_bytes() == OLD


@pytest.mark.parametrize(
    ("bounds", "kind"),
    [
        ({"deadline": 0.2}, requests.exceptions.Timeout),
        ({"max_size": 10}, TooLargeError),
    ],
)
def test_the_bounds_hold(
    content: Content,
    options: TransferOptions,
    server: Server,
    bounds: dict[str, float],
    kind: type[Exception],
) -> None:
    """What is raised above the transport, too, is the error that was promised."""
    tight = options._replace(bounds=Bounds(read_timeout=0.3, **bounds), clock=_ticking())  # type: ignore[arg-type]
    url = server.serve("/k.tls", OLD, fault=Drip(size=100, every=0.06))

    with pytest.raises(kind) as caught:
        AgedFile(url, content=content, options=tight).obtain()

    assert isinstance(caught.value, StoreError)
    if kind is not TooLargeError:
        assert isinstance(caught.value, TransportTimeoutError)


def test_stale_comes_before_the_fallback(
    aged: Aged,
    server: Server,
    clock: FakeClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The copy while its age is allowed, then the fallback, then the error; each is told and logged."""
    fallback = tmp_path / "bundled.tls"
    fallback.write_bytes(b"bundled")
    file = aged(server.serve("/k.tls", OLD), max_age="1d", stale_if_error="7d", fallback=fallback)
    path = file.path
    server.serve("/k.tls", fault=Status(404))

    clock.advance(7 * DAY - 1)
    stale = file.obtain()
    assert (stale.origin, stale.path, stale.age) == ("stale", path, 7 * DAY - 1)
    assert isinstance(stale.error, ResourceNotFoundError)
    assert len(stale.attempts) == 1
    assert "is handed out stale, since its source failed" in caplog.text

    clock.advance(1)
    last = file.obtain()
    assert (last.origin, last.path, last.kept) == ("fallback", fallback, fallback)
    assert (last.size, last.age, last.fetched_at) == (7, None, None)
    assert isinstance(last.error, ResourceNotFoundError)
    assert file.path == fallback
    assert f"the fallback {fallback} is handed out" in caplog.text

    fallback.unlink()
    with pytest.raises(ResourceNotFoundError):
        file.obtain()
    assert path.read_bytes() == OLD


@pytest.mark.parametrize("what", ["missing", "directory", "other"])
def test_a_fallback_that_cannot_be_used_leaves_the_original_error(
    aged: Aged, tmp_path: Path, server: Server, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It must be a file, and be what is pinned."""
    fallback = tmp_path / "bundled.tls"
    if what == "directory":
        fallback.mkdir()
    elif what == "other":
        fallback.write_bytes(b"other")
    caplog.set_level(logging.WARNING)
    url = server.serve("/k.tls", fault=Status(404))
    file = aged(url, fallback=fallback, digest=hashlib.sha256(OLD).hexdigest())

    with pytest.raises(ResourceNotFoundError):
        file.obtain()

    assert "fallback" in caplog.text


def test_a_pinned_fallback_is_held_against_its_digest(
    aged: Aged, tmp_path: Path, server: Server
) -> None:
    """A path that is handed out is what was pinned, whatever it is."""
    (tmp_path / "bundled.tls").write_bytes(OLD)
    digest = hashlib.sha256(OLD).hexdigest()
    file = aged(
        server.serve("/k.tls", fault=Status(500)), fallback=tmp_path / "bundled.tls", digest=digest
    )

    result = file.obtain()

    assert [one.hex for one in result.digests] == [digest]


def test_without_leave_nothing_stale_is_handed_out(
    aged: Aged, server: Server, clock: FakeClock
) -> None:
    """It has to be asked for: by default a failure is a failure."""
    file = aged(server.serve("/k.tls", OLD))
    assert file.obtain().origin == "fetched"
    server.serve("/k.tls", fault=Status(500))
    with pytest.raises(requests.exceptions.HTTPError):
        file.refresh()
    clock.advance(DAY)

    with pytest.raises(requests.exceptions.HTTPError):
        file.obtain()


def test_offline_the_fresh_is_delivered_and_what_is_pinned_at_any_age(
    aged: Aged, server: Server, clock: FakeClock, offline: TransferOptions
) -> None:
    """What is pinned does not grow wrong; of anything else the age is minded."""
    url = server.serve("/k.tls", OLD)
    pin = hashlib.sha256(OLD).hexdigest()
    assert aged(url).obtain().origin == "fetched"

    assert aged(url, options=offline).obtain().origin == "fresh"
    clock.advance(DAY)
    with pytest.raises(OfflineError, match=r"older than it may be.*stale_if_error"):
        aged(url, options=offline).obtain()
    assert aged(url, options=offline, stale_if_error="none").obtain().origin == "stale"
    assert aged(url, options=offline, digest=pin).obtain().origin == "stale"


def test_a_copy_that_is_known_to_be_another_is_not_read_for_it(
    aged: Aged, server: Server, content: Content, caplog: pytest.LogCaptureFixture
) -> None:
    """Its record has its digest: that the pin is another is no matter of its bytes."""
    url = server.serve("/k.tls", OLD)
    kept = aged(url).obtain().kept
    os.utime(kept, (1, 1))  # its stamp no longer vouches for it

    with failing_call("open", errno.EIO, below=kept.parent) as calls:
        with pytest.raises(IntegrityError, match=f"expected sha256:{'0' * 64}"):
            aged(url, digest="0" * 64).obtain()
        assert calls.made == 0

    assert "not what was asked for" not in caplog.text
    assert aged(url).obtain().origin == "fresh"


def test_a_wrong_content_from_a_changed_source_keeps_the_right_one(
    aged: Aged, server: Server, clock: FakeClock
) -> None:
    """With a pin the copy is what was wanted, and the source is not."""
    file = aged(
        server.serve("/k.tls", OLD), digest=hashlib.sha256(OLD).hexdigest(), stale_if_error="9d"
    )
    assert file.obtain().origin == "fetched"
    server.serve("/k.tls", fault=OtherContent(NEW))
    clock.advance(DAY)

    result = file.obtain()

    assert result.origin == "stale"
    assert isinstance(result.error, IntegrityError)
    assert result.path.read_bytes() == OLD


@pytest.mark.parametrize("kind", ["missing", "directory", "below a file", "circle"])
def test_a_local_source_that_is_no_file_is_a_file_not_found_error(
    aged: Aged, tmp_path: Path, kind: str
) -> None:
    """One of ours at once; a directory is no file either."""
    path = tmp_path / "source.tls"
    if kind == "directory":
        path.mkdir()
    elif kind == "below a file":
        (tmp_path / "plain").write_bytes(b"")
        path = tmp_path / "plain" / "source.tls"
    elif kind == "circle":
        path.symlink_to(path)

    expected = StorageError if kind == "circle" else SourceNotFoundError
    with pytest.raises(expected) as caught:
        aged(path).obtain()

    assert str(path) in str(caught.value)
    assert issubclass(SourceNotFoundError, FileNotFoundError)
    assert issubclass(SourceNotFoundError, ResourceNotFoundError)


def test_a_local_source_that_fails_has_a_fallback_too(aged: Aged, tmp_path: Path) -> None:
    """As any other."""
    (tmp_path / "bundled.tls").write_bytes(b"bundled")

    result = aged("missing.tls", fallback=tmp_path / "bundled.tls").obtain()

    assert result.origin == "fallback"
    assert isinstance(result.error, ResourceNotFoundError)


def test_s3_without_its_library_names_the_extra(
    aged: Aged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a supported source that something is missing for, and no wrong one."""
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(UnknownNameError, match=r"pluggable-store\[s3\]") as caught:
        aged("s3://bucket/k.bsp").obtain()
    assert (caught.value.kind, caught.value.name) == ("extra", "s3")

    (tmp_path / "bundled.tls").write_bytes(b"bundled")
    assert aged("s3://b/k.bsp", fallback=tmp_path / "bundled.tls").obtain().origin == "fallback"


def test_an_unreachable_server_is_a_connection_error(aged: Aged) -> None:
    """Nobody listens there."""
    with pytest.raises(requests.exceptions.ConnectionError):
        aged(unused_address("/k.tls")).obtain()


@pytest.mark.parametrize("room", [0, 10, 500, 2100, 3000, 3100, 3600])
def test_a_full_disk_leaves_the_file_as_it_was(
    aged: Aged, server: Server, clock: FakeClock, content: Content, room: int
) -> None:
    """Whether the new bytes do not fit, or only their records."""
    file = aged(server.serve("/k.tls", OLD))
    path = file.path
    server.serve("/k.tls", NEW)
    clock.advance(DAY)

    with disk_full(content.root, after=room):
        try:
            result = file.obtain()
        except StorageError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - either outcome is right
            assert path.read_bytes() == OLD
        else:
            assert result.path.read_bytes() == NEW

    assert file.obtain().origin in {"fetched", "fresh"}
    assert path.read_bytes() == NEW


@pytest.mark.parametrize(
    "call", ["open", "write", "fsync", "replace", "rename", "link", "mkdir", "fchmod"]
)
def test_whichever_call_fails_the_file_is_the_old_or_the_new(
    server: Server, store_cache_dir: Path, options: TransferOptions, clock: FakeClock, call: str
) -> None:
    """Each call of a refresh fails once in turn; what is there is whole after each, and heals."""
    content = Content(store_cache_dir, clock=clock)
    url = server.serve("/k.tls", OLD)
    number, made = 0, 1
    while number < made and number < 40:
        number += 1
        file = AgedFile(url, content=content, options=options)
        server.serve("/k.tls", OLD)
        path = file.refresh().path
        server.serve("/k.tls", NEW)
        with failing_call(call, errno.EIO, number=number, below=content.root) as calls:
            try:
                handed = file.refresh().path.read_bytes()
            except StoreError:
                assert path.read_bytes() == OLD
            else:
                assert handed == NEW
        made = calls.made
        assert path.read_bytes() in {OLD, NEW}
        assert file.refresh().path.read_bytes() == NEW
    content.close()


def test_a_cache_that_cannot_be_written_delivers_what_is_fresh(
    aged: Aged, server: Server, clock: FakeClock, content: Content
) -> None:
    """Too old, and changed at its source, it is delivered where that is allowed."""
    file = aged(server.serve("/k.tls", OLD), stale_if_error="2d")
    assert file.obtain().origin == "fetched"
    with read_only(content.root):
        assert aged(file.source).obtain().origin == "fresh"
        server.serve("/k.tls", NEW)
        clock.advance(DAY)
        assert file.obtain().origin == "stale"
        with pytest.raises(StorageError, match="Read-only file system"):
            aged(file.source).obtain()
    assert file.path.read_bytes() == NEW


@pytest.mark.parametrize("fault", [read_only, disk_full])
def test_what_its_source_calls_current_is_delivered_where_nothing_can_be_written(
    *,
    aged: Aged,
    server: Server,
    clock: FakeClock,
    content: Content,
    fault: Callable[..., AbstractContextManager[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A 304 needs no room. Its age cannot be written down, so that it is asked for once more."""
    file = aged(server.serve("/k.tls", OLD))
    assert file.obtain().origin == "fetched"
    clock.advance(DAY)
    with fault(content.root):
        for _ in range(2):
            found = aged(file.source).obtain()
            assert (found.origin, found.path.read_bytes()) == ("revalidated", OLD)

    assert "cannot be written down" in caplog.text
    assert ["if-none-match" in one.headers for one in server.requests] == [False, True, True]
    assert file.obtain().origin == "revalidated"
    assert file.obtain().origin == "fresh"


def test_a_local_source_that_is_unchanged_is_delivered_where_nothing_can_be_written(
    aged: Aged, tmp_path: Path, clock: FakeClock, content: Content
) -> None:
    """Its stamp says so."""
    source = tmp_path / "k.tls"
    source.write_bytes(OLD)
    os.utime(source, (1, 1))
    SYSTEM_CLOCK.sleep(0.02)  # until its ctime is no longer racy
    file = aged(source)
    file.obtain()
    clock.advance(DAY)

    with read_only(content.root):
        assert file.obtain().origin == "revalidated"


REFRESH = """
import sys
from store.cache.content import Content
from store.freshness.aged_file import AgedFile
from store.testing.killing import killed_at

root, url, call, nth = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
file = AgedFile(url, max_age=0, content=Content(root))
with killed_at(call, nth):
    file.obtain()
print("done")
"""


@pytest.mark.parametrize(
    ("call", "most", "step"),
    [
        ("write", 1, 1),
        ("fsync", 11, 1),
        ("replace", 7, 1),
        ("link", 1, 1),
        ("open", 30, 3),
        ("mkdir", 9, 2),
        ("unlink", 3, 1),
    ],
)
def test_a_kill_at_any_step_leaves_the_old_file_or_the_new(
    *, server: Server, store_cache_dir: Path, start: Program, call: str, most: int, step: int
) -> None:
    """SIGKILL in the middle of a refresh: whole after each, and the next process goes on."""
    for nth in range(1, most + 1, step):
        url = server.serve(f"/{nth}/k.tls", OLD)
        file = AgedFile(url, max_age=None, cache_dir=store_cache_dir)
        path = file.path
        server.serve(f"/{nth}/k.tls", NEW)

        process = start(REFRESH, store_cache_dir, url, call, nth)
        process.communicate(timeout=60)

        assert path.read_bytes() in {OLD, NEW}
        assert file.is_cached()
        assert file.path.read_bytes() in {OLD, NEW}
        assert file.refresh().path.read_bytes() == NEW
        assert path.read_bytes() == NEW


def test_a_kill_in_the_middle_of_the_body_leaves_the_old_file(
    server: Server, store_cache_dir: Path, start: Program
) -> None:
    """Half of the new body has come when the process dies."""
    url = server.serve("/k.tls", OLD)
    file = AgedFile(url, cache_dir=store_cache_dir)
    path = file.path
    server.serve("/k.tls", NEW, fault=[Stall(after=len(NEW) // 2, seconds=30)])
    process = start(REFRESH, store_cache_dir, url, "write", 0)
    partial = store_cache_dir / "partial"
    _until(lambda: server.count() == 2)
    _until(lambda: any(one.is_file() and one.stat().st_size for one in partial.rglob("*")))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)

    assert path.read_bytes() == OLD
    assert file.is_cached()
    assert file.refresh().path.read_bytes() == NEW


def _until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, half a minute at most."""
    end = SYSTEM_CLOCK.monotonic() + 30
    while not condition():
        assert SYSTEM_CLOCK.monotonic() < end
        SYSTEM_CLOCK.sleep(0.005)


def _identity(path: Path) -> tuple[int, ...]:
    """Return inode, mode, size and times of a file, but for the time of its last reading."""
    status = os.lstat(path)
    return (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _left_over(file: AgedFile) -> list[Path]:
    """Return what is not finished below the cache, with which the next refresh would go on or stumble."""
    root = file.directory.parents[2]
    return [one for one in root.rglob("*") if one.name.startswith(".store-")]


def _ticking() -> FakeClock:
    """Return a clock whose monotonic time is the machine's."""
    clock = FakeClock(SYSTEM_CLOCK.now())
    clock.monotonic = SYSTEM_CLOCK.monotonic  # type: ignore[method-assign]
    return clock
