"""Chooses one release: the highest version that a requirement admits."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from store.errors import ArchiveError, QueryError, UnsafeNameError
from store.releases.admitting import meant
from store.releases.interface import ArchiveInterface
from store.releases.names import DEFAULT_WORKSPACE, Requirement
from store.releases.records import Record
from store.releases.versions import Version

log = logging.getLogger(__name__)


def choose(archive: ArchiveInterface, wanted: Requirement, workspace: str | None = None) -> Record:
    """Return the record of the highest version that a requirement admits.

    Args:
        archive: Where to look.
        wanted: The requirement.
        workspace: Where in it, unless the requirement says so.

    Raises:
        ReleaseRecordNotFoundError: There is none.
        StoreError: The archive fails, or the record is damaged.
    """
    asked: dict[str, Any] = {
        "title_versionless": wanted.title,
        "version_expressions": [one.text for one in wanted.choice.clauses] or None,
        "workspace": place_of(wanted, workspace),
    }
    found = archive.newest_record(**asked)
    try:
        return Record.from_data(found)
    except (ArchiveError, UnsafeNameError) as error:
        record = _next_usable(archive, wanted, asked)
        if record is None:
            raise
        log.warning("%s: the record %s is passed over: %s", archive.host, found.get("title"), error)
        return record


def _next_usable(
    archive: ArchiveInterface, wanted: Requirement, asked: dict[str, Any]
) -> Record | None:
    """Return the record of the highest version that can be used; None where the one that cannot was named."""
    if any(one.exact for one in wanted.choice.clauses):
        return None
    for data in reversed(archive.get_release_records(**asked).values()):
        with contextlib.suppress(ArchiveError, UnsafeNameError):
            return Record.from_data(data)
    return None


def yanked_in(archive: ArchiveInterface, record: Record, workspace: str) -> str | None:
    """Return why ranges pass a release over; None where they do not, or the archive marks none.

    Raises:
        StoreError: The archive fails.
    """
    if not archive.marks_versions:
        return None
    there = archive.list_releases(record.title_versionless, workspace=workspace)
    return next((one.yanked for one in there if one.version == record.version), None)


def place_of(wanted: Requirement, workspace: str | None = None) -> str:
    """Return the workspace that a requirement is looked for in."""
    return wanted.workspace or workspace or DEFAULT_WORKSPACE


def one_version(wanted: Requirement) -> str:
    """Return the version of a requirement that names exactly one, as ``title@1.2.0`` does.

    Raises:
        QueryError: It names none, or several.
    """
    clauses = wanted.choice.clauses
    if len(clauses) != 1 or not clauses[0].exact:
        raise QueryError(
            f"'{wanted}' does not name one version: write it as '{wanted.title}@1.2.0'",
            query=str(wanted),
        )
    return clauses[0].text


def builds_of(
    archive: ArchiveInterface, wanted: Requirement, workspace: str
) -> tuple[str, tuple[str, ...]]:
    """Return the one version that a requirement names, and the builds of it that an archive has.

    Args:
        archive: Where to look.
        wanted: The requirement.
        workspace: Where in it.

    Returns:
        The version as it was named, and the versions that this means: itself where it is there, or
        nothing is.

    Raises:
        QueryError: It names none, or several.
        StoreError: The archive fails.
    """
    version = one_version(wanted)
    if Version.parse(version).build or not archive.marks_versions:
        return version, (version,)
    there = archive.list_releases(wanted.title, workspace=workspace)
    builds = meant(wanted.choice, [one.version for one in there])
    return version, tuple(map(str, builds)) or (version,)
