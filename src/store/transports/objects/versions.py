"""Tells whether a bucket keeps versions of its objects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from store.transports.objects.base import ObjectClient
from store.transports.objects.checking import check
from store.transports.repeating import repeated

if TYPE_CHECKING:
    from store.transports.objects.signed import SignedObjects

_STATUS: Final = re.compile(rb"<Status>(?:Enabled|Suspended)</Status>")
"""What a bucket says that keeps versions, or has kept some. Source: the S3 API reference,
``GetBucketVersioning``."""

_KEPT: Final = re.compile(rb"<(?:Version|DeleteMarker)>")
"""What a page of ``ListObjectVersions`` names."""

_OK: Final = 200
_UNKNOWN: Final = frozenset({400, 401, 403, 404, 405, 501})


def keeps_versions(client: ObjectClient) -> bool:
    """Return whether a bucket holds versions, so that it is not empty once its objects are deleted.

    Where that cannot be asked (no keys are given, they may not ask whether versions are kept, or the server
    does not know of it) it is taken for False.

    Args:
        client: The bucket's objects.

    Raises:
        StoreError: The server fails, or cannot be reached: nobody knows.
    """
    from store.transports.objects.signed import SignedObjects

    reader = client.reader()
    if not isinstance(reader, SignedObjects):
        return False
    if not _STATUS.search(_answer(reader, {"versioning": ""}) or b""):
        return False
    page = _answer(reader, {"versions": "", "max-keys": "1"})
    # Who may not look cannot say that there are none.
    return page is None or _KEPT.search(page) is not None


def _answer(reader: SignedObjects, query: dict[str, str]) -> bytes | None:
    """Ask a question of the bucket; None where the server does not know it, or forbids it."""

    def once() -> bytes | None:
        """Ask once."""
        answer = reader.ask("GET", None, query)
        if answer.status == _OK:
            return answer.read()
        if answer.status not in _UNKNOWN:
            check(answer, reader.address, None)
        answer.stream.close()
        return None

    return repeated(once, reader.options)
