"""Publishes a directory as a release: blobs first, the record last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from store.errors import ReleaseExistsError, ReleaseRecordNotFoundError
from store.releases.datasets import check_datasets
from store.releases.gathering import Plan, gather
from store.releases.hashing import CHUNK
from store.releases.interface import ArchiveInterface
from store.releases.mapping import project_of
from store.releases.names import DEFAULT_WORKSPACE, check_new_title, check_workspace, title_of
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
    """

    record: Record
    pid: str | None
    plan: Plan


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
) -> Published:
    """Publish a directory as a release.

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

    Raises:
        ReleaseExistsError: There is a release of that title and version.
        QueryError: A name is none, or a dataset stands for no file that goes.
        StoreError: A file cannot be read, or the archive fails.
    """
    check_new_title(wanted.title)
    check_workspace(wanted.workspace)
    if not (allow_repeat and archive.supports_repeat_releases):
        _refuse_repeat(archive, wanted)
    root = Path(directory)
    apart = getattr(archive, "archive_path", None)
    plan = gather(root, include=wanted.include, exclude=wanted.exclude, apart=apart)
    check_datasets(wanted.datasets or {}, plan)
    project = project_of({one.path: one.executable for one in plan.files}, plan.directories)
    if began is not None:
        began(plan)
    if dry_run:
        return Published(_record(wanted, project), None, plan)
    archive.upload_blobs_and_update_mapping(
        release_title=title_of(wanted.title, wanted.version),
        release_title_versionless=wanted.title,
        workspace=wanted.workspace,
        project_mapping=project,
        project_directory=directory,
        max_threads=threads,
        chunk_size=chunk,
        show=show,
    )
    record = _record(wanted, project)
    pid = _upload_record(archive, record, wanted.workspace, allow_repeat=allow_repeat)
    return Published(record, pid, plan)


def _record(wanted: Wanted, project: Mapping[str, Any]) -> Record:
    return compose(
        wanted.title,
        wanted.version,
        project,
        requirements=list(wanted.requirements),
        datasets=wanted.datasets,
        more=wanted.more,
    )


def _upload_record(
    archive: ArchiveInterface, record: Record, workspace: str, *, allow_repeat: bool
) -> str:
    """Publish the record; an archive that can repeat a release is told where that was asked for."""
    again = allow_repeat and archive.supports_repeat_releases
    how = {"allow_repeat": True} if again else {}
    return archive.upload_record(record, workspace, **how)


def _refuse_repeat(archive: ArchiveInterface, wanted: Wanted) -> None:
    """Refuse to publish a version that is there, before its files are read."""
    try:
        found = archive.get_release_records(
            title_versionless=wanted.title,
            version_expressions=[f"=={wanted.version}"],
            workspace=wanted.workspace,
        )
    except ReleaseRecordNotFoundError:
        return
    title = title_of(wanted.title, wanted.version)
    if title in found:
        raise ReleaseExistsError(
            f"{title} is in {archive.host} already, and a version never changes: publish it under the"
            " next one",
            name=title,
        )
