"""Opens an archive on a CDCS, logged in."""

from __future__ import annotations

from pathlib import Path

from store.config.reading import read_settings
from store.releases.cdcs import CDCSArchive
from store.releases.logins import login_for, remember
from store.transports.base import TransferOptions


def open_cdcs(
    host: str,
    user: str | None = None,
    password: str | None = None,
    *,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
    ca_file: str | Path | None = None,
    options: TransferOptions | None = None,
) -> CDCSArchive:
    """Open an archive, ask it one thing, and let the keyring remember what opened it, where that is new.

    What is missing of user and password is looked for, and asked of the person at the terminal, as
    `get_credentials` does; a certificate needs neither.

    Args:
        host: The server's address.
        user: The user's name.
        password: The password, or a token without a user.
        certificate: The path of a client's certificate to log in with.
        key: The path of its key.
        ca_file: The path of the certificates to trust at this server.
        options: How bytes are to be moved; None takes the settings'.

    Raises:
        CredentialsError: The server does not accept them, or there are none for that user.
        StoreError: The server cannot be asked.
    """
    settings = read_settings().settings
    login = None
    if certificate is None or password is not None:
        login = login_for(host, user, password)
    archive = CDCSArchive(
        host,
        user if login is None else login.user or None,
        None if login is None else login.password,
        certificate=certificate,
        key=key,
        ca_file=ca_file,
        options=options or TransferOptions.from_settings(settings),
    )
    archive.curator.get_workspaces()
    if login is not None and settings.keyring:
        remember(host, login)
    return archive
