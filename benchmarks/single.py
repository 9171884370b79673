"""Contenders that bring one large file here; what they bring is deleted untimed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks import nginx
from benchmarks.children import here, ours_environment, rehearse
from benchmarks.many_peers import QUIET
from benchmarks.measuring import available
from benchmarks.metering import Meter

OURS = """
import store

def work(url, digest):
    return str(store.fetch(f"{url}#sha256={digest}"))
"""


class Single:
    """Runs contenders, each with a target of its own that is gone before the next run.

    Args:
        url: What is fetched.
        digest: Its sha256 in hexadecimal.
        scratch: Where targets lie.
        small: A small file's address and digest, to rehearse with.

    Attributes:
        url: What is fetched.
        digest: Its sha256.
        meter: What was seen.
        missing: Peers that are not installed.
    """

    def __init__(self, url: str, digest: str, scratch: Path, small: tuple[str, str]) -> None:
        self.url = url
        self.digest = digest
        self._scratch = scratch
        self._small = small
        self.meter = Meter()
        self.missing: list[str] = []

    def ours(self, durability: str) -> Callable[[], float]:
        """Return ours, in one of the durability modes."""

        def run(target: str) -> float:
            environment = ours_environment(Path(target), durability)
            return self.meter.program(
                durability, OURS, self.url, self.digest, environment=environment
            )

        rehearse(OURS, *self._small, environment=ours_environment(Path(self._target()), durability))
        return partial(self._timed, run)

    def programs(self, programs: dict[str, tuple[str, str]]) -> dict[str, Callable[[], float]]:
        """Return those of some Python peers, by name with module and code, that can run here."""
        found = {}
        for name, (module, program) in programs.items():
            if not here(module) or (module == "huggingface_hub" and not nginx.program()):
                self.missing.append(name)
                continue
            rehearse(program, *self._small, self._target(), environment=QUIET)
            found[name] = partial(self._program, name, program)
        return found

    def command(
        self, name: str, steps: Callable[[str], Sequence[Sequence[str]]]
    ) -> dict[str, Callable[[], float]]:
        """Return a peer that is made of commands, if the first of them is installed."""
        if not available(steps("/target")[0][0]):
            self.missing.append(name)
            return {}
        run = partial(self._timed, lambda target: self.meter.commands(name, *steps(target)))
        return {name: run}

    def other(self, run: Callable[[str], float]) -> Callable[[], float]:
        """Return a contender that is handed its target and measures itself."""
        return partial(self._timed, run)

    def note(self, *others: str) -> str:
        """Return what a reader must know: what is said here, and which peers are missing."""
        missing = [f"not installed: {', '.join(self.missing)}"] if self.missing else []
        return "; ".join([*others, *missing])

    def _program(self, name: str, program: str) -> float:
        return self._timed(
            lambda target: self.meter.program(
                name, program, self.url, self.digest, target, environment=QUIET
            )
        )

    def _timed(self, run: Callable[[str], float]) -> float:
        target = self._target()
        try:
            return run(target)
        finally:
            self._target()

    def _target(self) -> str:
        """Return a path at which nothing lies any more."""
        target = self._scratch / "target"
        shutil.rmtree(target, ignore_errors=True)
        target.unlink(missing_ok=True)
        return str(target)
