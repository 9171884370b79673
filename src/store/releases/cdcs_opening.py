"""Opens an archive on a CDCS, logged in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from store.config.model import Settings
from store.config.reading import read_settings
from store.config.tables import configuration_of, located
from store.errors import ConfigurationError
from store.releases.cdcs import CDCSArchive
from store.releases.logins import login_for, origin_for, remember
from store.transports.base import TransferOptions

_PATHS = frozenset({"ca_file", "certificate", "key"})
"""What a table of the settings may say of a server beside its address."""


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
    `get_credentials` does; a certificate needs neither. Certificates that are not given are those of the
    table ``[archive.NAME]`` of the settings that has this host.

    Args:
        host: The server's address.
        user: The user's name.
        password: The password, or a token without a user.
        certificate: The path of a client's certificate to log in with.
        key: The path of its key.
        ca_file: The path of the certificates to trust at this server.
        options: How bytes are to be moved; None takes the settings'.

    Raises:
        CredentialsError: The server does not accept them, or there are none.
        ConfigurationError: A file of certificates cannot be read.
        StoreError: The server cannot be asked.
    """
    settings = read_settings().settings
    origin_for(host)
    table = _table_of(host, settings)
    said = configuration_of(table, _PATHS & table.keys())
    certificate = certificate or said.get("certificate")
    login = None
    if certificate is None or password is not None:
        login = login_for(host, user, password, keyring=settings.keyring)
    try:
        archive = CDCSArchive(
            host,
            user if login is None else login.user or None,
            None if login is None else login.password,
            certificate=certificate,
            key=key or said.get("key"),
            ca_file=ca_file or said.get("ca_file"),
            options=options or TransferOptions.from_settings(settings),
        )
    except ConfigurationError as error:
        raise located(error, table) from None
    archive.curator.get_workspaces()
    if login is not None and settings.keyring:
        remember(host, login)
    return archive


def begin_cdcs(host: str, user: str | None = None, *, ca_file: str | None = None) -> CDCSArchive:
    """Open an archive, and create at its server what releases need there; see `open_cdcs`.

    Raises:
        CredentialsError: The user may not: a server's staff may.
        StoreError: The server cannot be asked.
    """
    archive = open_cdcs(host, user, ca_file=ca_file)
    archive.initialise()
    return archive


def _table_of(host: str, settings: Settings) -> Mapping[str, Any]:
    """Return the table of the settings that has this host, or an empty one."""
    for table in settings.archives.values():
        if str(table.get("host", "")).rstrip("/") == host.rstrip("/"):
            return table
    return {}
