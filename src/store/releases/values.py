"""What archives are told, and what they tell."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from store.errors import QueryError
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.versions import Version

Records = dict[str, dict[str, Any]]
"""Records as plain data, by title and version, from the oldest version to the newest."""


HEALING: Final = (
    "'store release copy' from an archive that has it whole mends it, and so does 'store release publish' of"
    " the same files under the same version, with the same options, unless an older tool has published it"
)
"""What is to be done where the content of a file is missing or damaged in an archive."""


def check_threads(count: int) -> int:
    """Return how many files are to be moved at once, as long as it is one at least.

    Raises:
        QueryError: It is less.
    """
    if count < 1:
        raise QueryError(f"max_threads is 1 at least, not {count}", query=count)
    return count


class Listed(NamedTuple):
    """One line of a listing.

    Attributes:
        workspace: Where it lies.
        title: Its title, without a version.
        version: Its version.
        yanked: Why ranges pass it over; an empty text where no reason was given, None where they do not.
        files: How many files it has, or None where only the record tells.
        size: The bytes of them together, or None.
        digest: The digest of its record, or None.
    """

    workspace: str
    title: str
    version: Version
    yanked: str | None = None
    files: int | None = None
    size: int | None = None
    digest: str | None = None


class Uploaded(NamedTuple):
    """What became of one file.

    Attributes:
        pid: The id of its blob.
        size: Its bytes.
        sha256: Its SHA-256 in hexadecimal.
    """

    pid: str
    size: int
    sha256: str


class Naming(NamedTuple):
    """For which release a blob is uploaded.

    Attributes:
        title_versionless: Its title.
        title: Title and version.
        workspace: Where it goes.
    """

    title_versionless: str
    title: str
    workspace: str


def workspace_of(workspace: str | None, workspace_title: str | None) -> str:
    """Return where a release goes, which may be said by either of two names.

    Raises:
        QueryError: They say different things.
    """
    if workspace and workspace_title and workspace != workspace_title:
        raise QueryError(
            f"workspace is {workspace!r} and workspace_title {workspace_title!r}, which are two names of one"
            " thing: give one of them",
            query=workspace_title,
        )
    return workspace or workspace_title or DEFAULT_WORKSPACE


def naming_of(title_versionless: str, title: str, workspace: str) -> Naming:
    """Return for which release a blob is uploaded.

    Args:
        title_versionless: Its title.
        title: Title and version.
        workspace: Where it goes.

    Raises:
        QueryError: The two titles are in each other's place: their order differs between archives.
    """
    if str(title_versionless).startswith(f"{title}-v"):
        raise QueryError(
            f"{title_versionless!r} stands where the title without a version belongs, and {title!r} where"
            " that with one does: give them by name",
            query=title_versionless,
        )
    return Naming(title_versionless, title, workspace)
