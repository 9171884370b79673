"""Reads the pages of a listing (``ListObjectsV2`` of S3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from store.errors import TransportError
from store.transports.objects.answers import bare
from store.transports.objects.base import ObjectMeta

_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)


class Page(NamedTuple):
    """A page of a listing.

    Attributes:
        objects: What it lists.
        token: What asks for the next page, or None.
    """

    objects: list[ObjectMeta]
    token: str | None


def page_of(body: bytes, shown: str) -> Page:
    """Return what a page of ``ListObjectsV2`` lists; keys were asked for with ``encoding-type=url``.

    Raises:
        TransportError: It is no listing, or one that does not say how it goes on.
    """
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat since 2.4.1 bounds what entities become
        spaced = re.match(r"\{[^}]*\}", root.tag)
        space = spaced[0] if spaced else ""
        if root.tag != f"{space}ListBucketResult":
            raise ValueError(root.tag)  # noqa: TRY301 - one wall
        encoded = root.findtext(f"{space}EncodingType") == "url"
        objects = list(_objects(root, space, encoded=encoded))
    except (ET.ParseError, ValueError, TypeError) as error:
        raise TransportError(
            f"{shown}: what came is no listing of a bucket: is this the address of an object store?",
            url=shown,
        ) from error
    if root.findtext(f"{space}IsTruncated") != "true":
        return Page(objects, None)
    token = root.findtext(f"{space}NextContinuationToken")
    if not token:  # half a listing taken for the whole would have files deleted
        raise TransportError(
            f"{shown}: the store says that there is more to list, and not how to ask for it: try again, or"
            " tell who keeps it",
            url=shown,
        )
    return Page(objects, token)


def _objects(root: ET.Element, space: str, *, encoded: bool) -> Iterator[ObjectMeta]:
    for one in root.iter(f"{space}Contents"):
        told = {child.tag.removeprefix(space): child.text for child in one}
        key = told.get("Key") or ""
        size = told.get("Size") or ""
        if not _NUMBER.fullmatch(size):
            raise ValueError("a size that is no number")
        yield ObjectMeta(
            unquote(key.replace("+", " ")) if encoded else key,
            int(size),
            bare(told.get("ETag")),
            _moment(told.get("LastModified")),
        )


def _moment(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if value else None
    except ValueError:
        return None
