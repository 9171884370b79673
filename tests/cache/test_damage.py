"""Whatever happens to a cache, it heals or is a miss."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import pickle
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.content import Content, Kept
from store.cache.records import read_record
from store.clock import SYSTEM_CLOCK
from store.errors import CacheError
from store.integrity.digest import Digests

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]


def truncate(path: Path) -> None:
    """Cut a file short."""
    path.chmod(0o644)
    os.truncate(path, 2)


def flip(path: Path) -> None:
    """Change a bit in place and put the modification time back."""
    status = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"datb")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def into_directory(path: Path) -> None:
    """Put a directory in a file's place."""
    path.unlink()
    path.mkdir()
    (path / "inner").write_bytes(b"data")


def into_link(path: Path) -> None:
    """Put a link to the right content in a file's place."""
    path.rename(path.with_name("moved"))
    path.symlink_to(path.with_name("moved"))


def into_fifo(path: Path) -> None:
    """Put a FIFO that nobody writes to in a file's place."""
    path.unlink()
    os.mkfifo(path)


def into_socket(path: Path) -> None:
    """Put a socket in a file's place; its path would be too long for bind(2)."""
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def into_pickle(path: Path) -> None:
    """Put a pickle in a file's place."""
    path.unlink()
    path.write_bytes(pickle.dumps(os.getcwd))


DAMAGES = [truncate, flip, into_directory, into_link, into_fifo, into_socket, into_pickle]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("seen", [True, False])
def test_damaged_content_is_set_aside_and_kept_anew(
    content: Content, keep: Keep, pin: Pin, damage: Callable[[Path], None], *, seen: bool
) -> None:
    """Damage is a miss, lies in quarantine, and does not stand in the way of the right file."""
    kept = keep(content, b"data")
    assert not seen or content.holds(str(kept.path), pin(b"data"))
    damage(kept.path)

    held = content.holds(str(kept.path), pin(b"data"))

    assert not held
    assert not os.path.lexists(kept.path)
    assert len(list((content.root / "quarantine").iterdir())) == 1
    assert keep(content, b"data").path == kept.path
    assert content.holds(str(kept.path), pin(b"data"))


def test_missing_content_is_a_miss(
    content: Content, reopened: Content, keep: Keep, pin: Pin
) -> None:
    """In this process and the next."""
    kept = keep(content, b"data")
    assert content.holds(str(kept.path), pin(b"data"))
    kept.path.unlink()

    assert not content.holds(str(kept.path), pin(b"data"))
    assert not reopened.holds(str(kept.path), pin(b"data"))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_link_on_the_way_does_not_lead_out(
    content: Content, keep: Keep, pin: Pin, tmp_path: Path, level: int
) -> None:
    """The link is set aside; what it leads to is neither handed out nor moved."""
    kept = keep(content, b"data")
    directory = kept.path.parents[level - 1]
    directory.rename(tmp_path / "elsewhere")
    directory.symlink_to(tmp_path / "elsewhere")

    held = content.holds(str(kept.path), pin(b"data"))

    assert not held
    assert not directory.is_symlink()
    assert len([one for one in (tmp_path / "elsewhere").rglob("*") if one.is_file()]) == 1
    again = keep(content, b"data")
    assert content.holds(str(again.path), pin(b"data"))


def test_a_file_on_the_way_makes_way(content: Content, keep: Keep, pin: Pin) -> None:
    """A stray file where a directory belongs is set aside."""
    number = pin(b"data")[0].hex
    stray = content.root / "content/v1/sha256" / number[:2]
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"")

    kept = keep(content, b"data")

    assert content.holds(str(kept.path), pin(b"data"))


RECORDS = [
    b"",
    b"{",
    b"null",
    b"[1]",
    b"\xff",
    b'{"v": 2, "digests": {}, "size": 4, "added": 1, "files": {}}',
    b'{"v": 1, "digests": {"sha256": "ab"}, "size": 4, "added": 1, "files": {}}',
    b'{"v": 1, "digests": {"sha256": 7}, "size": 4, "added": 1, "files": {}}',
    b'{"v": 1, "digests": {}, "size": "4", "added": 1, "files": {}}',
    b'{"v": 1, "digests": {}, "size": 4, "added": 1, "files": {"six.whl": {"stamp": [], "durable": 1}}}',
    b'{"v": 1, "digests": {}, "size": 4, "added": 1, "files": {"six.whl": 5}}',
    b"[" * 100_000,
    b" " * (1 << 21),
    pickle.dumps({"v": 1}),
]


