"""Reads what an HTTP answer's headers say, and trusts none of it."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Final

from store.files.names import safe_name

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)
_LONGEST_NUMBER: Final = 19
"""Digits of the longest length that is believed: below 10 EiB."""

_SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "gzip": (".gz", ".tgz", ".svgz"),
    "x-gzip": (".gz", ".tgz", ".svgz"),
    "compress": (".z", ".taz"),
    "x-compress": (".z", ".taz"),
    "bzip2": (".bz2", ".tbz2"),
    "x-bzip2": (".bz2", ".tbz2"),
    "br": (".br",),
    "zstd": (".zst", ".tzst"),
}


def content_length(values: Iterable[str]) -> int | None:
    """Return the length in bytes that all ``Content-Length`` headers agree on, or None without any.

    Source: RFC 9110, section 8.6: a list of equal numbers counts as one.

    Raises:
        ValueError: One is no number, or two disagree.
    """
    numbers = {number.strip() for value in values for number in value.split(",")}
    if not numbers:
        return None
    if not all(one.isascii() and one.isdigit() and len(one) <= _LONGEST_NUMBER for one in numbers):
        raise ValueError(f"a length that is no number: {_shown(numbers)}")
    if len({int(one) for one in numbers}) > 1:
        raise ValueError(f"lengths that disagree: {_shown(numbers)}")
    return int(numbers.pop())


def framed_length(lengths: Iterable[str], transfer: str | None) -> int | None:
    """Return the length in bytes of what is to come; None for chunks, or what ends with the connection.

    Args:
        lengths: All ``Content-Length`` headers.
        transfer: The ``Transfer-Encoding``.

    Raises:
        ValueError: The framing is one that is not understood, or two disagree (RFC 9112, section 6.3).
    """
    coding = (transfer or "").strip().lower()
    if coding not in {"", "chunked"}:
        raise ValueError(f"the transfer encoding {coding[:40]!r}")
    length = content_length(lengths)
    if coding and length is not None:
        raise ValueError("a length and chunks at once")
    return length


def content_range(
    value: str | None, offset: int, length: int | None = None, until: int | None = None
) -> int:
    """Return the whole body's size in bytes from the ``Content-Range`` that answers our ``Range``.

    Source: RFC 9110, section 14.4.

    Args:
        value: The header.
        offset: The byte that was asked for, with all that follow it.
        length: The announced length in bytes of the part, or None.
        until: Behind the last byte that was asked for; None asked for all that follow.

    Raises:
        ValueError: It is missing, malformed, or not the range that was asked for.
    """
    match = _CONTENT_RANGE.fullmatch((value or "").strip())
    if match is None:
        raise ValueError("a part without a Content-Range that can be read")
    first, last, total = (int(number) for number in match.groups())
    end = total if until is None else min(until, total)
    if first != offset or last != end - 1:
        raise ValueError(
            f"the bytes {first}-{last} of {total}, where {offset} to {end - 1} were asked for"
        )
    if length is not None and length != end - offset:
        raise ValueError(f"{length} bytes for a part of {end - offset}")
    return total


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` asks to wait, never below 0; None where it says nothing.

    Args:
        value: Seconds or an HTTP date (RFC 9110, section 10.2.3).
        now: The time, in seconds since 1970 UTC.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:_LONGEST_NUMBER])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def suggested_name(value: str | None) -> str | None:
    """Return the file name of a ``Content-Disposition`` (RFC 6266), as a label that is safe to show."""
    if not value:
        return None
    message = Message()
    message["Content-Disposition"] = " ".join(value.split())
    try:
        name = message.get_filename("")
    except Exception:  # noqa: BLE001 - email's parser stumbles in many ways
        return None
    return safe_name(name, "") or None


def encoded(value: str | None, path: str) -> bool:
    """Whether a ``Content-Encoding`` means that the raw bytes are not the resource.

    Some servers call ``x.tar.gz`` a tar archive in the encoding gzip: its raw bytes are the file that the
    path names, and are content.

    Args:
        value: The header.
        path: The path of the address.
    """
    coding = (value or "").strip().lower()
    if coding in {"", "identity"}:
        return False
    return not path.lower().endswith(_SUFFIXES.get(coding, ("\0",)))


def _shown(numbers: Iterable[str]) -> str:
    return ", ".join(repr(one[:40]) for one in sorted(numbers)[:4])
