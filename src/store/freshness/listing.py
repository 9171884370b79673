"""Finds the newest file of a directory listing page."""

from __future__ import annotations

import fnmatch
import re
import tempfile
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from store.addresses import public
from store.config.reading import read_settings
from store.errors import LocatorError, QueryError, ResourceNotFoundError
from store.files.atomic import private_directory
from store.freshness.pages import Listed, listed_in
from store.transports.base import TransferOptions
from store.transports.opening import scheme_of
from store.transports.receiving import receive

Order = Literal["natural", "lexical", "date"]
"""What is newest: the greatest name with numbers as numbers, the greatest name as text, the latest date."""

_LARGEST: Final = 16 * 1024**2
"""The largest page that is read, in bytes."""


def newest_in(
    index_url: str,
    pattern: str | re.Pattern[str],
    *,
    order: Order = "natural",
    options: TransferOptions | None = None,
) -> str:
    """Return the address of the newest file of a directory listing page.

    Missions publish their kernels so: a directory of ``name_v01.tls``, ``name_v02.tls``, …, listed by the web
    server (Apache, nginx, IIS). Only files of that very directory count.

    Args:
        index_url: The page's address, http or https, with the slash at its end.
        pattern: Which files: a glob that the whole name matches, letters in their case (``naif*.tls``), or a
            compiled regular expression.
        order: ``natural``: by name, with numbers in it as numbers, so that ``v10`` is newer than ``v9``;
            ``lexical``: by name, as text; ``date``: by the date that the page tells.
        options: How the page is fetched; None takes the settings'.

    Returns:
        The address, to be given to `AgedFile` or ``store.fetch``.

    Raises:
        LocatorError: ``index_url`` is no http or https address.
        QueryError: There is no such order, the pattern is none, or the page tells no dates to order by.
        ResourceNotFoundError: The page leads to no such file, or there is no page.
        StoreError: The page cannot be fetched.
    """
    if order not in _KEYS:
        raise QueryError(
            f"there is no order {order!r}: known are {', '.join(_KEYS)}", known=tuple(_KEYS)
        )
    if not isinstance(index_url, str):
        raise LocatorError(f"a listing page has an address, not {type(index_url).__name__}")
    if not isinstance(getattr(pattern, "pattern", pattern), str):
        raise QueryError(f"a pattern is a glob or a compiled expression of text, not {pattern!r}")
    shown = public(index_url)
    if scheme_of(index_url) not in {"http", "https"}:
        raise LocatorError(f"{shown}: a listing page has an address of http or https")
    page, address = _fetched(index_url, options)
    matches = _matcher(pattern)
    found = [one for one in listed_in(page, address) if matches(one.name)]
    if not found:
        spelled = pattern if isinstance(pattern, str) else pattern.pattern
        raise ResourceNotFoundError(
            f"{shown} leads to no file like {spelled!r}: look at the page, or widen the pattern",
            query={"index_url": shown, "pattern": spelled},
            url=shown,
        )
    if order == "date" and not any(one.changed for one in found):
        raise QueryError(f"{shown} tells no dates of these files: order them by name")
    return max(found, key=_KEYS[order]).address


def _fetched(index_url: str, options: TransferOptions | None) -> tuple[str, str]:
    """Return a page's text, and the address that its links count from."""
    options = options or TransferOptions.from_settings(read_settings().settings)
    bounds = options.bounds._replace(max_size=min(options.bounds.max_size, _LARGEST))
    with private_directory(tempfile.gettempdir()) as directory:
        received = receive(
            index_url, directory, options=options._replace(bounds=bounds), name="index.html"
        )
        text = received.path.read_text(encoding="utf-8", errors="replace")
    redirected = received.address != public(index_url)
    return text, received.address if redirected else index_url


def _matcher(pattern: str | re.Pattern[str]) -> Callable[[str], object]:
    if isinstance(pattern, str):
        return re.compile(fnmatch.translate(pattern)).fullmatch
    return pattern.fullmatch


def _natural(name: str) -> Sequence[tuple[int, int, str]]:
    """Return what orders names as people do: numbers by their value, and before letters."""
    parts = re.findall(r"\d+|\D+", name, re.ASCII)
    return [(0, int(one), one) if one.isdecimal() else (1, 0, one) for one in parts]


_KEYS: Final[dict[str, Callable[[Listed], Any]]] = {
    "natural": lambda one: (_natural(one.name), one.name),
    "lexical": lambda one: one.name,
    "date": lambda one: (one.changed or (), _natural(one.name)),
}
"""What each order compares."""
