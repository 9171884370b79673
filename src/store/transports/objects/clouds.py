"""Makes sure that keys of Google's and Azure's stores can be meant."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from store.errors import ConfigurationError
from store.transports.objects.connection import Connection


def check_cloud(connection: Connection, shown: str) -> None:
    """Refuse keys that the library would refuse without saying which; no secret is told.

    Args:
        connection: How the store is reached.
        shown: The bucket's address.

    Raises:
        ConfigurationError: A file of keys is missing, a secret is no base64, or Azure's account is not named.
    """
    if connection.anonymous:
        return
    if connection.kind == "gs":
        _check_file(connection, shown)
    elif connection.kind == "az":
        _check_account(connection, shown)


def _check_file(connection: Connection, shown: str) -> None:
    key, path = "credentials_file", connection.credentials_file
    if path is None:
        key = "GOOGLE_APPLICATION_CREDENTIALS"
        path = Path(os.environ[key]) if os.environ.get(key) else None
    if path is not None and not path.is_file():
        raise ConfigurationError(
            f"{shown}: {key} names {path}, which is no file: give the service account's file",
            key=key,
            path=str(path),
        )


def _check_account(connection: Connection, shown: str) -> None:
    named = connection.access_key or connection.endpoint
    around = ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
    if named is None and not any(os.environ.get(one) for one in around):
        raise ConfigurationError(
            f"{shown}: the account is not named: give access_key (its name) and secret_key in"
            " [connection.az], or AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
            key="access_key",
        )
    if connection.secret_key is not None:
        try:
            base64.b64decode(connection.secret_key, validate=True)
        except binascii.Error:
            raise ConfigurationError(
                f"{shown}: secret_key is no base64, as the keys of Azure's accounts are: copy it anew",
                key="secret_key",
            ) from None
