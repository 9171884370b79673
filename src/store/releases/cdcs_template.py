"""Prepares a CDCS for releases: its template, and identifiers."""

from __future__ import annotations

from typing import Final

from store.errors import CredentialsError
from store.releases.cdcs_records import FILENAME, PID_PATH, SCHEMA, TEMPLATE
from store.releases.curator import Curator

_FORBIDDEN: Final = 403


def create_template(curator: Curator) -> bool:
    """Create the template, and let the server mint identifiers; what is there stays.

    Args:
        curator: The session.

    Returns:
        Whether there was anything to create.

    Raises:
        CredentialsError: The user may not: a server's staff may.
        StoreError: The server fails.
    """
    try:
        return _create(curator)
    except CredentialsError as error:
        if error.status != _FORBIDDEN:
            raise
        raise CredentialsError(
            f"{curator.host} lets only its staff prepare it for releases: ask one of them to call"
            f" 'store release init {curator.host}' once",
            url=error.url,
            status=error.status,
        ) from error


def _create(curator: Curator) -> bool:
    created = not curator.get_templates(TEMPLATE)
    if created:
        curator.upload_template(FILENAME, SCHEMA, TEMPLATE)
    if curator.auto_set_pid():
        for template in curator.get_templates(TEMPLATE)[:1]:
            created = curator.upload_pid_path(template, PID_PATH) or created
    return created
