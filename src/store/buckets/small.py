"""Brings many small objects into files, read by a thread or two."""

from __future__ import annotations

import contextvars
import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from store.buckets.identity import single_part_md5
from store.buckets.parallel import wait_for
from store.buckets.plan import Step
from store.buckets.summaries import digest_in
from store.files.failures import storage_errors
from store.files.small import lay_small, lay_small_where
from store.files.sweeping import SWEEPER
from store.files.unfinished import partial_name
from store.transports.base import Stream, TransferOptions
from store.transports.bulk import Answer, Asked, Bulk, Came
from store.transports.objects.answers import meta_in
from store.transports.objects.base import ObjectClient, ObjectMeta

LARGEST: Final = 1 << 20
"""Up to which size an object is small, in bytes: 1 MiB."""

_HANDS: Final = 2
"""How many threads read: what one does in the interpreter, the other does in the system meanwhile."""

_WORTH: Final = 50
"""From how many objects on a further thread is worth it."""

_LEAST: Final = 4
"""From how many objects on it is worth it."""

Allowed = Callable[[Step, Path], object]
"""Raises where what lies at a path by now is not to be replaced by the object of a step."""

Brought = Callable[[Step, Path, ObjectMeta, str], object]
"""Is told of each file that lies in its place: its step, its path, its object, and its SHA-256 in hex."""


def bring_small(
    client: ObjectClient,
    steps: Sequence[Step],
    *,
    jobs: int,
    options: TransferOptions,
    place: Callable[[Step], Path],
    brought: Brought,
    allowed: Allowed | None = None,
) -> list[Step]:
    """Bring what is small and plain; each file whole and verified, as `get_file` does.

    A thread for each request would mostly wait for the others. What does not come at once
    as it has to be (another size, version or digest, or any status but 200) is left to the usual way, which
    asks again, and knows the errors.

    Args:
        client: The bucket's objects.
        steps: The downloads of a plan.
        jobs: How many are asked for at once.
        options: The bounds.
        place: Returns where the file of a step is to lie, made sure that it may.
        brought: Is told of each.
        allowed: Is asked right before a file is replaced, and not where the step has seen none and none is
            there; None where all may be.

    Returns:
        The steps that are to be done in the usual way.

    Raises:
        StoreError: What ``place`` and ``allowed`` raise, or the disk: nothing more is asked for then.
    """
    largest = min(LARGEST, options.bounds.max_size)
    small = [one for one in steps if one.size <= largest and one.version is None and _told(one)]
    bulks = _bulks(client, len(small), jobs, largest)
    if not bulks:
        return list(steps)
    bringing = _Bringing(small, place, brought, allowed)
    bringing.run(bulks)
    return [one for one in steps if one.key not in bringing.done]


def _told(step: Step) -> bool:
    """Whether an answer can be told from any other: several are under way on one connection."""
    return step.etag is not None or step.sha256 is not None


def _bulks(client: ObjectClient, count: int, jobs: int, largest: int) -> list[Bulk]:
    """Return what brings so many objects, one for each thread; none where that cannot be had."""
    if count < _LEAST or jobs <= 1:
        return []
    hands = _HANDS if count >= _WORTH * _HANDS and jobs >= _HANDS else 1
    share = min(jobs // hands, count)
    found = (client.bulk(connections=share, largest=largest) for _ in range(hands))
    return [bulk for bulk in found if bulk is not None]


def _fits(data: memoryview, etag: str | None) -> bool:
    """Whether a content is what its entity tag says, where that is an MD5; if not it is looked into."""
    md5 = single_part_md5(etag)
    return md5 is None or md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()


class _Bringing:
    """One run: what is asked for, and what came of it."""

    def __init__(
        self,
        steps: Sequence[Step],
        place: Callable[[Step], Path],
        brought: Brought,
        allowed: Allowed | None,
    ) -> None:
        self._steps = steps
        self._allowed = allowed
        self._place = place
        self._brought = brought
        self._partial = partial_name()  # to make one takes longer than to write what is small
        self._numbers = itertools.count()
        self._stopped = False
        self._error: BaseException | None = None
        self.done: set[str] = set()

    def run(self, bulks: Sequence[Bulk]) -> None:
        """Let each bring what it comes to, the first in this thread.

        Raises:
            BaseException: What went wrong first; by then all have ended.
        """
        context = contextvars.copy_context()
        ended = [threading.Event() for _ in bulks]
        for bulk, event in zip(bulks[1:], ended[1:], strict=True):
            work = (self._run, bulk, event)
            threading.Thread(
                target=context.copy().run, args=work, name="store-small", daemon=True
            ).start()
        self._run(bulks[0], ended[0])
        try:
            for event in ended:  # no join(): see `store.buckets.parallel.each`
                wait_for(event)
        except BaseException:
            self._stopped = True
            for event in ended:
                wait_for(event)
            raise
        if self._error is not None:
            raise self._error

    def _run(self, bulk: Bulk, ended: threading.Event) -> None:
        try:
            bulk.run(self._wanted(), self._tell)
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits for all
            self._stopped = True
            self._error = self._error or error
        finally:
            ended.set()

    def _wanted(self) -> Iterator[Asked]:
        """Give what is to be asked for and nobody was given yet."""
        while not self._stopped and (number := next(self._numbers)) < len(self._steps):
            yield Asked(number, self._steps[number].key)

    def _tell(self, asked: Asked, answer: Answer) -> bool:
        """Take an answer; what is not as it has to be is left."""
        if self._stopped:
            return False
        step = self._steps[asked.number]
        if isinstance(answer, Came):
            self._take(asked, step, answer)
        elif isinstance(answer, Stream):
            answer.close()
        return True

    def _take(self, asked: Asked, step: Step, came: Came) -> None:
        meta = meta_in(step.key, came.fields, len(came.data))
        if len(came.data) != step.size or (step.etag or meta.etag) != meta.etag:
            return
        sha256 = hashlib.sha256(came.data).hexdigest()
        kept = digest_in(meta.metadata)
        known = step.sha256 or (None if kept is None else kept.hex)
        if sha256 != (known or sha256):
            return
        if known is None and not _fits(came.data, meta.etag):
            return
        path = self._place(step)
        parent = str(path.parent)
        SWEEPER.sweep(parent)
        partial = f"{parent}/{self._partial}{asked.number:x}"
        allowed = self._allowed
        with storage_errors(path):
            if allowed is None:
                lay_small(partial, str(path), came.data)
            else:
                lay_small_where(
                    lambda: allowed(step, path), partial, str(path), came.data, anew=not step.stamp
                )
        self.done.add(step.key)
        self._brought(step, path, meta, sha256)
