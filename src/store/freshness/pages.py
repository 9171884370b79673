"""Reads the links of a directory listing, and the dates beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Final, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

Moment = tuple[int, int, int, int, int, int]
"""Year, month, day, hour, minute, second, as the page has them."""

_MONTHS: Final = {
    name: number + 1
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    )
}
_TIME: Final = r"(\d{1,2}):(\d{2})(?::(\d{2}))?"
_ISO: Final = re.compile(rf"\b(\d{{4}})-(\d{{2}})-(\d{{2}})[T ]+{_TIME}")
_NAMED: Final = re.compile(rf"\b(\d{{1,2}})-([A-Za-z]{{3}})-(\d{{4}}) +{_TIME}")
_AMERICAN: Final = re.compile(
    rf"\b(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}) +{_TIME} *([AP]M)?", re.IGNORECASE
)
"""How the listings of Apache (2024-03-01 10:20), nginx (01-Mar-2024 10:20) and IIS (3/1/2024 10:20 AM) tell
when a file was changed."""


class Listed(NamedTuple):
    """A file that a listing leads to.

    Attributes:
        name: Its name, decoded.
        address: Its address.
        changed: When it was changed, as the page says, or None.
    """

    name: str
    address: str
    changed: Moment | None


class _Reader(HTMLParser):
    """Collects the links of a page, each with the text before and behind it."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.links: list[str] = []
        self.texts: list[str] = [""]
        """The text before the first link, and that behind each."""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a link, or of a base for all of them."""
        target = dict(attrs).get("href")
        if tag == "base" and target:
            self.base = urljoin(self.base, target)
        elif tag == "a" and target:
            self.links.append(target)
            self.texts.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        """Take note of the end of a link's own text."""
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        """Take note of the text between links."""
        if not self._inside:
            self.texts[-1] += data


def listed_in(page: str, address: str) -> list[Listed]:
    """Return the files that a listing leads to, each once, in the order of the page.

    Only what lies in the listing's own directory counts: no other host, no directory above or below, no link
    that sorts the page anew. Relative and absolute links are understood, with percent-encoded names.

    Args:
        page: The HTML text.
        address: The page's own address.
    """
    reader = _Reader(address)
    reader.feed(page)
    reader.close()
    links = list(_inside(reader, address))
    texts = reader.texts if _dates_come_first(reader, links) else reader.texts[1:]
    found: dict[str, Listed] = {}
    for number, name, target in links:
        known = found.get(name)
        if known is None or known.changed is None:  # an icon may be a link of its own
            found[name] = Listed(name, target, _moment(texts[number]))
    return list(found.values())


def _inside(reader: _Reader, address: str) -> Iterator[tuple[int, str, str]]:
    """Go through the links into the listing's own directory: number, decoded name, address."""
    own = urlsplit(address)
    directory = own.path.rpartition("/")[0] + "/"
    for number, link in enumerate(reader.links):
        try:
            target = urldefrag(urljoin(reader.base, link.strip())).url
            parts = urlsplit(target)
        except ValueError:
            continue
        if (parts.scheme, parts.netloc) != (own.scheme, own.netloc) or parts.query:
            continue
        raw = parts.path.removeprefix(directory)
        name = unquote(raw)
        if raw == parts.path or "/" in name or "\\" in name or name in {"", ".", ".."}:
            continue
        if name.isprintable():
            yield number, name, target


def _dates_come_first(reader: _Reader, links: Sequence[tuple[int, str, str]]) -> bool:
    """Whether the date of a file stands before its link, as IIS has it: then none stands behind the last."""
    return bool(links) and (
        _moment(reader.texts[links[-1][0] + 1]) is None
        and _moment(reader.texts[links[0][0]]) is not None
    )


def _moment(text: str) -> Moment | None:
    """Return the first date of a text."""
    if match := _ISO.search(text):
        year, month, day, *time = match.groups()
    elif match := _NAMED.search(text):
        day, name, year, *time = match.groups()
        month = str(_MONTHS.get(name.lower(), 0))
    elif match := _AMERICAN.search(text):
        month, day, year, hour, minute, second, half = match.groups()
        time = [_hour(hour, half), minute, second]
    else:
        return None
    hour, minute, second = (int(one or 0) for one in time)
    return int(year), int(month), int(day), hour, minute, second


def _hour(hour: str, half: str | None) -> str:
    """Return an hour of the day from one of half a day."""
    if half is None:
        return hour
    return str(int(hour) % 12 + (12 if half.lower() == "pm" else 0))
