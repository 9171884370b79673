"""What the two directions of a sync have in common: counting, telling."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

from store.buckets.memory import Memory
from store.buckets.meters import Meter
from store.buckets.plan import Plan, Step, told
from store.transports.base import TransferOptions
from store.transports.objects.base import Counted, ObjectClient
from store.transports.progress import Progress

Tell = Callable[[str], object]
"""Is called with each line about a sync."""


class Counters:
    """Counts the bytes of each file, or of all together for one bar.

    Args:
        progress: A callback, which is told of each file; True for one bar over all; None for nothing.
        plan: What is moved.

    Raises:
        ConfigurationError: ``progress`` is none of these.
    """

    def __init__(self, progress: Progress, plan: Plan) -> None:
        self._progress = progress
        self._total = plan.bytes_of("upload", "download")
        name = f"{plan.address}/{plan.remote}" if plan.remote else plan.address
        self._whole = Meter(progress, name, total=self._total) if progress is True else None

    def of(self, name: str, size: int) -> Meter | None:
        """Return what counts the bytes of one file; None where nobody wants to know of it."""
        if self._whole is not None or not self._progress:
            return self._whole
        return Meter(self._progress, name, total=size)

    def begin_again(self, meter: Meter | None, size: int) -> None:
        """Count another attempt at a file, which may have another size by now."""
        if meter is not None and meter is not self._whole:
            meter.begin_again(size)

    def copied(self, name: str, size: int) -> None:
        """Show a file as done that was copied from another: no byte of it was moved."""
        self.done(self.of(name, size), size)

    def done(self, meter: Meter | None, size: int) -> None:
        """Bring a file's count to its end, where no byte of it was moved too."""
        if meter is not None and meter is not self._whole:
            meter.finish(size)

    def end(self, error: BaseException | None) -> None:
        """Bring the bar to its end, or take it away."""
        if self._whole is None:
            return
        if isinstance(error, Exception):
            self._whole.fail(error)
        elif error is None and self._total:
            self._whole.finish(self._total)


class Moving(NamedTuple):
    """What moving files needs.

    Attributes:
        client: The bucket's objects.
        memory: What is known of digests, and learnt.
        jobs: How many files at once.
        counters: Counts the bytes.
        tell: Is told each step that is done.
        options: The bounds, retries and limits.
        strict: Whether the plan was reviewed: then nothing but what it saw is moved.
    """

    client: ObjectClient
    memory: Memory
    jobs: int
    counters: Counters
    tell: Tell
    options: TransferOptions
    strict: bool = False

    def done(self, step: Step) -> None:
        """Tell that a step is done."""
        self.tell(told(step))


def counting(meter: Meter | None) -> Counted | None:
    """Return what a meter is told of bytes by."""
    return None if meter is None else meter.count


def teller(verbose: bool | Tell) -> Tell:  # noqa: FBT001 - the seed's word
    """Return what tells of each step: on stderr, to a callback, or nobody."""
    if callable(verbose):
        return verbose
    if not verbose:
        return lambda _line: None

    def tell(line: str) -> None:
        """Write a line to stderr."""
        sys.stderr.write(f"{line}\n")

    return tell
