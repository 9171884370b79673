"""Builds the plan of a sync from what both sides hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from store.buckets.comparing import Comparison, Local
from store.buckets.identity import single_part_md5
from store.buckets.keys import directories_of
from store.buckets.memory import Known, Memory
from store.buckets.plan import Step, ordered
from store.errors import RefusedError
from store.transports.objects.base import ObjectMeta

Objects = Mapping[str, ObjectMeta]
"""What a listing told, by key."""


class Steps(NamedTuple):
    """What is to be done, and what is not.

    Attributes:
        steps: What is to be done, in order.
        kept: How many files are alike.
        extra: How many of the changed side have no counterpart and are left alone.
        alike: The files that are alike, by key.
    """

    steps: tuple[Step, ...]
    kept: int
    extra: int
    alike: dict[str, Local]


def upward(
    files: Mapping[str, Local],
    objects: Objects,
    comparison: Comparison,
    memory: Memory,
    *,
    delete: bool,
) -> Steps:
    """Return the steps that make a bucket like local files.

    Args:
        files: The files by their whole keys.
        objects: What lies within the directory of the bucket and takes part.
        comparison: Finds out what is alike.
        memory: What is known of digests.
        delete: Whether objects without a file are deleted.
    """
    alike = comparison.alike(files, objects)
    lone = {key: meta for key, meta in objects.items() if key not in files}
    changed = {key: file for key, file in files.items() if key not in alike}
    tagged = _maybe_renamed(changed.values(), lone.values())
    read = comparison.read(changed.values(), md5=tagged)
    sources = _Sources(memory)
    # What is to go first: then a file that was renamed is moved, and not deleted.
    for meta in lone.values():
        sources.add_object(meta)
    for key, file in alike.items():
        sources.add_file(key, file, objects[key])
    steps = []
    for key in sorted(changed):
        file = read[changed[key].name]
        steps.append(sources.step_up(key, file, objects.get(key)))
    doomed = sorted(lone) if delete else []
    steps += [_deletion(lone[key]) for key in doomed]
    return Steps(ordered(steps), len(alike), len(lone) - len(doomed), alike)


def downward(
    files: Mapping[str, Local],
    objects: Objects,
    paths: Mapping[str, str],
    comparison: Comparison,
    memory: Memory,
    *,
    delete: bool,
) -> Steps:
    """Return the steps that make a directory like what lies in a bucket.

    Args:
        files: The local files by the keys that they stand for.
        objects: What lies within the directory of the bucket and takes part.
        paths: The relative name that each key has here.
        comparison: Finds out what is alike.
        memory: What is known of digests.
        delete: Whether files without an object are removed.
    """
    alike = comparison.alike(files, objects)
    lone = {key: file for key, file in files.items() if key not in objects}
    wanted = {key: meta for key, meta in objects.items() if key not in alike}
    at_hand = _at_hand([*lone.values(), *alike.values()], wanted.values(), comparison, memory)
    coming: dict[tuple[str, int], str] = {}
    steps = []
    for key in sorted(wanted):
        meta = wanted[key]
        sha256 = memory.remote(meta) or at_hand.contents.get(key)
        tag = sha256 or single_part_md5(meta.etag)
        source, its = at_hand.names.get((tag or "", meta.size), (None, None))
        sha256 = sha256 or its
        if source is None and tag and meta.size:
            first = coming.setdefault((tag, meta.size), paths[key])
            source = None if first == paths[key] else first
        steps.append(_step_down(meta, paths[key], files.get(key), sha256, source))
    doomed = sorted(lone) if delete else []
    steps += [_removal(lone[key]) for key in doomed]
    return Steps(ordered(steps), len(alike), len(lone) - len(doomed), alike)


class _AtHand(NamedTuple):
    """What of a bucket's new content lies in the directory already.

    Attributes:
        names: The files, and their SHA-256, by the SHA-256 or MD5 of their content, and its size.
        contents: The SHA-256 that objects were said to have when they were asked for, by key.
    """

    names: dict[tuple[str, int], tuple[str, str]]
    contents: dict[str, str]


def _at_hand(
    files: Iterable[Local], wanted: Iterable[ObjectMeta], comparison: Comparison, memory: Memory
) -> _AtHand:
    """Find out which files may be copied here in place of being downloaded.

    Where an object has the size of a file, its entity tag is held against the file's MD5, or it is asked for
    what its writer has kept with it: so a file that was renamed on the other side is renamed here.
    """
    new = [meta for meta in wanted if meta.size and memory.remote(meta) is None]
    sizes = Counter(meta.size for meta in new)
    known: list[Local] = []
    maybe: list[Local] = []
    for file in files:
        (maybe if file.size in sizes else known).append(file)
    unread = Counter(file.size for file in maybe if not _has_md5(comparison.known(file)))
    there = {file.size for file in maybe}
    # One question is cheaper than reading several files.
    contents = comparison.told(
        one.key
        for one in new
        if one.size in there
        and (single_part_md5(one.etag) is None or unread[one.size] > sizes[one.size])
    )
    tagged = {one.size for one in new if single_part_md5(one.etag) and one.key not in contents}
    read = comparison.read(maybe, md5=[one.name for one in maybe if one.size in tagged])
    names: dict[tuple[str, int], tuple[str, str]] = {}
    for file in [*known, *read.values()]:
        digests = comparison.known(file)
        if digests is not None and file.size:
            own = (file.name, digests.sha256)
            names.setdefault((digests.sha256, file.size), own)
            if digests.md5 is not None:
                names.setdefault((digests.md5, file.size), own)
    return _AtHand(names, contents)


def _has_md5(known: Known | None) -> bool:
    return known is not None and known.md5 is not None


def going(steps: Iterable[Step]) -> set[str]:
    """Return the names of the local files that a plan removes."""
    return {step.path for step in steps if step.action == "remove"}


def in_the_way(steps: Sequence[Step]) -> list[Step]:
    """Return what a plan removes that lies where a directory, or a file, is to come: it has to go first."""
    coming = {step.path for step in steps if step.action in {"download", "duplicate"}}
    rooms = directories_of(coming)
    return [
        step
        for step in steps
        if step.action == "remove"
        and (step.path in rooms or not coming.isdisjoint(directories_of([step.path])))
    ]


def check_share(steps: Iterable[Step], there: int, max_delete: float, where: str) -> None:
    """Refuse a plan that takes away too much. What lives on as a copy is not counted.

    Args:
        steps: What is to be done.
        there: How many files there are now.
        max_delete: The largest share of them that may go, 0 to 1.
        where: What they lie in, for people.

    Raises:
        RefusedError: More would go (``limit="max_delete"``).
    """
    known = tuple(steps)
    moved = {step.source for step in known if step.action in {"copy", "duplicate"}}
    going = [
        step
        for step in known
        if (step.action == "delete" and step.key not in moved)
        or (step.action == "remove" and step.path not in moved)
    ]
    if going and len(going) > max_delete * there:
        raise RefusedError(
            f"{len(going)} of {there} files in {where} would be deleted, more than {max_delete:.0%}:"
            " nothing was changed. Is it the right directory? Else allow more with max_delete"
            " (--max-delete)",
            limit="max_delete",
        )


class _Sources:
    """Which content lies under which key already, or will."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._by_sha256: dict[str, tuple[str, str | None]] = {}
        self._by_md5: dict[tuple[str, int], tuple[str, str | None]] = {}

    def add_file(self, key: str, file: Local, meta: ObjectMeta) -> None:
        """Note that an object has the content of a local file, if that is known."""
        known = self._memory.local(file.name, file.stamp)
        if known is not None and meta.size:
            self._by_sha256.setdefault(known.sha256, (key, meta.etag))

    def add_object(self, meta: ObjectMeta) -> None:
        """Note the content that an object has, as far as it is known."""
        if not meta.size:
            return
        sha256, md5 = self._memory.remote(meta), single_part_md5(meta.etag)
        if sha256 is not None:
            self._by_sha256.setdefault(sha256, (meta.key, meta.etag))
        if md5 is not None:
            self._by_md5.setdefault((md5, meta.size), (meta.key, meta.etag))

    def step_up(self, key: str, file: Local, there: ObjectMeta | None) -> Step:
        """Return how a file gets to its key: by a copy of what is there, else by an upload."""
        known = self._memory.local(file.name, file.stamp)
        sha256 = None if known is None else known.sha256
        source = self._by_sha256.get(sha256 or "")
        if source is None and known is not None and known.md5 is not None:
            source = self._by_md5.get((known.md5, file.size))
        if source is None and sha256 is not None and file.size:
            self._by_sha256[sha256] = (key, None)
        return Step(
            "copy" if source else "upload",
            key,
            file.name,
            file.size,
            sha256,
            source[0] if source else "",
            None if there is None else there.etag,
            there is not None,
            source[1] if source else None,
            file.stamp,
        )


def _maybe_renamed(changed: Iterable[Local], lone: Collection[ObjectMeta]) -> set[str]:
    """Return the names of files whose size is that of an object that no file stands for any more."""
    sizes = {meta.size for meta in lone if meta.size and single_part_md5(meta.etag)}
    return {file.name for file in changed if file.size in sizes}


def _step_down(
    meta: ObjectMeta, path: str, there: Local | None, sha256: str | None, source: str | None
) -> Step:
    return Step(
        "duplicate" if source else "download",
        meta.key,
        path,
        meta.size,
        sha256,
        source or "",
        meta.etag,
        there is not None,
        None,
        () if there is None else there.stamp,
        meta.version,
    )


def _removal(file: Local) -> Step:
    return Step("remove", file.name, file.name, file.size, there=True, stamp=file.stamp)


def _deletion(meta: ObjectMeta) -> Step:
    return Step("delete", meta.key, "", meta.size, etag=meta.etag, there=True, version=meta.version)
