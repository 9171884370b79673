"""How both sides of a sync are looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from store.buckets.comparing import Comparison
from store.buckets.keys import is_marker, within
from store.buckets.memory import Memory, mark_of
from store.buckets.patterns import by_key, wanted_by
from store.buckets.plan import state_of
from store.buckets.scanning import Scan, scan
from store.clock import Clock
from store.errors import QueryError
from store.transports.objects.base import ObjectClient, ObjectMeta


class Limits(NamedTuple):
    """What a plan may do.

    Attributes:
        delete: Whether what has no counterpart is taken away.
        max_delete: The largest share that may be.
        allow_empty: Whether an empty source is accepted.
    """

    delete: bool
    max_delete: float
    allow_empty: bool

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            QueryError: ``max_delete`` is no share.
        """
        number = isinstance(self.max_delete, int | float)
        if not (number and 0 <= self.max_delete <= 1):
            raise QueryError(
                f"max_delete is a share from 0 to 1 (0.5 is half), not {self.max_delete!r}",
                query=self.max_delete,
            )


class Listed(NamedTuple):
    """What lies within a directory of a bucket.

    Attributes:
        objects: What takes part, by whole key.
        seen: The keys of all.
    """

    objects: dict[str, ObjectMeta]
    seen: Collection[str]


class Looking(NamedTuple):
    """How both sides are looked at.

    Attributes:
        client: The bucket's objects.
        remote: The directory in the bucket.
        include: Patterns of names that take part.
        exclude: Patterns of names that do not.
        jobs: How many objects are asked about at once.
        memory: Where digests are remembered.
        clock: The time.
        stated: Whether the plan is for later: then it tells what both sides are like.
    """

    client: ObjectClient
    remote: str | None
    include: Sequence[str]
    exclude: Sequence[str]
    jobs: int
    memory: Path | None
    clock: Clock
    stated: bool = False

    def listed(self) -> Listed:
        """List the directory of the bucket.

        Raises:
            QueryError: ``jobs`` is none.
            StoreError: The client cannot.
        """
        if self.jobs < 1:
            raise QueryError(
                f"jobs is how many files at once, from 1 on, not {self.jobs}", query=self.jobs
            )
        prefix, wanted = within(self.remote), wanted_by(self.include, self.exclude)
        start = len(prefix)
        found, seen = {}, set()
        for meta in self.client.list(prefix):
            relative = meta.key[start:]
            if is_marker(relative, meta.size):
                continue
            seen.add(meta.key)
            if wanted is None or wanted(relative):
                found[meta.key] = meta
        return Listed(found, seen)

    def scanned(self, root: str) -> Scan:
        """Look through the local tree.

        Raises:
            StorageError: It is missing, or cannot be read.
        """
        return scan(root, by_key(wanted_by(self.include, self.exclude)))

    def remembering(self, tree: str) -> Memory:
        """Return what earlier syncs of a tree and this directory of the bucket found out."""
        place, server = f"{self.client.address}/{within(self.remote)}", self.client.server
        bucket = None if server is None else f"{place} at {server}"
        name = tree or f"files for {bucket or place}"
        return Memory(name, bucket, directory=self.memory, clock=self.clock)

    def comparing(self, memory: Memory, *, up: bool) -> Comparison:
        """Return what finds out which files are alike."""
        return Comparison(self.client, memory, up=up, jobs=self.jobs, clock=self.clock)


def remote_state(objects: Mapping[str, ObjectMeta]) -> str:
    """Return what a listing comes to, so that a change is seen."""
    return state_of({key: (mark_of(meta), meta.size) for key, meta in objects.items()})
