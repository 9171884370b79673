"""Real processes at once, killed at every step, forked, and read by others meanwhile."""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest

from store.clock import SYSTEM_CLOCK
from store.errors import LockTimeoutError, StatusError
from store.registry.manager import Cache
from store.registry.status import Status

Program = Callable[..., "Popen[str]"]

OPENED = """
import sys
from store.registry.manager import Cache
where = sys.argv[1]
cache = (
    Cache(url=where, files=sys.argv[2], durability="relaxed")
    if "://" in where
    else Cache(where, durability="relaxed")
)
"""

CREW = """
import os, sys, tempfile, traceback
from store.registry.manager import Cache

# Whatever a registry loads is loaded once, and not by each of them.
with tempfile.TemporaryDirectory() as elsewhere, Cache(elsewhere) as cache:
    cache.put("a", b"")
if "://" in sys.argv[1]:
    import psycopg

def work():
    cache = (
        Cache(url=sys.argv[1], files=sys.argv[2], durability="relaxed")
        if "://" in sys.argv[1]
        else Cache(sys.argv[1], durability="relaxed")
    )
    with cache:
        done(cache)

def run(count):
    crew = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        crew.append(child)
    assert [os.waitpid(one, 0)[1] for one in crew] == [0] * count
"""

CREATES = (
    CREW
    + """
def done(cache):
    for number in range(50):
        cache.create("one", {"key": 1}, {"n": number})

run(8)
"""
)

WRITES = (
    CREW
    + """
def done(cache):
    item = cache.best_or_new("one", timeout=60)
    if item.status == 1:
        with item.writing() as file:
            file.write(b"once")
        print("wrote")
    assert open(item.path, "rb").read() == b"once"

run(6)
"""
)

HOLDS = (
    OPENED
    + """
item = cache.best_or_new("one")
open(item.path, "wb").write(b"half")
print("writing", flush=True)
sys.stdin.read()
"""
)

READS = (
    OPENED
    + """
item = cache.best("one")
print(item.path, flush=True)
sys.stdin.read()
"""
)

KILLED = """
import os, sys, tempfile
from store.registry.manager import Cache
from store.testing.killing import killed_at

def publish(where, call, nth):
    cache = Cache(where)
    cache.best("a")
    item = cache.create("a", attrs={"n": 2}, status="write")
    open(item.path, "wb").write(b"new")
    with killed_at(call, nth):
        item.ready()
    print(nth, flush=True)

with tempfile.TemporaryDirectory() as elsewhere, Cache(elsewhere) as cache:
    cache.put("a", b"")  # so that what it loads is loaded once
for nth in range(1, int(sys.argv[3]) + 1):
    child = os.fork()
    if child == 0:
        try:
            publish(f"{sys.argv[1]}/{nth}", sys.argv[2], nth)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
"""

RANDOMLY = (
    OPENED
    + """
number = 0
while True:
    number += 1
    with cache.batch() if number % 3 == 0 else open("/dev/null"):
        cache.put("a", b"%d" % number * 100, attrs={"n": number, "text": str(number)})
    item = cache.create("b", attrs={"n": number}, status="write")
    open(item.path, "wb").write(b"%d" % number)
    item.ready()
    print(number, flush=True)
"""
)


def eventually(ask: Callable[[], tuple[object, ...]]) -> tuple[object, ...]:
    """Ask until there is an answer: a server takes a moment to see that a connection is gone."""
    for _ in range(100):
        found = ask()
        if found:
            return found
        SYSTEM_CLOCK.sleep(0.05)
    return ()


def ended(process: Popen[str]) -> str:
    """Return what a program printed; it must have ended well."""
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, root: Path) -> tuple[str, ...]:
    """The arguments of a registry on each engine."""
    if request.param == "sqlite":
        return (str(root),)
    return (request.getfixturevalue("database"), str(root))


def opened(where: tuple[str, ...]) -> Cache:
    """Return the registry."""
    if len(where) > 1:
        return Cache(url=where[0], files=where[1], durability="relaxed")
    return Cache(where[0], durability="relaxed")


def test_eight_processes_share_one_count(where: tuple[str, ...], start: Program) -> None:
    """8 times 50 creates of one key are exactly 400 rows with the versions 1 to 400."""
    ended(start(CREATES, *where))

    with opened(where) as cache:
        found = cache.search("one", {"key": 1})
    assert sorted(one.version for one in found) == list(range(1, 401))
    assert len({one.id for one in found}) == 400


