"""A release's record as a CDCS keeps it: a small XML document.

Every CDCS takes XML, whatever its version and settings. What is asked for, or told in a listing, stands in
elements of its own; the record itself stands in the last one, as JSON.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any, Final

import attrs

from store import jsontext
from store.errors import ArchiveError, StoreError
from store.releases.curating import DataRecord
from store.releases.records import PID_KEY, Record
from store.releases.spelling import read_record
from store.releases.usable import checked
from store.releases.versions import Version

TEMPLATE: Final = "store-release"
"""The title of the template that records of releases are held against."""

OLDER: Final = "Release"
"""The title of the template that the older tool's records are held against: bare JSON."""

FILENAME: Final = "store-release.xsd"
"""What its schema is called."""

PID_PATH: Final = "release.pid"
"""Where in a record the server puts the identifier it mints."""

_ELEMENTS: Final = (
    ("pid", "0"),
    ("title", "1"),
    ("title_versionless", "1"),
    ("version", "1"),
    ("digest", "0"),
    ("files", "0"),
    ("bytes", "0"),
    ("repeats", "0"),
    ("yanked", "0"),
    ("record", "1"),
)

SCHEMA: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
    '<xs:element name="release"><xs:complexType><xs:sequence>\n'
    + "".join(
        f'<xs:element name="{name}" type="xs:string" minOccurs="{least}"/>\n'
        for name, least in _ELEMENTS
    )
    + "</xs:sequence></xs:complexType></xs:element></xs:schema>\n"
)
"""The template: an XML Schema."""


@attrs.frozen(kw_only=True)
class Kept:
    """A release as a server keeps it.

    Attributes:
        document: What it is kept in; its number tells which of two came first.
        title: Title and version.
        title_versionless: The title alone.
        version: The version.
        pid: The identifier that the server minted, or None.
        digest: The digest of the record, or None.
        files: How many files it has, or None.
        size: The bytes of them together, or None.
        repeats: The number of the document that it replaces, where that was asked for; or None.
        yanked: Why ranges pass it over, or None where they do not.
        older: Whether the document is the record itself, as an older tool wrote it.
        text: The record itself, as JSON or YAML.
    """

    document: DataRecord = attrs.field(repr=False)
    title: str
    title_versionless: str
    version: Version
    pid: str | None = None
    digest: str | None = None
    files: int | None = None
    size: int | None = None
    repeats: str | None = None
    yanked: str | None = None
    older: bool = False
    text: str = attrs.field(repr=False)

    @property
    def number(self) -> int:
        """The document's number: servers count upwards."""
        return int(self.document.id) if self.document.id.isdigit() else 0

    def data(self) -> dict[str, Any]:
        """Return the record as plain data, with the identifier that the server has given it.

        Raises:
            ArchiveError: It cannot be read, or says that it is another.
        """
        found = (
            read_record(self.text.encode(), name=self.title)
            if self.older
            else checked(self.text.encode(), self.title_versionless, self.version)
        )
        return found if self.pid is None else {**found, PID_KEY: self.pid}


def spelled(record: Record, *, repeats: str | None = None, yanked: str | None = None) -> str:
    """Return a record as the document that it is kept in.

    Args:
        record: The record.
        repeats: The number of the document that it is to replace, or None.
        yanked: Why ranges are to pass it over, or None.
    """
    return _written(
        {
            "pid": "",
            "title": record.title,
            "title_versionless": record.title_versionless,
            "version": str(record.version),
            "digest": record.identity,
            "files": str(len(record.blobs)),
            "bytes": None if record.whole_size is None else str(record.whole_size),
            "repeats": repeats,
            "yanked": None if yanked is None else _reasoned(yanked),
            "record": record.to_json(),
        }
    )


def respelled(kept: Kept, *, yanked: str | None) -> str:
    """Return the document of a release that is marked, or is no longer: all else stays."""
    said = _read(kept.document.content)
    said.pop("yanked", None)
    return _written(said if yanked is None else {**said, "yanked": _reasoned(yanked)})


def renamed(kept: Kept, record: Record) -> str:
    """Return the document of a release whose blobs have other ids: all but the record itself stays."""
    return _written({**_read(kept.document.content), "record": record.to_json()})


def kept_in(document: DataRecord) -> Kept:
    """Return the release that a document holds: ours, or a bare record in JSON.

    Raises:
        ArchiveError: It holds none.
        QueryError: Its version is none.
        UnsafeNameError: Its title, or a path in it, would lead elsewhere.
    """
    if not document.content.lstrip().startswith("<"):
        record = Record.from_text(document.content.encode(), name=document.title)
        return Kept(
            document=document,
            title=record.title,
            title_versionless=record.title_versionless,
            version=record.version,
            pid=record.pid,
            digest=record.digest,
            files=len(record.blobs),
            size=record.whole_size,
            older=True,
            text=document.content,
        )
    said = _read(document.content)
    try:
        return Kept(
            document=document,
            title=said["title"],
            title_versionless=said["title_versionless"],
            version=Version.parse(said["version"]),
            pid=said.get("pid") or None,
            digest=said.get("digest") or None,
            files=_number(said.get("files")),
            size=_number(said.get("bytes")),
            repeats=said.get("repeats") or None,
            yanked=_reason(said.get("yanked")),
            text=said["record"],
        )
    except KeyError as error:
        raise _damaged(document.title, f"it has no {error}") from None


def standing(found: list[Kept]) -> Kept:
    """Return which of several documents of one title and version is the release.

    The first that was published is, since a version never changes; unless a later one says that it was
    published in its place, or all are of the older tool, for which the last one is.

    Args:
        found: The documents, at least one.
    """
    ordered = sorted(found, key=lambda one: one.number)
    chosen = ordered[0]
    for one in ordered[1:]:
        if one.repeats == chosen.document.id or (one.older and chosen.older):
            chosen = one
    return chosen


class _Untyped(ET.TreeBuilder):
    """Takes no document type: one could define entities that grow without end, and ours have none."""

    def doctype(self, *_: object) -> None:
        """Refuse it, before what it defines is read."""
        raise _damaged("", "it has a document type")


def _written(said: Mapping[str, str | None]) -> str:
    root = ET.Element("release")
    for name, _ in _ELEMENTS:
        value = said.get(name)
        if value is not None:
            ET.SubElement(root, name).text = value
    return ET.tostring(root, encoding="unicode")


def _read(content: str) -> dict[str, str]:
    parser = ET.XMLParser(target=_Untyped())  # noqa: S314 - without a document type
    try:
        root = ET.fromstring(content.encode(), parser)  # noqa: S314
    except (ET.ParseError, ValueError) as error:
        raise _damaged("", f"it is no XML: {error}") from None
    return {child.tag: child.text or "" for child in root}


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _reasoned(yanked: str) -> str:
    return json.dumps(yanked)  # a reason may hold what XML cannot


def _reason(text: str | None) -> str | None:
    """Return why a version is passed over: JSON, or the words as they stand."""
    if text is None:
        return None
    try:
        said = jsontext.loads(text)
    except ValueError:
        return text
    return said if isinstance(said, str) else text


def _damaged(name: str, reason: str) -> StoreError:
    return ArchiveError(f"the document {name} is no release: {reason}", archive=name)
