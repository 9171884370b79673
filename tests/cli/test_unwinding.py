"""A signal ends a command wherever it comes."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

import pytest

from store.cli.frame import Frame
from store.cli.unwinding import unwinding

PROGRAM = """
import gc, signal, sys, time, weakref
from store.cli.frame import Frame
from store.cli.unwinding import unwinding

# A shell's background jobs, and their children, ignore SIGINT; coverage takes SIGTERM for itself.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def come():
    signal.raise_signal(signal.{name})
    time.sleep(0.01)


class Late:
    def __del__(self):
        come()


def finalize():
    Late()


def collect():
    late = Late()
    late.itself = late
    del late
    gc.collect()


def call_back():
    late = set()
    class Kept: pass
    kept = Kept()
    reference = weakref.ref(kept, lambda _: come())
    del kept


frame = Frame()
try:
    with unwinding(frame):
        {where}()
        time.sleep(30)
        print("went on")
except KeyboardInterrupt:
    print("interrupted", frame.stopped)
except SystemExit as error:
    print("ended", error.code)
"""


@pytest.mark.parametrize("where", ["come", "finalize", "collect", "call_back"])
@pytest.mark.parametrize(
    ("name", "said"),
    [("SIGINT", "interrupted 2"), ("SIGTERM", "ended 143"), ("SIGHUP", "ended 129")],
)
def test_a_signal_is_not_lost_where_nothing_can_be_raised(where: str, name: str, said: str) -> None:
    """Python drops what is raised by finalizers and by callbacks of weak references."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=name, where=where)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert (done.stdout.strip(), done.stderr) == (said, "")


def test_what_else_is_dropped_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever tells of it outside."""
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)

    class Failing:
        """Fails when it goes."""

        def __del__(self) -> None:
            """Fail."""
            raise ValueError("at the end")

    with unwinding(Frame()):
        Failing()

    assert [str(one.exc_value) for one in told] == ["at the end"]


def test_handlers_are_put_back() -> None:
    """Whoever uses the command as a function has his own."""
    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    with unwinding(Frame()):
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before