@pytest.mark.parametrize("data", RECORDS, ids=range(len(RECORDS)))
def test_a_damaged_record_costs_a_hash(
    content: Content, reopened: Content, keep: Keep, pin: Pin, data: bytes
) -> None:
    """The file is read, found right, and recorded anew."""
    kept = keep(content, b"data")
    record = Path(content.layout.record(pin(b"data")[0]))
    record.write_bytes(data)
    SYSTEM_CLOCK.sleep(0.02)

    assert reopened.holds(str(kept.path), pin(b"data"))

    found = read_record(content.layout, pin(b"data")[0])
    assert found is not None
    assert set(pin(b"data")) <= found.digests


@pytest.mark.parametrize("kind", ["directory", "link", "fifo", "missing", "file on the way"])
def test_a_replaced_record_makes_way(
    content: Content, reopened: Content, keep: Keep, pin: Pin, kind: str
) -> None:
    """What is no record is set aside when the record is written again."""
    kept = keep(content, b"data")
    record = Path(content.layout.record(pin(b"data")[0]))
    record.unlink()
    if kind == "directory":
        record.mkdir()
        (record / "inner").mkdir()
    elif kind == "link":
        record.symlink_to("/etc/hostname")
    elif kind == "fifo":
        os.mkfifo(record)
    elif kind == "file on the way":
        record.parent.rmdir()
        record.parent.write_bytes(b"")

    assert reopened.holds(str(kept.path), pin(b"data"))

    assert read_record(content.layout, pin(b"data")[0]) is not None


def test_a_wrong_digest_in_a_record_is_mended(
    content: Content, reopened: Content, keep: Keep, pin: Pin
) -> None:
    """A bit that flipped in the record does not make the file a miss."""
    kept = keep(content, b"data")
    path = Path(content.layout.record(pin(b"data")[0]))
    value = json.loads(path.read_bytes())
    value["digests"] = {"sha256": "0" * 64}
    path.write_bytes(json.dumps(value).encode())

    assert reopened.holds(str(kept.path), pin(b"data"))


class ReadOnly:
    """Makes the calls that write fail as on a read-only file system."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int = errno.EROFS) -> None:
        opened = os.open

        def refuse(*args: object, **options: object) -> None:
            raise OSError(number, os.strerror(number), str(args[0]))

        def read_only(path: str | Path, flags: int, *args: int, **options: int) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                refuse(path)
            return opened(path, flags, *args, **options)

        monkeypatch.setattr(os, "open", read_only)
        for name in ("mkdir", "utime", "unlink", "rename", "replace", "link", "rmdir"):
            monkeypatch.setattr(os, name, refuse)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_read_only_cache_serves_its_hits(
    *,
    content: Content,
    reopened: Content,
    keep: Keep,
    pin: Pin,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
) -> None:
    """No lease, no mark, no exception and no noise: the file is what counts."""
    kept = keep(content, b"data")
    record = Path(content.layout.record(pin(b"data")[0]))
    os.utime(record, (1, 1))
    caplog.set_level(logging.INFO)
    with monkeypatch.context() as patch:
        ReadOnly(patch, number)

        held = [reopened.holds(str(kept.path), pin(b"data")) for _ in range(2)]
        found = reopened.find(pin(b"data"), "other.whl")
        with reopened.flight("uid") as waited:
            pass

    assert held == [True, True]
    assert found is not None
    assert found.path == kept.path
    assert not waited
    assert caplog.records == []


def test_a_read_only_cache_rehashes_without_complaint(
    content: Content, reopened: Content, keep: Keep, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stamp that cannot be recorded costs a hash each process, no more."""
    kept = keep(content, b"data")
    Path(content.layout.record(pin(b"data")[0])).unlink()
    SYSTEM_CLOCK.sleep(0.02)
    with monkeypatch.context() as patch:
        ReadOnly(patch)

        assert reopened.holds(str(kept.path), pin(b"data"))


