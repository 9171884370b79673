"""Looks at both sides of a sync, and makes its plan."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from store.buckets.comparing import Local
from store.buckets.keys import directories_of, key_of, keys_for, names_for, within
from store.buckets.looking import Limits, Listed, Looking, remote_state
from store.buckets.memory import Memory
from store.buckets.obstacles import check_free
from store.buckets.plan import Plan, state_of
from store.buckets.planning import Steps, check_share, downward, upward
from store.buckets.scanning import Scan, Stamped, refuse_a_file, stamp_files
from store.errors import QueryError, RefusedError, UnsafeNameError
from store.files.atomic import discard

_LOOKED_AT: Final = 20
"""How many names in a directory are looked at to find one with letters."""


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


def plan_directory(look: Looking, root: str, limits: Limits, *, sha1: bool) -> Prepared:
    """Plan to make a directory of the bucket like a local one.

    Raises:
        StoreError: See `store.buckets.syncing.sync_directory`.
    """
    refuse_a_file(root)
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
    odd = [name for name in given if {"", ".", ".."} & set(name.split("/"))]
    notes = [
        f"{name!r} is uploaded as {prefix + name.lstrip('/')!r}: a key, no path" for name in odd
    ]
    prepared = _planned_up(look, "", files, limits, sha1=sha1)
    return prepared._replace(plan=prepared.plan._replace(notes=(*notes, *prepared.plan.notes)))


def plan_download(look: Looking, root: str, limits: Limits) -> Prepared:
    """Plan to make a local directory like one of the bucket.

    Raises:
        StoreError: See `store.buckets.syncing.sync_remote_to_local`.
    """
    limits.check()
    missing = not os.path.lexists(root)
    found = Scan({}, [], ()) if missing else look.scanned(root)
    if not look.stated:
        for path in found.dead:
            discard(path)
    listed = look.listed()
    prefix = within(look.remote)
    place = f"{look.client.address}/{prefix}"
    if not listed.objects and not limits.allow_empty:
        raise _empty(_nothing_within(place, listed, look))
    relative = {key: key[len(prefix) :] for key in listed.objects}
    given = names_for(relative.values(), folding=folds_case(root))
    paths = {key: given.names[name] for key, name in relative.items()}
    adopt(paths, found.stamps, prefix)
    files = by_key(root, found.stamps, paths)
    memory = look.remembering(root)
    comparison = look.comparing(memory, up=False)
    done = downward(files, listed.objects, paths, comparison, memory, delete=limits.delete)
    check_free(root, done.steps, found)
    check_share(done.steps, len(files), limits.max_delete, root)
    notes = (*found.notes, *given.notes, *comparison.notes)
    plan = _plan(look, "down", root, done, notes)
    if look.stated:
        plan = plan._replace(
            remote_state=remote_state(listed.objects), local_state=state_of(found.stamps)
        )
    return Prepared(plan, memory, found.seen, listed.seen)


def folds_case(directory: str) -> bool:
    """Whether a directory, or where it is to be made, takes names that differ in case alone for one."""
    path = Path(directory)
    while not path.is_dir() and path != path.parent:
        path = path.parent
    for one in _names_of(path):
        swapped = one.with_name(one.name.swapcase())
        if swapped != one:
            try:
                return os.path.samestat(one.lstat(), swapped.lstat())
            except OSError:
                return False
    return False


def _names_of(path: Path) -> Iterator[Path]:
    """Give names that lie on the file system of a directory: some in it, its own, and those above it."""
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        yield from (path / one.name for one in itertools.islice(entries, _LOOKED_AT))
    while path.name and not path.is_mount():
        yield path
        path = path.parent


def _planned_up(
    look: Looking, root: str, files: Mapping[str, Local], limits: Limits, *, sha1: bool
) -> Prepared:
    limits.check()
    if not files and not limits.allow_empty:
        raise _empty(_no_files(root, look))
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
        server=look.client.server or "",
    )


def adopt(paths: dict[str, str], stamps: Mapping[str, Stamped], prefix: str) -> None:
    """Let each key lie where a file stands for it already, though it would be given another name here.

    A file that was uploaded under a name with, say, a tab in it is the file of its key, and no other's.

    Args:
        paths: Where each key is to lie; changed in place.
        stamps: The local files.
        prefix: What all keys begin with.
    """
    owned = set(paths.values())
    adopted = {}
    for name in stamps:
        if name in owned:
            continue
        with contextlib.suppress(UnsafeNameError):
            key = prefix + key_of(name)
            if key in paths and paths[key] not in stamps:
                adopted[key] = name
    barred = set(adopted)
    while barred:
        # A directory is to be where such a file lies: a key that lies there already needs none.
        rooms = directories_of(name for key, name in paths.items() if key not in adopted)
        barred = {key for key, name in adopted.items() if name in rooms}
        adopted = {key: name for key, name in adopted.items() if key not in barred}
    paths.update(adopted)


def by_key(root: str, stamps: Mapping[str, Stamped], paths: Mapping[str, str]) -> dict[str, Local]:
    """Return local files by the keys that lie at their paths; what has none by a key that none has."""
    owners = {path: key for key, path in paths.items()}
    return {
        owners.get(name, f"\0{name}"): Local(name, os.path.join(root, name), stamp)  # noqa: PTH118 - texts
        for name, stamp in stamps.items()
    }


def _no_files(root: str, look: Looking) -> str:
    if not root:
        return "no files are named"
    if look.include or look.exclude:
        return f"no files in {root} match the patterns (--include, --exclude)"
    return f"there are no files in {root}"


def _nothing_within(place: str, listed: Listed, look: Looking) -> str:
    if listed.seen and (look.include or look.exclude):
        return f"none of the {len(listed.seen)} objects within {place} match the patterns"
    return f"nothing lies within {place}"


def _empty(what: str) -> RefusedError:
    return RefusedError(
        f"{what}: nothing was changed. Is it the right one? Else allow that with allow_empty (--allow-empty)",
        limit="empty",
    )
