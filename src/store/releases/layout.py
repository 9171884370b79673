"""Where the parts of an archive lie: names relative to it, with slashes.

====================================================  ==========================================
name                                                  holds
====================================================  ==========================================
``.rmearchive``                                       nothing: it says that this is an archive
``<workspace>/<title>/<title>-v<version>.yml``        the record of a release
``<workspace>/<title>/blobs/<2 hex>/<sha256>``        the content of a file
``<workspace>/<title>/.store/yanked/<version>``       why ranges pass a version over; ours
``.store/``                                           what may be deleted at any time; ours
====================================================  ==========================================

What is ours lies in directories of its own, since older tools take every file beside the records for one.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from store.errors import QueryError, UnsafeNameError
from store.releases.names import check_title, check_workspace, title_of
from store.releases.versions import Version

MARKER: Final = ".rmearchive"
"""The name of the file that says that a directory is an archive."""

OURS: Final = ".store"
"""The name of our own directories."""

SUFFIX: Final = ".yml"
"""How the names of records end."""

_BLOB: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@functools.lru_cache(maxsize=64)
def shelf_of(workspace: str, title_versionless: str) -> str:
    """Return where the releases of a title lie.

    Raises:
        UnsafeNameError: A name would lead elsewhere.
    """
    return f"{check_workspace(workspace)}/{check_title(title_versionless)}"


def record_name(workspace: str, title_versionless: str, version: Version | str) -> str:
    """Return where a record lies.

    Raises:
        UnsafeNameError: A name would lead elsewhere.
        QueryError: The version is none.
    """
    number = version if isinstance(version, Version) else Version.parse(version)
    return f"{shelf_of(workspace, title_versionless)}/{title_of(title_versionless, number)}{SUFFIX}"


def version_in(name: str, title_versionless: str) -> Version | None:
    """Return the version that the name of a file beside the records tells, or None where it is no record."""
    start = f"{title_versionless}-v"
    if not name.startswith(start) or not name.endswith(SUFFIX):
        return None
    try:
        return Version.parse(name[len(start) : -len(SUFFIX)])
    except QueryError:
        return None


def blob_name(pid: str) -> str:
    """Return where a blob lies below its shelf.

    Raises:
        UnsafeNameError: The id is no digest: it would lead elsewhere.
    """
    if not _BLOB.fullmatch(str(pid)):
        raise UnsafeNameError(
            f"the blob id {str(pid)[:200]!r} is refused: in this archive it is 64 hexadecimal digits",
            name=str(pid),
        )
    return f"blobs/{pid[:2]}/{pid}"


def yank_name(workspace: str, title_versionless: str, version: Version) -> str:
    """Return where it is noted that a version was yanked.

    Raises:
        UnsafeNameError: A name would lead elsewhere.
    """
    return f"{shelf_of(workspace, title_versionless)}/{OURS}/yanked/{version}"