def test_one_of_many_processes_writes(where: tuple[str, ...], start: Program) -> None:
    """The others get what it wrote."""
    output = ended(start(WRITES, *where))

    assert output == "wrote\n"


def test_a_killed_writer_is_taken_over_at_once(where: tuple[str, ...], start: Program) -> None:
    """Its lease ends with it, wherever it ran."""
    process = start(HOLDS, *where)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    with opened(where) as cache:
        with pytest.raises(LockTimeoutError):
            cache.best_or_new("one", timeout=0.2)
        assert cache.autoclean() == 0

        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)

        item = cache.best_or_new("one", timeout=20)
        assert item.version == 2
        with item.writing() as file:
            file.write(b"mine")
        assert [one.status for one in cache.search("one")] == [Status.FAILED, Status.READY]


def test_a_cleaning_takes_nothing_that_another_reads(
    where: tuple[str, ...], start: Program
) -> None:
    """Until the reader gives it back or ends, wherever it runs; a killed one holds nothing."""
    with opened(where) as cache:
        old = Path(cache.put("one", b"once").path)
        cache.close()
        process = start(READS, *where)
        assert process.stdout is not None
        assert process.stdout.readline() == f"{old}\n"
        cache.put("one", b"twice")

        assert cache.autoclean() == 0
        assert [one.version for one in cache.prune(versions=1).in_use] == [1]
        assert old.read_bytes() == b"once"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)

        assert eventually(lambda: cache.prune(versions=1).removed) != ()
        assert not old.exists()


