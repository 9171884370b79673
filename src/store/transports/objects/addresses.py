"""Addresses of objects: ``s3://bucket/key`` and ``bucket:NAME/key``."""

from __future__ import annotations

from typing import NamedTuple, Self


class ObjectAddress(NamedTuple):
    """An object's address, taken apart.

    Attributes:
        scheme: ``s3``, ``gs`` or ``az``; ``bucket`` where a connection is named in the settings.
        bucket: The bucket's name; the connection's name for ``bucket``.
        key: The object's name in the bucket, as it stands: nothing is percent-decoded, and no ``..`` is
            resolved, since a key is no path. Empty for the bucket itself; it may be a prefix.
        version: What ``?versionId=`` says, or None.
    """

    scheme: str
    bucket: str
    key: str = ""
    version: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take an address apart.

        Args:
            text: ``s3://bucket/key``, ``gs://…``, ``az://…``, each perhaps with ``?versionId=…``;
                ``bucket:NAME/key`` for a named connection.

        Raises:
            LocatorError: It is no such address, names no bucket, or has another query.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        """Return the address again."""
        raise NotImplementedError
