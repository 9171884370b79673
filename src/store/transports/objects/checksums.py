"""Reads the checksums that S3 keeps of whole objects."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

ASKING: Final[Mapping[str, str]] = {"x-amz-checksum-mode": "ENABLED"}
"""What a ``HEAD`` is sent with so that its answer tells checksums."""

_MD5: Final = re.compile("[0-9a-f]{32}")
_IN_PARTS: Final = re.compile("[0-9a-f]{32}-[0-9]{1,5}")

_SIZES: Final[Mapping[str, int]] = {
    "sha256": 32,
    "sha1": 20,
    "crc64nvme": 8,
    "crc32c": 4,
    "crc32": 4,
}
"""The checksums that S3 keeps, and their bytes."""


def checksums_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the checksums of a whole content by algorithm, in hex; empty where there are none.

    A checksum of the parts' checksums (``x-amz-checksum-type: COMPOSITE``, or ``-N`` at its end) is none of
    the content; that of an object in parts is one unless it is said to be of the whole. An entity tag is the
    MD5 of what came in one part, and was not encrypted with a key of KMS or of the customer's. Sources: the
    S3 user guide, *Checking object integrity*, and *Object* in the API reference.

    Args:
        headers: Of the answer to a ``HEAD`` sent with `ASKING`.
    """
    found = {}
    tag = headers.get("etag", "").strip('"')
    if _MD5.fullmatch(tag) and not _has_own_key(headers):
        found["md5"] = tag
    usual = "COMPOSITE" if _IN_PARTS.fullmatch(tag) else "FULL_OBJECT"
    if headers.get("x-amz-checksum-type", usual).upper() != "FULL_OBJECT":
        return found
    for algorithm, size in _SIZES.items():
        try:
            read = base64.b64decode(headers.get(f"x-amz-checksum-{algorithm}", ""), validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(read) == size:
            found[algorithm] = read.hex()
    return found


def _has_own_key(headers: Mapping[str, str]) -> bool:
    """Whether an object was encrypted so that its entity tag is another one's than its content's."""
    customers = "x-amz-server-side-encryption-customer-algorithm" in headers
    return customers or headers.get("x-amz-server-side-encryption", "AES256") != "AES256"
