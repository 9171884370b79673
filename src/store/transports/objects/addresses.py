"""Addresses of objects: ``s3://bucket/key`` and ``bucket:NAME/key``."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qsl, quote, unquote

from store.addresses import public
from store.errors import LocatorError

SCHEMES: Final = ("s3", "gs", "az")
"""The schemes of object stores; ``bucket`` stands for a connection of the settings."""

NAMED: Final = "bucket"
"""What stands before the name of a connection of the settings."""

_ADDRESS: Final = r"(?is)(?:(s3|gs|az)://|(bucket):(?://)?)([^/?#]*)(?:/([^?#]*))?(?:\?([^#]*))?"
BUCKET: Final = r"[A-Za-z0-9$_][A-Za-z0-9._$-]{0,254}"
"""What a bucket may be called, in any cloud."""

_VERSION: Final = "versionId"


class ObjectAddress(NamedTuple):
    """An object's address, taken apart.

    Attributes:
        scheme: ``s3``, ``gs`` or ``az``; ``bucket`` where a connection is named in the settings.
        bucket: The bucket's name; the connection's name for ``bucket``.
        key: The object's name in the bucket, decoded: no ``..`` is resolved, since a key is no path.
            Empty for the bucket itself; it may be a prefix.
        version: What ``?versionId=`` says, or None.
    """

    scheme: str
    bucket: str
    key: str = ""
    version: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take an address apart; the key is percent-decoded once, so that ``%`` itself is written ``%25``.

        Args:
            text: ``s3://bucket/key``, ``gs://…``, ``az://…``, each perhaps with ``?versionId=…``;
                ``bucket:NAME/key`` or ``bucket://NAME/key`` for a named connection.

        Raises:
            LocatorError: It is no such address, names no bucket, has another query, or its key is no UTF-8.
        """
        match = re.fullmatch(_ADDRESS, text)
        if match is None:
            raise LocatorError(
                f"{public(text)!r} is no address of an object: write 's3://bucket/key' (gs, az), or"
                " 'bucket:NAME/key' for a connection of the settings"
            )
        scheme, bucket, key = (match[1] or match[2]).lower(), match[3], match[4] or ""
        if not re.fullmatch(BUCKET, bucket):
            # What stands there may be a user and a password.
            shape = "bucket:NAME/key" if scheme == NAMED else f"{scheme}://bucket/key"
            raise LocatorError(
                f"an address of the scheme {scheme} names no bucket, or has a name that none can have:"
                f" write '{shape}'; keys are told in [connection.NAME], the environment or the AWS files,"
                " never in addresses"
            )
        return cls(scheme, bucket, _decoded(key), _version(match[5]))

    @property
    def root(self) -> str:
        """The bucket's own address."""
        return f"{self.scheme}://{self.bucket}"

    @property
    def brief(self) -> str:
        """The address as people write it: that of a named connection without slashes before the name."""
        return str(self).replace(f"{NAMED}://", f"{NAMED}:", self.scheme == NAMED)

    def __str__(self) -> str:
        """Return the address again, so that `parse` gives the same."""
        key = "".join(
            one if _stands(one) else quote(one, "", errors="surrogatepass") for one in self.key
        )
        version = "" if self.version is None else f"?{_VERSION}={quote(self.version, safe='')}"
        return f"{self.root}/{key}{version}" if key or version else self.root


def _stands(letter: str) -> bool:
    """Whether a letter of a key stands for itself in an address."""
    return letter not in "%?#" and letter.isprintable() and not letter.isspace()


def _decoded(key: str) -> str:
    try:
        return unquote(key, errors="strict")
    except UnicodeDecodeError:
        raise LocatorError(
            f"the key {key!r} is no UTF-8 when it is decoded: write '%' itself as %25"
        ) from None


def _version(query: str | None) -> str | None:
    """Return the version that a query names."""
    if query is None:
        return None
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(pairs) != 1 or pairs[0][0] != _VERSION or not pairs[0][1]:
        raise LocatorError(
            f"an object's address knows no query but ?{_VERSION}=…: write '?' in a key as %3F"
        )
    return pairs[0][1]
