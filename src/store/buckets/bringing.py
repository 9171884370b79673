"""Does the steps of a plan that change a directory."""

from __future__ import annotations

import errno
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

from store.buckets.identity import single_part_md5
from store.buckets.memory import INTERVAL, Known
from store.buckets.moving import Moving, counting
from store.buckets.parallel import each
from store.buckets.plan import Plan, Step
from store.buckets.planning import in_the_way
from store.buckets.removing import remove
from store.buckets.scanning import stamp_at
from store.buckets.small import bring_small
from store.buckets.transfers import get_file
from store.cache.examining import wait_out_the_grain
from store.errors import DriftError, IntegrityError
from store.events import Progressed
from store.files.failures import storage_failure
from store.files.names import inside
from store.files.placing import place
from store.files.regular import refuse_to_replace
from store.files.syncing import sync_many
from store.integrity.digest import Digest
from store.integrity.hashing import hash_file
from store.transports.objects.base import ObjectMeta


def change_directory(moving: Moving, plan: Plan) -> None:
    """Do the steps of a plan that goes down: what brings something first, what takes away last.

    What is removed anyway, and lies where a directory or a file is to come, goes right before it comes; its
    content is copied first to where else it is wanted.

    Raises:
        DriftError: A file or an object is not what the plan saw.
        UnsafeNameError: A link is in the way.
        RefusedError: A device or a FIFO is.
        StorageError: A directory is.
        StoreError: The first failure; nothing was removed then.
    """
    fetching = _Fetching(moving, plan)
    downloads = [step for step in plan.steps if step.action == "download"]
    duplicates = [step for step in plan.steps if step.action == "duplicate"]
    doomed = [step for step in plan.steps if step.action == "remove"]
    if first := in_the_way(plan.steps):
        paths = {step.path for step in first}
        urgent = [
            step for step in duplicates if step.source in paths and _stands_apart(step.path, paths)
        ]
        each(urgent, fetching.duplicate, moving.jobs)
        remove(moving, plan, first)
        # What is left of it would be copied from what is gone.
        downloads += [
            step._replace(action="download", source="")
            for step in duplicates
            if step.source in paths and step not in urgent
        ]
        duplicates = [step for step in duplicates if step.source not in paths]
        doomed = [step for step in doomed if step not in first]
    try:
        each(fetching.bring_small(downloads), fetching.download, moving.jobs)
        each(duplicates, fetching.duplicate, moving.jobs)
    finally:
        fetching.settle()
    remove(moving, plan, doomed)


def _stands_apart(path: str, others: Collection[str]) -> bool:
    """Whether a path neither lies below one of others, nor one of them below it."""
    own = f"{path}/"
    return not any(own.startswith(f"{one}/") or f"{one}/".startswith(own) for one in others)


