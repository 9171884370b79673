"""Tells whether a bucket keeps versions of its objects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from store.errors import StoreError
from store.transports.objects.base import ObjectClient

if TYPE_CHECKING:
    from store.transports.objects.signed import SignedObjects

_STATUS: Final = re.compile(rb"<Status>(?:Enabled|Suspended)</Status>")
"""What a bucket says that keeps versions, or has kept some. Source: the S3 API reference,
``GetBucketVersioning``."""

_KEPT: Final = re.compile(rb"<(?:Version|DeleteMarker)>")
"""What a page of ``ListObjectVersions`` names."""

_OK: Final = 200


def keeps_versions(client: ObjectClient) -> bool:
    """Return whether a bucket holds versions, so that it is not empty once its objects are deleted.

    Where that cannot be asked (no keys are given, or the server does not know of it) it is taken for False.

    Args:
        client: The bucket's objects.
    """
    from store.transports.objects.signed import SignedObjects

    reader = client.reader()
    if not isinstance(reader, SignedObjects):
        return False
    try:
        if not _STATUS.search(_answer(reader, {"versioning": ""})):
            return False
        return bool(_KEPT.search(_answer(reader, {"versions": "", "max-keys": "1"})))
    except StoreError:
        return False


def _answer(reader: SignedObjects, query: dict[str, str]) -> bytes:
    answer = reader.ask("GET", None, query)
    body = answer.read()
    return body if answer.status == _OK else b""
