"""How the command starts, before it can tell of anything."""

from __future__ import annotations

import signal
import subprocess
import sys

_INTERRUPTED_AT = """
import os, signal, sys
from importlib.abc import MetaPathFinder

class Finder(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.argv[:] = ["/bin/store", "fetch", "hello.txt"]
sys.meta_path.insert(0, Finder())
from store.__main__ import main
sys.exit(main())
"""


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60
    )


def test_an_interruption_while_it_starts_is_no_traceback() -> None:
    """It ends as the system ends any program; a shell says 130."""
    for name in ("store.faces", "store.__main__", "store.cli.bringing"):
        done = _run(_INTERRUPTED_AT.format(name=name))

        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_program_that_imports_the_face_keeps_its_signals() -> None:
    """Ctrl-C is the program's, whatever its name."""
    asked = "import signal, store; print(signal.getsignal(signal.SIGINT))"

    done = _run(asked)

    assert "default_int_handler" in done.stdout
