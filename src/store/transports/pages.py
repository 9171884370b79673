"""Tells an error or login page from the file that it came in place of."""

from __future__ import annotations

import re
from typing import Final

from store.addresses import label
from store.errors import IntegrityError, TransportError
from store.transports.base import Stream

_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})

_OF_PAGES: Final = frozenset(
    ("html", "htm", "xhtml", "xht", "shtml", "php", "phtml", "asp", "aspx", "jsp", "cgi", "do")
)
"""The suffixes of names that pages have, in lower case."""

_SUFFIX: Final = re.compile(r"\.([A-Za-z0-9]{1,10})$")

_OK: Final = 200


def refuse_page(
    stream: Stream,
    *,
    address: str,
    name: str,
    digest_decides: bool = False,
    size: int | None = None,
    again: bool = False,
) -> None:
    """Refuse an HTML page where a file was expected, before a byte of it is moved.

    A file is expected where the address or the name ends with a suffix, and neither with one of pages. A
    digest knows better than a media type: where it decides, a page of the announced size is let pass.

    Args:
        stream: The answer.
        address: What was asked.
        name: What the file is to be called.
        digest_decides: Whether the content will be held against a digest, and no other address is to be
            asked first.
        size: What the content must measure, in bytes, or None.
        again: Whether the address may be asked again when the others have failed.

    Raises:
        TransportError: It is such a page.
    """
    if (
        not _is_page(stream.content_type)
        or stream.offset
        or not _expects_a_file(name, label(address))
    ):
        return
    other_size = size is not None and stream.size is not None and stream.size != size
    if digest_decides and not other_size:
        return
    raise TransportError(
        f"{stream.address}: an HTML page came in place of the file {name!r}: an error or login page? If the"
        " page is what is wanted, pin its digest, or call it .html",
        url=stream.address,
        status=None if again and not other_size else _OK,
    )


def tell_page(error: IntegrityError, stream: Stream, *, address: str, name: str) -> bool:
    """Say in an error of a wrong content that a page came, where none was wanted; return whether one did.

    Args:
        error: Its message is added to.
        stream: The answer.
        address: What was asked.
        name: What the file is to be called.
    """
    hint = page_hint(stream.content_type, address=address, name=name)
    error.messages[-1] += hint
    return hint != ""


def page_hint(content_type: str | None, *, address: str, name: str) -> str:
    """Return what is to be added to the message of a wrong content: nothing, unless a page came.

    Args:
        content_type: The media type of what came, or None.
        address: What was asked.
        name: What the file is to be called.
    """
    if not _is_page(content_type) or _suffixes(name, label(address)) & _OF_PAGES:
        return ""
    return (
        f"; an HTML page came in place of {name!r}: an error or login page? Open the address in a"
        " browser, and give that of the file itself, or the credentials that it asks for"
    )


def _is_page(content_type: str | None) -> bool:
    return (content_type or "").partition(";")[0].strip().lower() in _TYPES


def _suffixes(*names: str) -> set[str]:
    return {found[1].lower() for one in names if (found := _SUFFIX.search(one))}


def _expects_a_file(*names: str) -> bool:
    suffixes = _suffixes(*names)
    # A number is a version: the page /tool/1.0 is no file of the suffix '.0'.
    return any(not one.isdigit() for one in suffixes) and not suffixes & _OF_PAGES
