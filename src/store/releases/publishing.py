"""Publishes a directory as a release: blobs first, the record last."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from store.config.directories import cache_directory
from store.errors import ReleaseRecordNotFoundError
from store.files.failures import storage_errors
from store.releases.choosing import yanked_in
from store.releases.datasets import check_datasets
from store.releases.gathering import Plan, gather
from store.releases.hashing import CHUNK
from store.releases.interface import ArchiveInterface
from store.releases.mapping import project_of
from store.releases.mending import describe, mend_published
from store.releases.names import DEFAULT_WORKSPACE, check_new_release, check_workspace, title_of
from store.releases.records import Record, compose
from store.releases.transfer import Standing
from store.releases.versions import Version


class Wanted(NamedTuple):
    """What is to be published.

    Attributes:
        title: Its title, without a version.
        version: Its version.
        workspace: Where it goes.
        requirements: The releases that it was made with.
        datasets: Names of the user's for paths in it.
        more: Further fields of the record.
        include: Paths or patterns of what goes though it would be left out.
        exclude: Paths or patterns of what is left out beside.
    """

    title: str
    version: Version
    workspace: str = DEFAULT_WORKSPACE
    requirements: Sequence[str] = ()
    datasets: Mapping[str, str] | None = None
    more: Mapping[str, Any] | None = None
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()


class Published(NamedTuple):
    """What became of it.

    Attributes:
        record: The record.
        pid: The record's id in the archive; None where nothing was published.
        plan: What went, and what was left out.
        mended: The files that were missing or damaged in a release that is there, and were brought anew.
        before: The record in whose place it is published again, or None.
        yanked: Why ranges pass that over, and so this; or None.
    """

    record: Record
    pid: str | None
    plan: Plan
    mended: frozenset[str] = frozenset()
    before: Record | None = None
    yanked: str | None = None


def publish(
    archive: ArchiveInterface,
    directory: str | Path,
    wanted: Wanted,
    *,
    threads: int = 8,
    chunk: int = CHUNK,
    show: Callable[[Standing], object] | None = None,
    dry_run: bool = False,
    allow_repeat: bool = False,
    began: Callable[[Plan], object] | None = None,
    via: Path | None = None,
) -> Published:
    """Publish a directory as a release; where it is there, with the same content, mend what is damaged.

    Args:
        archive: Where to.
        directory: The directory.
        wanted: What it is to be called, and what goes.
        threads: How many files go at once.
        chunk: How many bytes are moved at a time.
        show: Is told now and then how far it has come.
        dry_run: Only find out what would go.
        allow_repeat: Publish even where there is a release of that version, if the archive can.
        began: Is told what goes, before the first file does.
        via: A directory on this machine for what is read of a release that is there; None takes the cache's.

    Raises:
        ReleaseExistsError: There is a release of that title and version, of another content or whole.
        QueryError: A name is none, or too long, or a dataset stands for no file that goes.
        StoreError: A file cannot be read, or the archive fails.
    """
    check_new_release(wanted.title, wanted.version)
    check_workspace(wanted.workspace)
    repeats = allow_repeat and archive.supports_repeat_releases
    there = _there(archive, wanted)
    apart = getattr(archive, "archive_path", None)
    plan = gather(Path(directory), include=wanted.include, exclude=wanted.exclude, apart=apart)
    check_datasets(wanted.datasets or {}, plan)
    project = project_of({one.path: one.executable for one in plan.files}, plan.directories)
    if there is not None and not repeats:
        room = via or cache_directory() / "releases"
        mend = _Mending(archive, wanted, plan, project, Path(directory), room)
        return mend.mended(there, threads=threads, dry_run=dry_run)
    if began is not None:
        began(plan)
    yanked = yanked_in(archive, there, wanted.workspace) if there is not None else None
    if dry_run:
        _look(plan, Path(directory))
        record = _record(wanted, project)
        return Published(record.sealed(), None, plan, before=there, yanked=yanked)
    moving = {"max_threads": threads, "chunk_size": chunk, "show": show}
    _upload_blobs(archive, wanted, project, directory, **moving)
    record = _record(wanted, project)
    pid = _upload_record(archive, record, wanted.workspace, allow_repeat=allow_repeat)
    return Published(record.sealed(), pid, plan, before=there, yanked=yanked)


def _look(plan: Plan, directory: Path) -> None:
    """Find out whether every file can be read, none of which is.

    Raises:
        StorageError: One cannot.
    """
    for one in plan.files:
        path = directory / one.path
        with storage_errors(path):
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC))


class _Mending(NamedTuple):
    """A release that is there already, and the directory that may mend it."""

    archive: ArchiveInterface
    wanted: Wanted
    plan: Plan
    project: dict[str, Any]
    source: Path
    via: Path

    def mended(self, there: Record, *, threads: int, dry_run: bool) -> Published:
        """Bring what is missing or damaged of it, as long as the directory has its content."""
        paths = mend_published(
            self.archive,
            there,
            self._same,
            {one.path: one.size for one in self.plan.files},
            workspace=self.wanted.workspace,
            source=self.source,
            via=self.via,
            threads=threads,
            dry_run=dry_run,
        )
        return Published(there, None if dry_run else there.pid, self.plan, paths)

    def _same(self) -> Record:
        describe(self.project, self.source)
        return _record(self.wanted, self.project).sealed()


def _record(wanted: Wanted, project: Mapping[str, Any]) -> Record:
    return compose(
        wanted.title,
        wanted.version,
        project,
        requirements=list(wanted.requirements),
        datasets=wanted.datasets,
        more=wanted.more,
        sealed=False,  # an archive takes the digest while the disk is busy
    )


def _upload_blobs(
    archive: ArchiveInterface,
    wanted: Wanted,
    project: dict[str, Any],
    directory: str | Path,
    **moving: Any,  # noqa: ANN401 - passed on
) -> None:
    archive.upload_blobs_and_update_mapping(
        release_title=title_of(wanted.title, wanted.version),
        release_title_versionless=wanted.title,
        workspace=wanted.workspace,
        project_mapping=project,
        project_directory=directory,
        **moving,
    )


def _upload_record(
    archive: ArchiveInterface, record: Record, workspace: str, *, allow_repeat: bool
) -> str:
    """Publish the record; an archive that can repeat a release is told where that was asked for."""
    again = allow_repeat and archive.supports_repeat_releases
    how = {"allow_repeat": True} if again else {}
    return archive.upload_record(record, workspace, **how)


def _there(archive: ArchiveInterface, wanted: Wanted) -> Record | None:
    """Return the record of a version that is there, before any file is read."""
    try:
        found = archive.get_release_records(
            title_versionless=wanted.title,
            version_expressions=[f"=={wanted.version}"],
            workspace=wanted.workspace,
        )
    except ReleaseRecordNotFoundError:
        return None
    data = found.get(title_of(wanted.title, wanted.version))
    return None if data is None else Record.from_data(data)
