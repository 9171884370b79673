"""One writer at a time, and leases that say who is still there."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.errors import LockTimeoutError, StorageError
from store.files.holding import holder_of
from store.files.leases import Lease, oldest_lease
from store.files.locks import exclusively, locked

HOLD = """
import sys, time
from store.files.locks import locked
with locked(sys.argv[1], timeout=10) as held:
    print(held, flush=True)
    time.sleep(60)
"""

LEASE = """
import sys, time
from store.files.leases import Lease
lease = Lease(sys.argv[1])
print(lease.began, flush=True)
time.sleep(60)
"""


class Watch:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_000_000_000.0
        self.pauses: list[float] = []

    def now(self) -> float:
        """Return the time."""
        return self.time

    def now_ns(self) -> int:
        """Return the time in nanoseconds."""
        return int(self.time * 1e9)

    def file_time_ns(self) -> int:
        """Return the same."""
        return self.now_ns()

    def monotonic(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the time."""
        self.pauses.append(seconds)
        self.time += seconds


Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(start: Started) -> Started:
    """Return what starts a program and waits for its first line; each is ended with the test."""

    def run(program: str, *arguments: Path) -> subprocess.Popen[str]:
        process = start(program, *arguments)
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    return run


def run(program: str, *arguments: Path) -> str:
    """Run a program to its end and return what it printed."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def refusing(number: int) -> Callable[..., Any]:
    """Return a system call that always says no."""

    def call(*args: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return call


def test_a_lock_is_held_and_given_back(tmp_path: Path) -> None:
    """Parents are made, and the file stays, with nothing in it."""
    path = tmp_path / "locks" / "one.lock"

    with locked(path, timeout=1) as first:
        held = holder_of(path)
    with locked(path, timeout=0) as second:
        pass

    assert (first, second) == (True, True)
    assert held.startswith(f"process {os.getpid()} on ")
    assert path.read_bytes() == b""


def test_a_lock_that_another_holds_is_waited_for_with_growing_pauses(
    tmp_path: Path, start: Started
) -> None:
    """The holder is named once; the pauses grow to 50 ms and end with the time."""
    path, watch = tmp_path / "lock", Watch()
    told: list[str] = []
    process = start(HOLD, path)

    with locked(path, timeout=1, clock=watch, waiting=told.append) as held:
        pass

    assert held is False
    assert len(told) == 1
    assert told[0].startswith(f"process {process.pid} on ")
    assert watch.time == pytest.approx(1_000_000_001)
    assert watch.pauses[0] <= 0.002
    assert max(watch.pauses) <= 0.05
    assert len(watch.pauses) > 20


def test_a_timeout_of_nothing_tries_once(tmp_path: Path) -> None:
    """No pause, no second try."""
    watch = Watch()

    with (
        locked(tmp_path / "lock", timeout=1),
        locked(tmp_path / "lock", timeout=0, clock=watch) as held,
    ):
        pass

    assert held is False
    assert watch.pauses == []


def test_giving_up_leaves_the_holder_its_lock_and_its_note(tmp_path: Path) -> None:
    """Whoever goes on without the lock neither empties nor unlocks the file."""
    path = tmp_path / "lock"

    with locked(path, timeout=1):
        for _ in range(3):
            with locked(path, timeout=0):
                pass
        note = holder_of(path)
        with locked(path, timeout=0) as held:
            pass

    assert str(os.getpid()) in note
    assert held is False


def test_a_dead_holder_is_replaced_within_seconds(tmp_path: Path, start: Started) -> None:
    """The system closes a killed process's files, and its stale note is written over."""
    path = tmp_path / "lock"
    process = start(HOLD, path)
    threading.Timer(0.2, process.kill).start()
    began = time.monotonic()

    with locked(path, timeout=30) as held:
        note = holder_of(path)

    assert held is True
    assert time.monotonic() - began < 10
    assert note.startswith(f"process {os.getpid()} ")


def test_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    """Eight threads add to a number without losing any."""
    number = [0]

    def add() -> None:
        for _ in range(5):
            with locked(tmp_path / "lock", timeout=30) as held:
                assert held
                read = number[0]
                time.sleep(0.0005)
                number[0] = read + 1

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert number == [40]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_block_that_fails_gives_the_lock_back(tmp_path: Path, error: type[BaseException]) -> None:
    """And its error is told."""

    def fail() -> None:
        with locked(tmp_path / "lock", timeout=1):
            raise error

    with pytest.raises(error):
        fail()
    with locked(tmp_path / "lock", timeout=0) as held:
        pass

    assert held is True


def test_a_listener_that_fails_ends_the_wait(tmp_path: Path) -> None:
    """Even with an OSError: it is not taken for the lock's."""

    def waiting(holder: str) -> None:
        raise BrokenPipeError(holder)

    with (
        locked(tmp_path / "lock", timeout=1),
        pytest.raises(BrokenPipeError, match="process"),
        locked(tmp_path / "lock", timeout=1, waiting=waiting),
    ):
        pytest.fail("the wait was to end")


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_file_system_without_locks_is_gone_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """At once; whoever must have the lock gets an error instead."""
    watch = Watch()
    monkeypatch.setattr(fcntl, "flock", refusing(number))

    with locked(tmp_path / "lock", timeout=60, clock=watch) as held:
        pass
    with pytest.raises(StorageError) as caught, exclusively(tmp_path / "lock", timeout=60):
        pytest.fail("there is no lock")

    assert held is False
    assert watch.pauses == []
    assert caught.value.errno == number
    assert caught.value.path == str(tmp_path / "lock")