class _Fetching:
    """Downloads and duplicates."""

    def __init__(self, moving: Moving, plan: Plan) -> None:
        self._moving = moving
        self._root = Path(plan.root)
        self._brought: dict[str, tuple[tuple[int, ...], str]] = {}
        self._settled: set[str] = set()
        self._settling = threading.Lock()
        self._due = moving.options.clock.monotonic() + INTERVAL
        self._durable = moving.options.durable
        # Many files are brought to the disk at once, at the end.
        self._options = moving.options._replace(durable=False)

    def bring_small(self, steps: Sequence[Step]) -> list[Step]:
        """Bring what is small; return the steps of the rest."""
        moving = self._moving
        return bring_small(
            moving.client,
            steps,
            jobs=moving.jobs,
            options=self._options,
            place=lambda step: inside(self._root, step.path),
            brought=self._note_small,
            allowed=self._check_free,
        )

    def _note_small(self, step: Step, path: Path, meta: ObjectMeta, sha256: str) -> None:
        """Count and tell a small file that was brought."""
        if self._options.listener is not None:
            self._options.listener(Progressed(path.name, step.size, step.size))
        meter = self._moving.counters.of(step.path, step.size)
        if meter is not None:
            meter.count(step.size)
        self._moving.counters.done(meter, step.size)
        self._moving.memory.keep_remote(meta._replace(etag=step.etag or meta.etag), sha256)
        self._brought[step.path] = (stamp_at(path), sha256)
        self._moving.done(step)
        self._settle_now_and_then()

    def download(self, step: Step) -> None:
        """Bring the object of a step to its path."""
        moving = self._moving
        path = self._free(step)
        meter = moving.counters.of(step.path, step.size)
        try:
            fetched = get_file(
                moving.client,
                step.key,
                path,
                expected=Digest("sha256", step.sha256) if step.sha256 else None,
                etag=step.etag,
                version=step.version,
                options=self._options,
                counted=counting(meter),
                before_placing=lambda: self._free(step),
            )
        except IntegrityError as error:
            raise _other_than_known(error, step) from error
        moving.counters.done(meter, step.size)
        summary = fetched.summary
        if summary.digest is not None:
            meta = ObjectMeta(step.key, summary.size, step.etag or summary.etag, None, step.version)
            moving.memory.keep_remote(meta, summary.digest.hex)
            self._brought[step.path] = (tuple(fetched.stamp[1:]), summary.digest.hex)
        moving.done(step)
        self._settle_now_and_then()

    def duplicate(self, step: Step) -> None:
        """Copy from another file, if that is what the object is; else download."""
        known = self._known(step.source)
        source = inside(self._root, step.source)
        # Where nobody knows the digest, the two objects have one tag: the other must have come just now.
        sure = step.source in self._brought if step.sha256 is None else known is not None
        if known is None or not sure or step.sha256 not in {None, known[1]}:
            self.download(step._replace(action="download"))
            return
        path = self._free(step)
        place(source, path)
        stamp = stamp_at(path)
        if stamp_at(source) != known[0]:
            # It was changed while it was copied: the object itself is sure.
            self.download(step._replace(action="download", stamp=stamp))
            return
        self._brought[step.path] = (stamp, known[1])
        meta = ObjectMeta(step.key, step.size, step.etag, None, step.version)
        self._moving.memory.keep_remote(meta, known[1])
        self._moving.counters.copied(step.path, step.size)
        self._moving.done(step)

    def settle(self) -> None:
        """Make what was brought last, and remember it once a later change would show."""
        brought = dict(self._brought)  # others go on meanwhile
        # One without a stamp was taken away by somebody else as soon as it was there.
        rest = {name: one for name, one in brought.items() if one[0] and name not in self._settled}
        if not rest:
            return
        moving = self._moving
        if self._durable:
            sync_many((self._root / name for name in rest), top=self._root)
        youngest = max(stamp[4] for stamp, _ in rest.values())
        device = next(iter(rest.values()))[0][0]
        clock = moving.options.clock
        wait_out_the_grain(youngest, moving.memory.grain(device), clock)
        for name, (stamp, sha256) in rest.items():
            now = stamp_at(self._root / name)
            if now == stamp:
                moving.memory.keep_local(name, stamp, Known(sha256), clock.file_time_ns())
        self._settled |= rest.keys()

    def _settle_now_and_then(self) -> None:
        """Settle what is here, so that a run that is killed need not read it again."""
        now = self._moving.options.clock.monotonic()
        if now < self._due or not self._settling.acquire(blocking=False):
            return
        try:
            self.settle()
            self._due = now + INTERVAL
        finally:
            self._settling.release()

    def _free(self, step: Step) -> Path:
        """Return where a file is to lie, made sure that nothing is there but what the plan saw."""
        path = inside(self._root, step.path)
        self._check_free(step, path)
        return path

    def _check_free(self, step: Step, path: Path) -> None:
        """Make sure that nothing is there but what the plan saw.

        Another may be at the same work: what he has brought is replaced by the same content.
        """
        found = stamp_at(path)
        if found != step.stamp and (self._moving.strict or not _is_what_comes(path, step)):
            _refuse_what_is_in_the_way(path)
            raise DriftError(
                f"{path} was changed since it was looked at, and is not replaced: sync again",
                name=str(path),
                expected=str(step.stamp),
                found=str(found),
            )

    def _known(self, name: str) -> tuple[tuple[int, ...], str] | None:
        """Return the stamp and SHA-256 of a file that is what it was when it was read."""
        if name in self._brought:
            return self._brought[name]
        stamp = stamp_at(inside(self._root, name))
        known = self._moving.memory.local(name, stamp)
        return None if known is None else (stamp, known.sha256)


def _is_what_comes(path: Path, step: Step) -> bool:
    """Whether a file has the very content that is to take its place, as far as that is known before."""
    md5 = single_part_md5(step.etag)
    known = ("sha256", step.sha256) if step.sha256 else ("md5", md5) if md5 else None
    if known is None:
        return False
    try:
        hashing = hash_file(path, (known[0],))
    except (OSError, ValueError):
        return False
    return hashing.size == step.size and hashing.hexdigest(known[0]) == known[1]


def _refuse_what_is_in_the_way(path: Path) -> None:
    """Tell what no sync will replace, however often it is tried.

    Raises:
        RefusedError: It is no regular file.
        StorageError: It is a directory.
    """
    refuse_to_replace(path)
    if path.is_dir():
        raise storage_failure(errno.EISDIR, path)


def _other_than_known(error: IntegrityError, step: Step) -> IntegrityError:
    """Return what tells that an object is not what was known of it: nobody has pinned it."""
    if step.sha256 is None:
        return error
    return IntegrityError(
        f"{error.url} is not what is known of it by its metadata or an earlier sync: expected"
        f" {error.expected}, found {error.found} ({error.size} bytes); it was damaged on the way, or at the"
        " store: sync again, and if that does not help put it anew, or leave it out (--exclude)",
        url=error.url,
        expected=error.expected,
        found=error.found,
        size=error.size,
    )
