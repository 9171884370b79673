"""Real processes at once, and killed at every step, leave no tree or a whole one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.content import Content
from store.cache.trees import Trees
from store.integrity.digest import Digest
from store.testing.archives import packed

Program = Callable[..., "subprocess.Popen[str]"]

FILES = {f"d{number % 7}/{number}": b"%d" % number * 500 for number in range(300)}
DIGEST = Digest("sha256", "ab" * 32)

WORK = """
import sys
from store.cache.content import Content
from store.cache.growing import Growing, Seed
from store.cache.trees import Trees
from store.files.unpacking.archive import unpack
from store.files.unpacking.limits import Guard, Limits
from store.integrity.digest import Digest

digest = Digest("sha256", "ab" * 32)
content = Content(sys.argv[1], durability=sys.argv[3])
seed = Seed(digest=digest, digests=(digest,), name="a.tar", size=1, making="unpacked")
fill = lambda root: unpack(sys.argv[2], root, Guard("a.tar", 1 << 20, Limits()), read_only=True)
print("begun", flush=True)
sys.stdin.readline()
"""

GROW = """
tree, there = Growing(content, Trees(content)).grow(seed, fill)
print(there, tree.path)
"""

KILLED = """
from store.testing.killing import killed_at

with killed_at(sys.argv[4], int(sys.argv[5])):
    Growing(content, Trees(content)).grow(seed, fill)
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of three hundred files."""
    path = tmp_path / "a.tar.gz"
    path.write_bytes(packed(FILES))
    return path


def whole(content: Content) -> bool:
    """Whether there is a tree, which is then whole; a part of one fails the test."""
    tree = Trees(content).find((DIGEST,), "unpacked")
    if tree is None:
        return False
    root = Path(tree.path)
    found = {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
    assert found == FILES
    return True


def test_eight_processes_unpack_once(root: Path, archive: Path, start: Program) -> None:
    """All get the same tree; seven of them waited for it."""
    processes = [start(WORK + GROW, root, archive, "relaxed") for _ in range(8)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0] * 8, outputs
    answers = [out.split() for out, _ in outputs]
    assert sorted(there for there, _ in answers) == ["False"] + ["True"] * 7
    assert len({path for _, path in answers}) == 1
    assert list((root / "partial").iterdir()) == []
    assert not (root / "quarantine").exists()
    assert whole(Content(root, durability="relaxed"))


def test_without_locks_every_tree_is_right(root: Path, archive: Path, start: Program) -> None:
    """Where flock lies, several unpack, and one of them wins."""
    lying = "import fcntl\nfcntl.flock = lambda *args: None\n"
    processes = [start(lying + WORK + GROW, root, archive, "relaxed") for _ in range(4)]

    outputs = [process.communicate("\n", timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0] * 4, outputs
    assert whole(Content(root, durability="relaxed"))
    assert list((root / "partial").iterdir()) == []


@pytest.mark.parametrize(
    ("call", "steps"),
    [
        ("mkdir", (1, 3, 5, 8)),
        ("open", (2, 50, 299, 310)),
        ("write", (1, 150)),
        ("fsync", (1, 2, 3, 4)),
        ("rename", (1,)),
        ("replace", (1, 2)),
        ("lstat", (1, 100)),
        ("utime", (1,)),
    ],
)
def test_a_kill_leaves_no_tree_or_a_whole_one(
    *, root: Path, archive: Path, start: Program, call: str, steps: tuple[int, ...]
) -> None:
    """At each step; and the next process sweeps what was on the way, and unpacks."""
    for nth in steps:
        cache = root / str(nth)
        process = start(WORK + KILLED, cache, archive, "full", call, nth)
        process.communicate("\n", timeout=60)

        content = Content(cache, durability="relaxed")
        there = whole(content)
        again = start(WORK + GROW, cache, archive, "relaxed")
        out, err = again.communicate("\n", timeout=60)

        assert again.returncode == 0, err
        assert out.split()[1] == str(there)
        assert whole(content)
        assert list((cache / "partial").iterdir()) == []
        content.close()