def test_damage_in_a_read_only_cache_is_a_miss(
    content: Content, keep: Keep, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be set aside, and is not handed out."""
    kept = keep(content, b"data")
    flip(kept.path)
    with monkeypatch.context() as patch:
        ReadOnly(patch)

        assert not content.holds(str(kept.path), pin(b"data"))


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_an_unwritable_cache_is_a_cache_error(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """So that whoever can go on without it does."""
    content = Content(root)
    with monkeypatch.context() as patch:
        ReadOnly(patch, number)
        with pytest.raises(CacheError) as caught, content.workspace():
            pass

    assert caught.value.errno == number
    assert caught.value.exit_status == 10


def test_a_file_in_the_caches_place_is_a_cache_error(tmp_path: Path) -> None:
    """Named, and left as it was."""
    (tmp_path / "cache").write_bytes(b"mine")

    with pytest.raises(CacheError, match="cache"), Content(tmp_path / "cache").workspace():
        pass

    assert (tmp_path / "cache").read_bytes() == b"mine"


@pytest.mark.parametrize("call", ["fsync", "replace", "rename", "fchmod", "mkdir"])
@pytest.mark.parametrize("nth", range(1, 13))
def test_a_call_that_fails_leaves_nothing_or_all(
    *,
    root: Path,
    keep: Keep,
    pin: Pin,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    nth: int,
) -> None:
    """Each step fails in turn: the caller has the file still, or the cache has it whole."""
    content = Content(root)
    with content.workspace() as directory:
        path = directory / "file"
        path.write_bytes(b"data")
        real, calls = getattr(os, call), []

        def failing(*args: object, **options: object) -> object:
            calls.append(args)
            if len(calls) == nth:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(*args, **options)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing)
            try:
                kept: Kept | None = content.keep(path, digests=pin(b"data"))
            except CacheError:
                kept = None

        assert kept is not None or path.read_bytes() == b"data"
    assert kept is None or content.holds(str(kept.path), pin(b"data"))
    assert keep(content, b"data").path.read_bytes() == b"data"
    content.close()
    assert [one.name for one in root.rglob(".store-*")] == []


def test_locks_that_lie_do_no_harm(
    content: Content, keep: Keep, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every writer has a file of its own, so that locks only save bandwidth."""
    monkeypatch.setattr(fcntl, "flock", lambda *args: None)

    with content.flight("uid"):
        first = keep(content, b"data")
        second = keep(content, b"data")

    assert first == second
    assert content.holds(str(first.path), pin(b"data"))


def test_unreadable_content_is_a_miss(
    content: Content, reopened: Content, keep: Keep, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be right: it is not set aside."""
    kept = keep(content, b"data")
    os.utime(kept.path, (1, 1))
    opened = os.open

    def forbidden(path: str, *args: int, **options: int) -> int:
        if str(path).endswith(".whl"):
            raise PermissionError(errno.EACCES, "no")
        return opened(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", forbidden)
        assert not reopened.holds(str(kept.path), pin(b"data"))
        assert reopened.examine(str(kept.path)).state == "unread"

    assert reopened.holds(str(kept.path), pin(b"data"))


def test_an_unreadable_record_is_as_none(
    content: Content, reopened: Content, keep: Keep, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error while it is read costs a hash."""
    kept = keep(content, b"data")

    def broken(*args: object) -> bytes:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", broken)
        assert reopened.holds(str(kept.path), pin(b"data"))


@pytest.mark.parametrize(
    "table", [None, "x\n36 35 0:0 / / rw - nfs4 server:/ rw\n", "36 35 {d} / / rw - nfs4 s rw"]
)
def test_without_a_known_file_system_no_stamp_is_trusted_early(
    *,
    content: Content,
    keep: Keep,
    pin: Pin,
    monkeypatch: pytest.MonkeyPatch,
    table: str | None,
    tmp_path: Path,
) -> None:
    """The coarse grain is not waited out: the first hits cost a hash instead."""
    import builtins

    device = tmp_path.stat().st_dev
    opened = builtins.open

    def faked(path: object, *args: object, **options: object) -> object:
        if path != "/proc/self/mountinfo":
            return opened(path, *args, **options)  # type: ignore[call-overload]
        if table is None:
            raise FileNotFoundError(path)
        text = table.format(d=f"{os.major(device)}:{os.minor(device)}")
        (tmp_path / "mountinfo").write_text(text)
        return opened(tmp_path / "mountinfo", encoding="utf-8")

    monkeypatch.setattr(builtins, "open", faked)

    kept = keep(content, b"data")

    record = read_record(content.layout, pin(b"data")[0])
    assert record is not None
    assert record.files["six.whl"].stamp is None
    assert content.holds(str(kept.path), pin(b"data"))
