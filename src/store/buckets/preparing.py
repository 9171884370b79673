"""Looks at both sides of a sync, and makes its plan."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from store.buckets.comparing import Comparison, Local
from store.buckets.keys import directories_of, is_marker, keys_for, names_for, within
from store.buckets.memory import Memory, mark_of
from store.buckets.patterns import wanted_by
from store.buckets.plan import Plan, Step, state_of
from store.buckets.planning import Steps, check_share, downward, upward
from store.buckets.scanning import Scan, Stamped, scan, stamp_files
from store.clock import Clock
from store.errors import QueryError, RefusedError
from store.files.failures import storage_error
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
        if not 0 <= self.max_delete <= 1:
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


class Prepared(NamedTuple):
    """A plan, and what is needed to follow it.

    Attributes:
        plan: The plan.
        memory: What is known of digests.
        names: The names of all local files.
        keys: The keys of all objects.
    """

    plan: Plan
    memory: Memory
    names: Collection[str]
    keys: Collection[str]

    def save(self) -> None:
        """Remember what was learnt."""
        steps = self.plan.steps
        self.memory.save(
            {*self.names, *(step.path for step in steps)},
            {*self.keys, *(step.key for step in steps)},
        )


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
        return scan(root, wanted_by(self.include, self.exclude))

    def remembering(self, tree: str) -> Memory:
        """Return what earlier syncs of a tree and this directory of the bucket found out."""
        place = f"{self.client.address}/{within(self.remote)}"
        return Memory(tree or f"files for {place}", place, directory=self.memory, clock=self.clock)

    def comparing(self, memory: Memory, *, up: bool) -> Comparison:
        """Return what finds out which files are alike."""
        return Comparison(self.client, memory, up=up, jobs=self.jobs, clock=self.clock)


def plan_directory(look: Looking, root: str, limits: Limits, *, sha1: bool) -> Prepared:
    """Plan to make a directory of the bucket like a local one.

    Raises:
        StoreError: See `store.buckets.syncing.sync_directory`.
    """
    found = look.scanned(root)
    keys = keys_for(found.stamps)
    prefix = within(look.remote)
    files = {
        prefix + key: Local(name, os.path.join(root, name), found.stamps[name])  # noqa: PTH118 - texts
        for key, name in keys.items()
    }
    notes = [f"{name!r} is uploaded as {key!r}" for key, name in keys.items() if key != name]
    prepared = _planned_up(look, root, files, limits, sha1=sha1)
    plan = prepared.plan._replace(notes=(*found.notes, *notes, *prepared.plan.notes))
    if look.stated:
        plan = plan._replace(local_state=state_of(found.stamps))
    return prepared._replace(plan=plan, names=found.seen)


def plan_files(
    look: Looking, given: Mapping[str, str | Path], limits: Limits, *, sha1: bool
) -> Prepared:
    """Plan to make a directory of the bucket like some local files.

    Raises:
        StoreError: See `store.buckets.syncing.sync_files`.
    """
    prefix = within(look.remote)
    paths = {prefix + key.lstrip("/"): os.path.abspath(path) for key, path in given.items()}  # noqa: PTH100
    if len(paths) < len(given) or prefix in paths:
        raise QueryError(
            "two of the files are to lie under one key, or one under none: name each once",
            query=given,
        )
    stamps = stamp_files(paths)
    files = {key: Local(path, path, stamps[key]) for key, path in paths.items()}
    return _planned_up(look, "", files, limits, sha1=sha1)


def plan_download(look: Looking, root: str, limits: Limits) -> Prepared:
    """Plan to make a local directory like one of the bucket.

    Raises:
        StoreError: See `store.buckets.syncing.sync_remote_to_local`.
    """
    limits.check()
    missing = not os.path.lexists(root)
    found = Scan({}, [], ()) if missing else look.scanned(root)
    listed = look.listed()
    prefix = within(look.remote)
    place = f"{look.client.address}/{prefix}"
    if not listed.objects and not limits.allow_empty:
        raise _empty(f"nothing lies within {place}")
    relative = {key: key[len(prefix) :] for key in listed.objects}
    given = names_for(relative.values(), folding=folds_case(root))
    paths = {key: given.names[name] for key, name in relative.items()}
    files = _by_key(root, found.stamps, paths)
    memory = look.remembering(root)
    comparison = look.comparing(memory, up=False)
    done = downward(files, listed.objects, paths, comparison, memory, delete=limits.delete)
    _check_free(root, done.steps, found.stamps)
    check_share(done.steps, len(files), limits.max_delete, root)
    notes = (*found.notes, *given.notes, *comparison.notes)
    plan = _plan(look, "down", root, done, notes)
    if look.stated:
        plan = plan._replace(
            remote_state=remote_state(listed.objects), local_state=state_of(found.stamps)
        )
    return Prepared(plan, memory, found.seen, listed.seen)


def remote_state(objects: Mapping[str, ObjectMeta]) -> str:
    """Return what a listing comes to, so that a change is seen."""
    return state_of({key: (mark_of(meta), meta.size) for key, meta in objects.items()})


def folds_case(directory: str) -> bool:
    """Whether a directory, or where it is to be made, takes names that differ in case alone for one."""
    path = Path(directory)
    while not path.is_dir() and path != path.parent:
        path = path.parent
    swapped = path.with_name(path.name.swapcase()) if path.name else path
    try:
        return swapped != path and path.samefile(swapped)
    except OSError:
        return False


def _planned_up(
    look: Looking, root: str, files: Mapping[str, Local], limits: Limits, *, sha1: bool
) -> Prepared:
    limits.check()
    if not files and not limits.allow_empty:
        raise _empty(f"there are no files in {root}" if root else "no files are named")
    listed = look.listed()
    memory = look.remembering(root)
    comparison = look.comparing(memory, up=True)
    done = upward(files, listed.objects, comparison, memory, delete=limits.delete)
    place = f"{look.client.address}/{within(look.remote)}"
    check_share(done.steps, len(listed.objects), limits.max_delete, place)
    plan = _plan(look, "up", root, done, tuple(comparison.notes))._replace(sha1=sha1)
    if look.stated:
        plan = plan._replace(remote_state=remote_state(listed.objects))
    return Prepared(plan, memory, [file.name for file in files.values()], listed.seen)


def _plan(look: Looking, direction: str, root: str, done: Steps, notes: tuple[str, ...]) -> Plan:
    return Plan(
        "up" if direction == "up" else "down",
        look.client.address,
        within(look.remote).removesuffix("/"),
        root,
        done.steps,
        done.kept,
        done.extra,
        notes,
        include=tuple(look.include),
        exclude=tuple(look.exclude),
    )


def _by_key(root: str, stamps: Mapping[str, Stamped], paths: Mapping[str, str]) -> dict[str, Local]:
    """Return local files by the keys that lie at their paths; what has none by a key that none has."""
    owners = {path: key for key, path in paths.items()}
    return {
        owners.get(name, f"\0{name}"): Local(name, os.path.join(root, name), stamp)  # noqa: PTH118 - texts
        for name, stamp in stamps.items()
    }


def _check_free(root: str, steps: Sequence[Step], stamps: Mapping[str, Stamped]) -> None:
    """Refuse where a local file lies where a directory is to be, or the other way.

    Raises:
        StorageError: It is so; its ``path`` is what is in the way.
    """
    directories = directories_of(stamps)
    for step in steps:
        if step.action not in {"download", "duplicate"} or step.there:
            continue
        parent = step.path.rpartition("/")[0]
        while parent:
            if parent in stamps:
                raise storage_error(
                    NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)),
                    Path(root, parent),
                )
            parent = parent.rpartition("/")[0]
        if step.path in directories:
            raise storage_error(
                IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)), Path(root, step.path)
            )


def _empty(what: str) -> RefusedError:
    return RefusedError(
        f"{what}: nothing was changed. Is it the right one? Else allow that with allow_empty (--allow-empty)",
        limit="empty",
    )
