"""Real processes at once, and killed at every step."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.content import Content, Kept
from store.integrity.digest import Digests

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]
Program = Callable[..., "subprocess.Popen[str]"]

WORK = """
import hashlib, sys
from store.cache.backends.filecache import FileCache
from store.cache.backends.base import NEVER
from store.integrity.digest import Digest
from store.records import CachedResource

cache = FileCache({"cache_dir": sys.argv[1], "durability": "relaxed"})
content, downloads = cache.content, 0
for number in range(10):
    data = b"%d" % number * 1000
    uid = hashlib.sha256(data).hexdigest()
    digests = (Digest("sha256", uid),)
    with content.flight(uid):
        entry = cache.get(uid)
        if entry is None or not content.holds(entry.local_path, digests):
            downloads += 1
            with content.workspace() as directory:
                (directory / "file").write_bytes(data)
                kept = content.keep(directory / "file", digests=digests)
            cache.set(uid, CachedResource(uid, str(kept.path)), NEVER)
            entry = cache.get(uid)
    with open(entry.local_path, "rb") as file:
        assert file.read() == data
    assert content.holds(entry.local_path, digests)
print(downloads)
"""

KILLED = """
import sys
from store.cache.content import Content
from store.integrity.digest import Digest
from store.testing.killing import killed_at

content = Content(sys.argv[1])
digests = (Digest("sha256", sys.argv[4]),)
with content.workspace() as directory:
    (directory / "file").write_bytes(b"data")
    with killed_at(sys.argv[2], int(sys.argv[3])):
        content.keep(directory / "file", digests=digests)
    print("kept")
"""


def test_many_processes_bring_each_file_once(root: Path, start: Program) -> None:
    """All of them get the right content, and each is downloaded once among them."""
    processes = [start(WORK, root) for _ in range(6)]

    outputs = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0] * 6, outputs
    assert sum(int(out) for out, _ in outputs) == 10
    assert list((root / "partial").iterdir()) == []
    assert not (root / "quarantine").exists()


def test_without_locks_every_result_is_right(root: Path, start: Program) -> None:
    """Where flock lies, more is downloaded, and nothing is wrong."""
    lying = "import fcntl\nfcntl.flock = lambda *args: None\n"
    processes = [start(lying + WORK, root) for _ in range(4)]

    outputs = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0] * 4, outputs
    assert sum(int(out) for out, _ in outputs) >= 10


@pytest.mark.parametrize(
    ("call", "most"),
    [("fsync", 5), ("fchmod", 1), ("replace", 2), ("mkdir", 6), ("open", 4), ("rename", 1)],
)
def test_a_kill_leaves_nothing_or_all(
    *,
    root: Path,
    start: Program,
    keep: Keep,
    pin: Pin,
    call: str,
    most: int,
) -> None:
    """At each step: no entry or a whole one, and the next process sweeps and heals."""
    digests = pin(b"data")
    for nth in range(1, most + 1):
        cache = root / str(nth)
        process = start(KILLED, cache, call, nth, digests[0].hex)
        process.communicate(timeout=60)
        content = Content(cache, durability="relaxed")
        found = content.find(digests)

        assert found is None or found.path.read_bytes() == b"data"
        again = keep(content, b"data", name="file")
        assert content.holds(str(again.path), digests)
        assert list((cache / "partial").iterdir()) == []
        content.close()


def test_a_hit_in_a_forks_child_has_a_lease_of_its_own(
    content: Content, keep: Keep, pin: Pin
) -> None:
    """The parent's is not the child's to close."""
    kept = keep(content, b"data")
    assert content.holds(str(kept.path), pin(b"data"))
    leases = content.root / "leases"
    child = os.fork()
    if child == 0:
        ok = content.holds(str(kept.path), pin(b"data")) and len(list(leases.iterdir())) == 2
        content.close()
        os._exit(0 if ok else 1)

    _, status = os.waitpid(child, 0)

    assert status == 0
    assert len(list(leases.iterdir())) == 1


def test_the_names_of_a_new_cache_and_of_what_leads_to_it_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after the first fetch must not take the whole cache away."""
    synced: list[str] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    content = Content(tmp_path / "new" / "er" / "cache")

    with content.flight("uid"), content.workspace():
        pass

    assert {str(tmp_path), str(tmp_path / "new"), str(tmp_path / "new" / "er")} <= set(synced)
