"""Makes a directory and a bucket alike, in either direction."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from store.buckets.following import Synced, follow
from store.buckets.looking import Limits, Looking
from store.buckets.moving import Counters, Moving, Tell, teller
from store.buckets.naming import path_of
from store.buckets.plan import Plan
from store.buckets.preparing import (
    plan_directory,
    plan_download,
    plan_files,
)
from store.buckets.reviewed import check_plan
from store.errors import DriftError, QueryError
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.progress import Progress

MAX_DELETE: Final = 0.5
"""The largest share of what lies within ``remote`` that one sync deletes unless another is given."""

JOBS: Final = 16
"""How many files are moved at once unless another number is given."""

_OPTIONS: Final = TransferOptions()


def sync_directory(
    client: ObjectClient,
    directory: str | Path,
    *,
    remote: str | None = None,
    delete: bool = True,
    max_delete: float = MAX_DELETE,
    allow_empty: bool = False,
    dry_run: bool = False,
    sha1: bool = False,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    jobs: int = JOBS,
    verbose: bool | Tell = False,
    progress: Progress = None,
    options: TransferOptions = _OPTIONS,
    memory: Path | None = None,
) -> Synced:
    """Make what lies within ``remote`` like a local directory. Links are not followed, nor uploaded.

    Files are alike where name, size and content digest are. What is missing or other is uploaded, or copied
    by the server where it has the content already; what is gone is deleted, after all else has succeeded.

    Args:
        client: The bucket's objects.
        directory: The local directory.
        remote: The directory in the bucket (a path: ``data`` is never ``data2/``); None or empty for the
            whole bucket.
        delete: Whether what is not in the directory is deleted within ``remote``.
        max_delete: The largest share (0 to 1) of what lies within ``remote`` that may be deleted.
        allow_empty: Whether a directory without files is accepted, and not taken for a mistake.
        dry_run: Only plan.
        sha1: Keep the SHA-1 of what is uploaded with it too (metadata ``sha1sum``).
        include: Patterns of relative names, of which one must match; empty for all. ``*`` does not cross
            a slash, ``**`` does; one without a slash is held against the last component.
        exclude: Patterns of names that are passed over, on both sides: they are neither moved nor deleted.
        jobs: How many files are moved at once.
        verbose: True to tell each step on stderr, or what is called with each line.
        progress: True for bars, or a callback ``(read, total, filename)``; bytes.
        options: The bounds, retries and limits of what is moved.
        memory: The directory in which digests are remembered; None for the cache's own.

    Returns:
        The plan, and whether it was applied.

    Raises:
        StorageError: The directory is missing or none, or a file cannot be read.
        RefusedError: It has no files (``limit="empty"``), or more than ``max_delete`` would be deleted
            (``limit="max_delete"``); nothing was changed.
        UnsafeNameError: A local name cannot be a key, or two local names stand for one.
        DriftError: A file changed while it was uploaded, or an object since it was looked at.
        QueryError: ``max_delete``, ``jobs``, ``remote`` or a pattern cannot be meant, or ``directory`` is
            empty.
        StoreError: What the client raises: the first error, after what was under way has ended. What was
            uploaded stays; nothing was deleted.
    """
    look = Looking(client, remote, include, exclude, jobs, memory, options.clock, stated=dry_run)
    limits = Limits(delete, max_delete, allow_empty)
    prepared = plan_directory(look, _absolute(directory), limits, sha1=sha1)
    moving = Moving(
        client, prepared.memory, jobs, Counters(progress, prepared.plan), teller(verbose), options
    )
    return follow(moving, prepared, dry_run=dry_run)


def sync_files(
    client: ObjectClient,
    files: Mapping[str, str | Path],
    *,
    remote: str | None = None,
    delete: bool = True,
    max_delete: float = MAX_DELETE,
    allow_empty: bool = False,
    dry_run: bool = False,
    sha1: bool = False,
    jobs: int = JOBS,
    verbose: bool | Tell = False,
    progress: Progress = None,
    options: TransferOptions = _OPTIONS,
    memory: Path | None = None,
) -> Synced:
    """Make what lies within ``remote`` like some local files: see `sync_directory`.

    Args:
        client: The bucket's objects.
        files: Where in ``remote`` each file is to lie, and the local file (a link is followed).
        remote: See `sync_directory`.
        delete: See `sync_directory`.
        max_delete: See `sync_directory`.
        allow_empty: Whether an empty mapping is accepted.
        dry_run: See `sync_directory`.
        sha1: See `sync_directory`.
        jobs: See `sync_directory`.
        verbose: See `sync_directory`.
        progress: See `sync_directory`.
        options: See `sync_directory`.
        memory: See `sync_directory`.

    Raises:
        StorageError: A file is missing or cannot be read; nothing was changed.
        StoreError: See `sync_directory`.
    """
    look = Looking(client, remote, (), (), jobs, memory, options.clock, stated=dry_run)
    limits = Limits(delete, max_delete, allow_empty)
    prepared = plan_files(look, files, limits, sha1=sha1)
    moving = Moving(
        client, prepared.memory, jobs, Counters(progress, prepared.plan), teller(verbose), options
    )
    return follow(moving, prepared, dry_run=dry_run)


def sync_remote_to_local(
    client: ObjectClient,
    directory: str | Path,
    *,
    remote: str | None = None,
    delete: bool = False,
    max_delete: float = MAX_DELETE,
    allow_empty: bool = False,
    dry_run: bool = False,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    jobs: int = JOBS,
    verbose: bool | Tell = False,
    progress: Progress = None,
    options: TransferOptions = _OPTIONS,
    memory: Path | None = None,
) -> Synced:
    """Make a local directory like what lies within ``remote``.

    What is there already is not downloaded again, equal content once. Each file is put in its place whole
    and verified. A key that is no safe name here gets another spelling, told in the plan's notes.

    Args:
        client: The bucket's objects.
        directory: The local directory; made where it is missing.
        remote: See `sync_directory`.
        delete: Whether local files that are not in the bucket are removed.
        max_delete: The largest share (0 to 1) of the local files that may be removed.
        allow_empty: Whether a bucket without objects within ``remote`` is accepted.
        dry_run: Only plan.
        include: See `sync_directory`.
        exclude: See `sync_directory`.
        jobs: See `sync_directory`.
        verbose: See `sync_directory`.
        progress: See `sync_directory`.
        options: See `sync_directory`.
        memory: See `sync_directory`.

    Raises:
        RefusedError: Nothing lies within ``remote`` (``limit="empty"``), or more than ``max_delete`` would
            be removed (``limit="max_delete"``), or a device or a FIFO is in the way (``limit="regular"``).
        UnsafeNameError: A key's name on disk would be too long, or a link is in the way.
        StorageError: A directory is in the way of a file, or a file in that of a directory.
        IntegrityError: An object is not what its digest says; the old file is as it was.
        StoreError: See `sync_directory`.
    """
    look = Looking(client, remote, include, exclude, jobs, memory, options.clock, stated=dry_run)
    prepared = plan_download(look, _absolute(directory), Limits(delete, max_delete, allow_empty))
    moving = Moving(
        client, prepared.memory, jobs, Counters(progress, prepared.plan), teller(verbose), options
    )
    return follow(moving, prepared, dry_run=dry_run)


def apply_plan(
    client: ObjectClient,
    plan: Plan,
    *,
    jobs: int = JOBS,
    verbose: bool | Tell = False,
    progress: Progress = None,
    options: TransferOptions = _OPTIONS,
    memory: Path | None = None,
) -> Synced:
    """Do what a plan says that was made, saved and looked through before.

    Args:
        client: The objects of the plan's bucket.
        plan: What to do.
        jobs: See `sync_directory`.
        verbose: See `sync_directory`.
        progress: See `sync_directory`.
        options: See `sync_directory`.
        memory: See `sync_directory`.

    Raises:
        QueryError: It is of another bucket.
        DriftError: It was made at another server, or the bucket or the local files have moved on since;
            nothing was changed.
        StoreError: See `sync_directory`.
    """
    if plan.address != client.address:
        raise QueryError(
            f"the plan is of {plan.address}, and not of {client.address}: apply it there",
            query=plan.address,
        )
    if plan.server != (client.server or ""):
        raise DriftError(
            f"the plan is of {plan.address} at {plan.server or 'no server that is known'}, and not at"
            f" {client.server}: plan anew there; nothing was done",
            name=plan.address,
            expected=plan.server,
            found=client.server,
        )
    look = Looking(client, plan.remote, plan.include, plan.exclude, jobs, memory, options.clock)
    prepared = check_plan(look, plan)
    moving = Moving(
        client,
        prepared.memory,
        jobs,
        Counters(progress, plan),
        teller(verbose),
        options,
        strict=True,
    )
    return follow(moving, prepared, dry_run=False)


def _absolute(directory: str | Path) -> str:
    return os.path.abspath(path_of(directory))  # noqa: PTH100 - links stay what they are
