"""Reads what S3 answers: errors, listings, parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Final, NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from store.errors import TransportError
from store.transports.objects.base import ObjectMeta

_META: Final = "x-amz-meta-"
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9.]{1,80})</Code>")
_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)


class Page(NamedTuple):
    """A page of a listing.

    Attributes:
        objects: What it lists.
        token: What asks for the next page, or None.
    """

    objects: list[ObjectMeta]
    token: str | None


def code_of(body: bytes) -> str | None:
    """Return the code of an error, such as ``NoSuchBucket``, or None."""
    match = _CODE.search(body)
    return match[1].decode() if match else None


def bare(etag: str | None) -> str | None:
    """Return an entity tag without its quotes; None for none. What is weak stays as it is spelled."""
    if not etag:
        return None
    return etag[1:-1] if len(etag) > 1 and etag[0] == etag[-1] == '"' else etag


def quoted(etag: str) -> str:
    """Return a bare entity tag as a header has it."""
    return etag if etag.startswith(('"', "W/")) else f'"{etag}"'


def meta_of(key: str, headers: Mapping[str, str], size: int | None) -> ObjectMeta:
    """Return what the headers of an answer say of an object.

    Args:
        key: The object's name.
        headers: The headers.
        size: The whole body's size, or None where it was not told.
    """
    kept = {
        name.lower()[len(_META) :]: value
        for name, value in headers.items()
        if name.lower().startswith(_META)
    }
    return ObjectMeta(
        key,
        size or 0,
        bare(headers.get("ETag")),
        _date(headers.get("Last-Modified")),
        version_of(headers),
        kept,
    )


def version_of(headers: Mapping[str, str]) -> str | None:
    """Return the version id that an answer names; None where the bucket keeps no versions."""
    found = headers.get("x-amz-version-id")
    return found if found and found != "null" else None


def page_of(body: bytes, shown: str) -> Page:
    """Return what a page of ``ListObjectsV2`` lists; keys were asked for with ``encoding-type=url``.

    Raises:
        TransportError: It is no listing.
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
    more = root.findtext(f"{space}IsTruncated") == "true"
    return Page(objects, root.findtext(f"{space}NextContinuationToken") if more else None)


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


def upload_of(body: bytes) -> str | None:
    """Return the id of a multipart upload that has begun, or None."""
    match = re.search(r"<UploadId>([^<]{1,1024})</UploadId>", body.decode("utf-8", "replace"))
    return _unescaped(match[1]) if match else None


def etag_in(body: bytes) -> str | None:
    """Return the entity tag that the end of a multipart upload names, without quotes."""
    match = re.search(r"<ETag>([^<]{1,200})</ETag>", body.decode("utf-8", "replace"))
    return bare(_unescaped(match[1]).strip()) if match else None


def completion(etags: list[str]) -> bytes:
    """Return the list of parts that ends a multipart upload."""
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>"
        for number, etag in enumerate(etags, 1)
    )
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<CompleteMultipartUpload xmlns="{space}">{parts}</CompleteMultipartUpload>'.encode()


def _unescaped(text: str) -> str:
    return unescape(text)


def _date(value: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError):
        return None
    return found.astimezone(UTC) if found else None


def _moment(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if value else None
    except ValueError:
        return None
