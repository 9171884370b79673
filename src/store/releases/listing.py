"""Lists the releases of a title by their records."""

from __future__ import annotations

from typing import Any

from store.errors import RefusedError, ReleaseRecordNotFoundError
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.records import Record
from store.releases.values import Listed


def list_by_records(
    archive: Any,  # noqa: ANN401 - an archive: it lies above
    title_versionless: str | None,
    *,
    workspace: str | None = None,
    details: bool = False,
) -> list[Listed]:
    """Return the releases of one title: see `Further.list_releases`.

    No expression asks for every pre-release: they are listed where the archive gives them unasked.

    Raises:
        RefusedError: No title is named, and the archive cannot list all that it has.
    """
    if title_versionless is None:
        raise RefusedError(
            f"{archive.host} lists the releases of one title only: name it", limit="list"
        )
    where = workspace or DEFAULT_WORKSPACE
    try:
        found = archive.get_release_records(
            title_versionless=title_versionless, version_expressions=None, workspace=where
        )
    except ReleaseRecordNotFoundError:
        return []
    listed = []
    for data in found.values():
        record = Record.from_data(data)
        line = Listed(where, title_versionless, record.version)
        if details:
            digest = record.digest or record.identity
            line = line._replace(files=len(record.blobs), size=record.whole_size, digest=digest)
        listed.append(line)
    return listed
