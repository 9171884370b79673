"""Reads what S3 answers: errors, headers, parts."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Final

from store.transports.objects.base import ObjectMeta

_META: Final = "x-amz-meta-"
_META_BYTES: Final = _META.encode("ascii")
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9.]{1,80})</Code>")


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


def meta_in(key: str, fields: Mapping[bytes, bytes], size: int) -> ObjectMeta:
    """Return what the head of a plain answer says of an object.

    Args:
        key: The object's name.
        fields: The headers, names in lower case: see `store.transports.bulk.Came`.
        size: Its bytes.
    """
    start = len(_META)
    kept = {
        name[start:].decode("ascii"): value.decode("ascii")
        for name, value in fields.items()
        if name.startswith(_META_BYTES)
    }
    said = {
        name: fields[name.encode("ascii")].decode("ascii")
        for name in ("etag", "last-modified", "x-amz-version-id")
        if name.encode("ascii") in fields
    }
    date = _date(said.get("last-modified"))
    return ObjectMeta(key, size, bare(said.get("etag")), date, version_of(said), kept)


def version_of(headers: Mapping[str, str]) -> str | None:
    """Return the version id that an answer names; None where the bucket keeps no versions."""
    found = headers.get("x-amz-version-id")
    return found if found and found != "null" else None


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return when an answer was given, by the clock of whoever gave it (``Date``), or None."""
    return _date(headers.get("Date"))


def upload_of(body: bytes) -> str | None:
    """Return the id of a multipart upload that has begun, or None."""
    match = re.search(r"<UploadId>([^<]{1,1024})</UploadId>", body.decode("utf-8", "replace"))
    return unescape(match[1]) if match else None


def etag_in(body: bytes) -> str | None:
    """Return the entity tag that the end of a multipart upload names, without quotes."""
    match = re.search(r"<ETag>([^<]{1,200})</ETag>", body.decode("utf-8", "replace"))
    return bare(unescape(match[1]).strip()) if match else None


def completion(etags: list[str]) -> bytes:
    """Return the list of parts that ends a multipart upload."""
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>"
        for number, etag in enumerate(etags, 1)
    )
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<CompleteMultipartUpload xmlns="{space}">{parts}</CompleteMultipartUpload>'.encode()


@functools.lru_cache(maxsize=256)
def _date(value: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError):
        return None
    return found.astimezone(UTC) if found else None