def test_readers_on_a_server_need_no_locks_of_the_file_system(
    database: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the shared directory's locks lie, nothing is taken away all the same, nor is a writer robbed."""
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    with Cache(url=database, files=root) as here, Cache(url=database, files=root) as there:
        read, written = Path(here.put("a", b"1").path), here.create("b", status="write")
        there.best("a")
        here.close()
        reader = there.best("a")
        assert reader is not None
        assert reader.path == str(read)

        here.autoclean()
        assert here.prune(max_bytes=0).removed == ()

        assert read.read_bytes() == b"1"
        del written


def test_what_was_taken_before_it_was_handed_out_is_said(where: tuple[str, ...]) -> None:
    """A cleaning that was quicker leaves an error, not half a file."""
    with opened(where) as cache, opened(where) as other:
        cache.put("one", b"once")
        late = other.best("one")
        assert late is not None
        cache.close()
        cache.prune(max_bytes=0)

        with pytest.raises(StatusError, match="DELETED"):
            late.open()


@pytest.mark.parametrize(
    ("call", "most"), [("fsync", 4), ("replace", 2), ("open", 4), ("fchmod", 1), ("mkdir", 2)]
)
def test_a_kill_leaves_the_old_version_best(
    root: Path, start: Program, call: str, most: int
) -> None:
    """At each step of publishing: the old READY version or the new one, whole; and all of it heals."""
    for nth in range(1, most + 1):
        with Cache(root / str(nth)) as cache:
            cache.put("a", b"old", attrs={"n": 1})

    ready = ended(start(KILLED, root, call, most)).split()

    for nth in range(1, most + 1):
        with Cache(root / str(nth)) as cache:
            best = cache.best("a")
            assert best is not None
            expected = (b"new", {"n": 2}) if str(nth) in ready else (b"old", {"n": 1})
            assert (Path(best.path).read_bytes(), best.attrs) == expected
            cache.take_over()
            cache.autoclean()
            assert cache.best("a") == best
            item = cache.put("a", b"next")
            assert item.version == 3
            rebuilt = cache.rebuild()
            assert rebuilt.missing == 0
            assert Path(cache.best("a").path).read_bytes() == b"next"  # type: ignore[union-attr]


def test_kills_at_random_tear_no_row(root: Path, start: Program) -> None:
    """Whatever was said to be done is there, whole, with all of its attributes."""
    for seconds in (0.3, 0.6, 0.9):
        process = start(RANDOMLY, root)
        assert process.stdout is not None
        last = int(process.stdout.readline())
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        for line in process.stdout:
            last = int(line)
        process.wait(timeout=30)
        timer.join()

        with Cache(root) as cache:
            best = cache.best("b")
            assert best is not None
            assert best.attrs["n"] >= last
            for one in cache.search(status="ready"):
                content = Path(one.path).read_bytes()
                assert len(content) == one.size
                assert content.startswith(str(one.attrs["n"]).encode())
            cache.remove(all=True, disk=True, keep_record=False)
            cache.take_over()
            cache.autoclean()


FORKS = (
    OPENED
    + """
import os
item = cache.put("a", b"data")
assert item.path
writing = cache.create("w", status="write")
child = os.fork()
if child == 0:
    code = 1
    try:
        made = cache.put("b", b"child")
        if cache.best("a") == item and made.version == 1 and cache.best("b") == made:
            code = 0
        cache.close()
    finally:
        os._exit(code)
assert os.waitpid(child, 0)[1] == 0
assert cache.best("b") is not None
assert cache.leases.is_alive(writing._entry.holder)
assert cache.create("c").version == 1
cache.close()
"""
)

FORKS_AMONG_THREADS = (
    OPENED
    + """
import os, threading
stop = threading.Event()

def busy():
    while not stop.is_set():
        cache.put("busy", b"x")
        cache.search("busy", limit=1)

threads = [threading.Thread(target=busy) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if cache.create("child").version > 0 else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
assert len(cache.search("child")) == 10
cache.close()
"""
)


def test_a_fork_goes_on_by_itself(where: tuple[str, ...], start: Program) -> None:
    """The child opens its own connections and lease; the parent's stay the parent's."""
    ended(start(FORKS, *where))


def test_a_fork_among_threads_waits_for_no_lock(where: tuple[str, ...], start: Program) -> None:
    """Locks that other threads held are not waited for in the child."""
    ended(start(FORKS_AMONG_THREADS, *where))


def test_a_pickle_holds_the_path_alone(cache: Cache) -> None:
    """Items travel too, with their registry."""
    item = cache.put("a", b"data", attrs={"n": 1})

    copy, again = pickle.loads(pickle.dumps((cache, item)))

    with copy:
        assert copy.best("a") == item
        assert again.attrs == {"n": 1}
        assert again.path == item.path
    again.cache.close()


def test_readers_do_not_wait_for_a_writer(cache: Cache, root: Path) -> None:
    """While one is in the middle of a write, others find what was there before."""
    cache.put("a", b"data")
    with Cache(root, busy_timeout=0.1) as other, cache.batch():
        cache.put("a", b"newer")
        best = other.best("a")
        assert best is not None
        assert best.version == 1
        assert len(other.search("a")) == 1
        with pytest.raises(LockTimeoutError):
            other.create("b")


READS_ONLY = """
import os, sys
from store.errors import RegistryError
from store.registry.manager import Cache
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
assert not os.access(sys.argv[1], os.W_OK)
with Cache(sys.argv[1], read_only=True) as reader:
    item = reader.best("a")
    assert item.open(default_mode="rb").result.read() == b"data"
    print(item.path, flush=True)
    sys.stdin.readline()
    assert open(item.path, "rb").read() == b"data"
    assert len(reader.search(where="n = 1")) == 1
    try:
        reader.create("b")
    except RegistryError:
        print("refused")
"""


def test_a_read_only_registry_works(start: Program) -> None:
    """For a user who may write nothing at all: nothing is made there, and what he reads is not removed."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "registry"
        with Cache(root, durability="relaxed") as cache:
            cache.put("a", b"data", attrs={"n": 1})
        directories = [Path(name), root, *(path for path in root.rglob("*") if path.is_dir())]
        before = sorted(str(path) for path in root.rglob("*"))
        for path in directories:
            path.chmod(0o555)
        process = start(READS_ONLY, root)
        assert process.stdout is not None
        assert process.stdin is not None

        assert Path(process.stdout.readline().strip()).name.endswith("-1")
        for path in directories:
            path.chmod(0o755)
        assert sorted(str(path) for path in root.rglob("*")) == before
        with Cache(root, durability="relaxed") as cache:
            assert len(cache.prune(max_bytes=0).in_use) == 1
            told, _ = process.communicate("go on\n", timeout=60)
            assert told == "refused\n"
            assert len(cache.prune(max_bytes=0).removed) == 1
