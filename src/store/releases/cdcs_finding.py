"""Finds the releases on a CDCS that expressions admit."""

from __future__ import annotations

from store.releases.admitting import meant
from store.releases.cdcs_records import Kept
from store.releases.cdcs_releases import CdcsReleases
from store.releases.names import check_title, check_workspace
from store.releases.usable import Candidate
from store.releases.values import Listed
from store.releases.versions import Choice, Version


def admitted(releases: CdcsReleases, title: str, choice: Choice, workspace: str) -> list[Candidate]:
    """Return the releases that a choice admits, in order of their versions; no record is read.

    Args:
        releases: The records of the server.
        title: The title.
        choice: Which versions are wanted; those that were yanked only where they are named.
        workspace: The workspace.

    Raises:
        ReleaseRecordNotFoundError: There is no such workspace.
    """
    lone = choice.clauses[0] if len(choice.clauses) == 1 else None
    exact = lone is not None and lone.exact
    version = Version.parse(lone.text)._replace(build="") if lone and exact else None
    found = releases.find(check_title(title), check_workspace(workspace), version)
    will_do = set(meant(choice, [one.version for one in found]))
    return [
        Candidate(one.version, one.title, one.title, one.data)
        for one in sorted(found, key=lambda one: one.version)
        if one.version in will_do and (one.yanked is None or choice.names(one.version))
    ]


def listed(workspace: str, kept: Kept, *, details: bool) -> Listed:
    """Return a line of a listing.

    Args:
        workspace: The title of the workspace.
        kept: The release.
        details: Tell files, size and digest, too.
    """
    line = Listed(workspace, kept.title_versionless, kept.version, kept.yanked)
    if not details:
        return line
    return line._replace(files=kept.files, size=kept.size, digest=kept.digest)
