"""A process dies at the call that it is told, and at no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.testing.killing import killed_at

PROGRAM = """
import os, sys
from store.testing.killing import killed_at

try:
    with killed_at("mkdir", int(sys.argv[1])):
        for name in ("a", "b"):
            os.mkdir(name)
finally:
    os.mkdir("after")
"""


@pytest.mark.parametrize(
    ("number", "left"),
    [(1, set()), (2, {"a"}), (3, {"a", "b", "after"}), (0, {"a", "b", "after"})],
)
def test_the_call_is_not_made_and_nothing_runs_after_it(
    tmp_path: Path, number: int, left: set[str]
) -> None:
    """No ``finally`` either."""
    command = [sys.executable, "-c", PROGRAM, str(number)]

    done = subprocess.run(command, check=False, cwd=tmp_path, timeout=60)

    assert done.returncode == (0 if "after" in left else -signal.SIGKILL)
    assert {one.name for one in tmp_path.iterdir()} == left


def test_the_function_is_put_back() -> None:
    """However the block ends."""
    before = os.mkdir

    with pytest.raises(FileNotFoundError), killed_at("mkdir", 0):
        os.mkdir("/nothing/there")  # noqa: PTH102 - the function itself

    assert os.mkdir is before