@pytest.mark.parametrize("path", ["file/lock", "directory", "link", "nul\0"])
def test_where_no_lock_file_can_be_it_is_gone_on_without(tmp_path: Path, path: str) -> None:
    """A file or directory in the way, a link, or a name that cannot be; nothing is changed."""
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("file")

    with locked(tmp_path / path, timeout=60) as held:
        pass
    with pytest.raises(StorageError), exclusively(tmp_path / path, timeout=60):
        pytest.fail("there is no lock")

    assert held is False
    assert (tmp_path / "file").read_bytes() == b"data"


def test_an_unwritable_directory_is_gone_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only cache takes no locks."""
    monkeypatch.setattr(os, "open", refusing(errno.EROFS))

    with locked(tmp_path / "lock", timeout=60) as held:
        pass
    with (
        pytest.raises(StorageError, match="can be written to") as caught,
        exclusively(tmp_path / "lock", timeout=60),
    ):
        pytest.fail("there is no lock")

    assert held is False
    assert caught.value.errno == errno.EROFS


def test_a_full_disk_keeps_nobody_from_locking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note is a courtesy."""
    monkeypatch.setattr(os, "pwrite", refusing(errno.ENOSPC))

    with locked(tmp_path / "lock", timeout=1) as held:
        note = holder_of(tmp_path / "lock")

    assert held is True
    assert note == "another process"


def test_a_lock_that_cannot_be_given_back_fails_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The work is done by then; it is logged."""
    with monkeypatch.context() as patches, locked(tmp_path / "lock", timeout=1) as held:
        patches.setattr(fcntl, "flock", refusing(errno.EIO))  # until after the lock's block

    assert held is True
    assert "could not be released" in caplog.text


def test_exclusively_waits_and_then_names_the_holder(tmp_path: Path, start: Started) -> None:
    """The error carries path, holder and exit status."""
    path = tmp_path / "lock"
    process = start(HOLD, path)

    with (
        pytest.raises(LockTimeoutError, match=f"process {process.pid} .*0.1 seconds") as caught,
        exclusively(path, timeout=0.1),
    ):
        pytest.fail("another holds it")

    assert caught.value.path == str(path)
    assert str(caught.value.holder).startswith(f"process {process.pid}")
    assert caught.value.exit_status == 9


def test_exclusively_excludes(tmp_path: Path) -> None:
    """And gives the lock back."""
    with exclusively(tmp_path / "lock", timeout=1), locked(tmp_path / "lock", timeout=0) as inner:
        pass
    with locked(tmp_path / "lock", timeout=0) as after:
        pass

    assert (inner, after) == (False, True)


def test_a_forks_child_neither_keeps_nor_releases_the_lock(tmp_path: Path) -> None:
    """The parent holds it while the child leaves the block, and frees it while the child lives."""
    printed = run(
        """
import os, sys, time
from store.files.holding import holder_of
from store.files.locks import locked
path = sys.argv[1]
with locked(path, timeout=5):
    pid = os.fork()
    if pid == 0:
        read = None
    else:
        time.sleep(0.3)  # the child has left the block by now
        with locked(path, timeout=0) as inner:
            print(inner, str(os.getpid()) in holder_of(path))
if pid == 0:
    time.sleep(2)
    os._exit(0)
with locked(path, timeout=0) as after:
    print(after)
os.waitpid(pid, 0)
""",
        tmp_path / "lock",
    )

    assert printed.split() == ["False", "True", "True"]


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b"\xff",
        b"[" * 600,
        b'{"pid": "x", "host": "h", "since": 0}',
        b'{"pid": 1, "host": "h", "since": 1e308}',
        b'{"pid": 1, "host": "h", "since": NaN}',
    ],
)
def test_a_note_that_cannot_be_read_names_nobody(tmp_path: Path, note: bytes) -> None:
    """Whatever stands in the file, the wait goes on."""
    (tmp_path / "lock").write_bytes(note)

    assert holder_of(tmp_path / "lock") == "another process"
    assert holder_of(tmp_path / "missing") == "another process"


def test_a_note_cannot_move_the_terminal(tmp_path: Path) -> None:
    """Control characters of a hostile host name are not handed on."""
    (tmp_path / "lock").write_text('{"pid": 7, "host": "a\\u001b[2Jb", "since": 0}')

    assert holder_of(tmp_path / "lock") == "process 7 on a[2Jb since 1970-01-01T00:00:00Z"


def test_a_lease_is_seen_until_it_is_given_back(tmp_path: Path) -> None:
    """By the same process and by others; closing twice is harmless."""
    directory, watch = tmp_path / "cache" / "leases", Watch()
    older = Lease(directory, clock=watch)
    watch.sleep(10)
    younger = Lease(directory, clock=watch)

    seen = [oldest_lease(directory)]
    older.close()
    older.close()
    seen.append(oldest_lease(directory))
    younger.close()
    seen.append(oldest_lease(directory))

    assert seen == [older.began, younger.began, None]
    assert (older.began, younger.began) == (1_000_000_000.0, 1_000_000_010.0)
    assert list(directory.iterdir()) == []


def test_a_lease_of_a_dead_process_is_swept(tmp_path: Path, start: Started) -> None:
    """It is seen while the process lives, and removed when it was killed."""
    process = start(LEASE, tmp_path)
    while_alive = oldest_lease(tmp_path)
    process.kill()
    process.wait()

    after = oldest_lease(tmp_path)

    assert while_alive == pytest.approx(time.time(), abs=60)
    assert after is None
    assert list(tmp_path.iterdir()) == []


def test_a_forks_child_does_not_give_its_parents_lease_back(tmp_path: Path) -> None:
    """Neither by closing it nor by ending; the parent can, while the child lives."""
    printed = run(
        """
