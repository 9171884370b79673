"""Many at once: one transfer, and nobody sees half a file."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.freshness.aged_file import AgedFile
from store.testing.misbehaving import Drip, Stall, Status
from store.testing.servers import Server

Program = Callable[..., "subprocess.Popen[str]"]

ASKERS = 8
OLD, NEW = b"old" * 20_000, b"new!" * 20_000

FIRST_CALL = """
import sys
from store.freshness.aged_file import AgedFile

file = AgedFile(sys.argv[1], cache_dir=sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
result = file.obtain()
print(result.origin, len(result.path.read_bytes()), flush=True)
"""

READING = """
import sys
from pathlib import Path

path, wanted, seen = Path(sys.argv[1]), set(map(int, sys.argv[2].split(","))), set()
print("ready", flush=True)
while True:
    data = path.read_bytes()
    seen.add(len(data))
    if len(data) not in wanted or len(set(data[:4])) > 4:
        print("half a file", len(data), flush=True)
        break
    if len(seen) == len(wanted):
        print("whole", flush=True)
        break
"""


def test_many_threads_first_calling_at_once_cause_one_transfer(
    server: Server, store_cache_dir: Path
) -> None:
    """Objects of their own, as in a program whose parts know nothing of each other."""
    url = server.serve("/k.bsp", OLD, fault=Drip(size=6000, every=0.01))
    barrier = threading.Barrier(ASKERS)

    def ask(_: int) -> tuple[str, bytes]:
        file = AgedFile(url, cache_dir=store_cache_dir)
        barrier.wait(10)
        result = file.obtain()
        return result.origin, result.path.read_bytes()

    with ThreadPoolExecutor(ASKERS) as pool:
        found = list(pool.map(ask, range(ASKERS)))

    assert server.count() == 1
    assert sorted(origin for origin, _ in found) == ["fetched"] + ["fresh"] * (ASKERS - 1)
    assert {data for _, data in found} == {OLD}


def test_many_processes_first_calling_at_once_cause_one_transfer(
    server: Server, store_cache_dir: Path, start: Program
) -> None:
    """Those that wait get what the one brought."""
    url = server.serve("/k.bsp", OLD, fault=Drip(size=6000, every=0.02))
    processes = [start(FIRST_CALL, url, store_cache_dir) for _ in range(ASKERS)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()

    outputs = [process.communicate(timeout=60) for process in processes]

    assert server.count() == 1, outputs
    assert sorted(out.split()[0] for out, _ in outputs) == ["fetched"] + ["fresh"] * (ASKERS - 1)
    assert {out.split()[1] for out, _ in outputs} == {str(len(OLD))}


@pytest.mark.parametrize("max_age", [0, "1d"])
def test_many_who_ask_again_at_once_ask_once_in_all(
    server: Server, store_cache_dir: Path, max_age: object
) -> None:
    """Also where the source is to be asked each time: what another asked meanwhile is an answer."""
    url = server.serve("/k.bsp", OLD)
    first = AgedFile(url, cache_dir=store_cache_dir)
    first.obtain()
    server.serve("/k.bsp", NEW, fault=[Stall(after=10, seconds=0.5)])
    barrier = threading.Barrier(ASKERS)

    def ask(_: int) -> bytes:
        file = AgedFile(url, cache_dir=store_cache_dir, max_age=max_age)  # type: ignore[arg-type]
        barrier.wait(10)
        return file.refresh().path.read_bytes()

    with ThreadPoolExecutor(ASKERS) as pool:
        assert set(pool.map(ask, range(ASKERS))) == {NEW}

    assert server.count() == 2


def test_a_reader_sees_the_old_file_or_the_new_never_half_of_one(
    server: Server, store_cache_dir: Path, start: Program
) -> None:
    """Another process reads the path all the time while its content changes."""
    sizes = [len(OLD) + number for number in range(12)]
    url = server.serve("/k.bsp", OLD)
    file = AgedFile(url, cache_dir=store_cache_dir, max_age=0)
    reader = start(READING, file.path, ",".join(map(str, sizes)))
    assert reader.stdout
    assert reader.stdout.readline() == "ready\n"

    for size in [*sizes, *sizes, *sizes]:
        server.serve("/k.bsp", (OLD + b"o" * 20)[:size])
        assert len(file.path.read_bytes()) == size
        if reader.poll() is not None:
            break
    reader.kill()

    assert "half" not in reader.communicate(timeout=60)[0]


def test_one_who_fails_lets_the_next_try(server: Server, store_cache_dir: Path) -> None:
    """A failure is told to who met it; who waited asks for itself."""
    url = server.serve("/k.bsp", OLD, fault=[Status(404)])
    barrier = threading.Barrier(2)

    def ask(_: int) -> str:
        file = AgedFile(url, cache_dir=store_cache_dir)
        barrier.wait(10)
        try:
            return file.obtain().origin
        except LookupError:
            return "missing"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, range(2))) == ["fetched", "missing"]


def test_without_locks_every_result_is_right(
    server: Server, store_cache_dir: Path, start: Program
) -> None:
    """Where flock lies more is transferred, and nothing is wrong."""
    url = server.serve("/k.bsp", OLD, fault=Drip(size=6000, every=0.01))
    lying = "import fcntl\nfcntl.flock = lambda *arguments: None\n"
    processes = [start(lying + FIRST_CALL, url, store_cache_dir) for _ in range(4)]

    outputs = [process.communicate("\n", timeout=60) for process in processes]

    assert {out.split()[2] for out, _ in outputs} == {str(len(OLD))}
    assert AgedFile(url, cache_dir=store_cache_dir).path.read_bytes() == OLD
