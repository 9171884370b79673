"""Lists uploads in parts that were never finished, and takes them back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from store.errors import RefusedError, TransportError
from store.transports.objects.base import ObjectClient
from store.transports.objects.checking import check
from store.transports.objects.failures import is_forgotten
from store.transports.repeating import repeated

if TYPE_CHECKING:
    from store.transports.objects.signed import SignedObjects

_MISSING: Final = 404


class Unfinished(NamedTuple):
    """An upload that has begun, and has not ended: its parts are kept, and paid for.

    Attributes:
        key: The object's name.
        upload: The upload's id.
        begun: When it began (UTC), or None where the store does not tell.
    """

    key: str
    upload: str
    begun: datetime | None


def unfinished(client: ObjectClient, prefix: str = "") -> Iterator[Unfinished]:
    """Give the uploads whose keys begin with a prefix.

    Args:
        client: The bucket's objects.
        prefix: What the keys begin with, as text.

    Raises:
        RefusedError: The store is none of S3's, or no keys are given (``limit="kind"``).
        StoreError: What the client raises.
    """
    signed = _signed(client)
    asked = {"uploads": "", "encoding-type": "url", "prefix": prefix}
    while True:
        found, more = repeated(lambda query=dict(asked): _page(signed, query), signed.options)  # type: ignore[misc]
        for one in found:
            if one.key.startswith(prefix):
                yield one
        if not more or more.items() <= asked.items():
            return
        asked |= more


def take_back(client: ObjectClient, one: Unfinished) -> None:
    """Let the store forget an upload and its parts; one that is gone is no error.

    Raises:
        StoreError: See `unfinished`.
    """
    signed = _signed(client)

    def once() -> None:
        """Ask; what is not there has ended meanwhile."""
        answer = signed.ask("DELETE", one.key, {"uploadId": one.upload})
        if answer.status == _MISSING:
            answer.stream.close()
            return
        check(answer, signed.address, one.key)
        answer.stream.close()

    repeated(once, signed.options)


def _signed(client: ObjectClient) -> SignedObjects:
    """Return what asks by requests of our own, of which the library has none for this.

    Raises:
        RefusedError: There is none.
    """
    from store.transports.objects.signed import SignedObjects

    reader = client.reader()
    if not isinstance(reader, SignedObjects):
        raise RefusedError(
            f"{client.address} cannot be asked for its uploads from here: that needs S3, and keys that are"
            " given",
            limit="kind",
            url=client.address,
        )
    return reader


def _page(signed: SignedObjects, query: dict[str, str]) -> tuple[list[Unfinished], dict[str, str]]:
    answer = signed.ask("GET", None, query)
    try:
        check(answer, signed.address, None, now=signed.options.clock.now())
    except TransportError as error:
        if is_forgotten(error):  # what rclone's server says where there is none
            return [], {}
        raise
    return uploads_of(answer.read(), signed.address)


def uploads_of(body: bytes, shown: str) -> tuple[list[Unfinished], dict[str, str]]:
    """Return what a page of ``ListMultipartUploads`` lists, and what asks for the next one (empty: none).

    Args:
        body: The page; keys were asked for with ``encoding-type=url``.
        shown: The bucket's address.

    Raises:
        TransportError: It is no such listing.
    """
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat since 2.4.1 bounds what entities become
    except ET.ParseError as error:
        raise TransportError(f"{shown}: what came is no list of uploads", url=shown) from error
    spaced = re.match(r"\{[^}]*\}", root.tag)
    space = spaced[0] if spaced else ""
    encoded = root.findtext(f"{space}EncodingType") == "url"
    found = []
    for one in root.iter(f"{space}Upload"):
        told = {child.tag.removeprefix(space): child.text or "" for child in one}
        key = told.get("Key", "")
        key = unquote(key.replace("+", " ")) if encoded else key
        found.append(Unfinished(key, told.get("UploadId", ""), _moment(told.get("Initiated"))))
    if root.findtext(f"{space}IsTruncated") != "true":
        return found, {}
    keys, uploads = (
        root.findtext(f"{space}{name}") or "" for name in ("NextKeyMarker", "NextUploadIdMarker")
    )
    marker = unquote(keys.replace("+", " ")) if encoded else keys
    return found, {"key-marker": marker, "upload-id-marker": uploads}


def _moment(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if value else None
    except ValueError:
        return None