import os, sys, time
from store.files.leases import Lease, oldest_lease
lease = Lease(sys.argv[1])
if os.fork() == 0:
    lease.close()
    os._exit(0)
os.wait()
print(oldest_lease(sys.argv[1]) == lease.began)
pid = os.fork()
if pid == 0:
    time.sleep(2)
    os._exit(0)
lease.close()
print(oldest_lease(sys.argv[1]), os.listdir(sys.argv[1]))
os.waitpid(pid, 0)
""",
        tmp_path,
    )

    assert printed.split() == ["True", "None", "[]"]


def test_another_process_closes_no_more_than_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease's file stays for the one that took it."""
    lease = Lease(tmp_path)
    with monkeypatch.context() as patches:
        patches.setattr(os, "getpid", lambda: -1)
        lease.close()

    assert len(list(tmp_path.iterdir())) == 1
    assert lease.process == os.getpid()


def test_no_leases_are_no_lease(tmp_path: Path) -> None:
    """A missing directory, one that is a file, and files of others are all the same."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "leases").mkdir()
    (tmp_path / "leases" / "x-1.lease").write_bytes(b"")
    (tmp_path / "leases" / "12.txt").write_bytes(b"")

    found = [oldest_lease(tmp_path / name) for name in ("missing", "file", "leases")]

    assert found == [None, None, None]
    assert len(list((tmp_path / "leases").iterdir())) == 2


def test_a_lease_swept_before_it_is_locked_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its creation and its lock it looks dead."""
    real = fcntl.flock
    swept: list[float | None] = []

    def flock(descriptor: int, operation: int) -> None:
        if operation == fcntl.LOCK_SH and not swept:
            swept.append(oldest_lease(tmp_path))
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    lease = Lease(tmp_path)

    assert swept == [None]
    assert oldest_lease(tmp_path) == lease.began
    lease.close()


def test_a_lease_that_cannot_be_taken_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without locks, and where a file is in the way."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(NotADirectoryError):
        Lease(tmp_path / "file")
    monkeypatch.setattr(fcntl, "flock", refusing(errno.ENOLCK))
    with pytest.raises(OSError, match="lock"):
        Lease(tmp_path / "leases")

    assert list((tmp_path / "leases").iterdir()) == []


@pytest.mark.parametrize("readable", [True, False])
def test_another_users_lease_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, readable: bool
) -> None:
    """One that may be read is locked through that; one that may not counts as held."""
    real = os.open
    lease = Lease(tmp_path)

    def guarded(path: str, flags: int, *rest: int) -> int:
        if flags & os.O_RDWR or not readable:
            raise PermissionError(errno.EACCES, "another user's")
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", guarded)
    while_held = oldest_lease(tmp_path)
    lease.close()
    (tmp_path / "5000000000-1-dead.lease").write_bytes(b"")
    when_dead = oldest_lease(tmp_path)

    assert while_held == lease.began
    assert when_dead == (None if readable else 5.0)


def test_a_lease_that_goes_while_it_is_looked_at_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sweeps at once do not trip over each other."""
    (tmp_path / "5-1-dead.lease").write_bytes(b"")
    monkeypatch.setattr(os, "open", refusing(errno.ENOENT))

    assert oldest_lease(tmp_path) is None


def test_a_lease_is_made_without_filelock(tmp_path: Path) -> None:
    """The warm path takes one, and filelock's import is dear."""
    printed = run(
        """
import sys
from store.files.leases import Lease, oldest_lease
lease = Lease(sys.argv[1])
print("filelock" in sys.modules, "requests" in sys.modules)
""",
        tmp_path,
    )

    assert printed.split() == ["False", "False"]


def test_a_lock_that_is_another_file_too_is_not_written_to(tmp_path: Path) -> None:
    """A hard link in the place of a lock file is locked, but what it holds stays."""
    (tmp_path / "precious").write_text("data")
    (tmp_path / "lock").hardlink_to(tmp_path / "precious")

    with locked(tmp_path / "lock", timeout=0) as held:
        assert held

    assert (tmp_path / "precious").read_text() == "data"
