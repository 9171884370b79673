"""What a curator answers with, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

from store.errors import TransportError

GLOBAL: Final = "Global Public Workspace"
"""The workspace that every CDCS has from its beginning."""


class Workspace(NamedTuple):
    """A room of a CDCS, in which records and blobs lie and which decides who may read them."""

    id: str
    title: str
    public: bool = False

    @classmethod
    def of(cls, told: Any) -> Self:  # noqa: ANN401 - JSON
        """Return what a server told of it."""
        return cls(text(told, "id"), text(told, "title"), bool(told.get("is_public")))


class Template(NamedTuple):
    """The schema that records are held against: the newest version of it."""

    id: str
    title: str
    manager: str = ""
    """The id of that which keeps its versions together."""

    @classmethod
    def of(cls, told: Any) -> Self:  # noqa: ANN401 - JSON
        """Return what a server told of its manager."""
        return cls(text(told, "current"), text(told, "title"), text(told, "id"))


class DataRecord(NamedTuple):
    """A document of a CDCS: not the release's record itself, but what it is kept in."""

    id: str
    title: str
    template: str
    workspace: str | None
    content: str

    @classmethod
    def of(cls, told: Any) -> Self:  # noqa: ANN401 - JSON
        """Return what a server told of it; the content stands under one of two names."""
        content = told.get("content") if isinstance(told, Mapping) else None
        workspace = text(told, "workspace", "")
        return cls(
            text(told, "id"),
            text(told, "title"),
            text(told, "template", ""),
            workspace or None,
            text(told, "xml_content", "") if content is None else str(content),
        )


class Blob(NamedTuple):
    """A file of a CDCS."""

    id: str
    filename: str
    workspace: str | None
    pid: str | None
    """Its persistent identifier, an address; None where the server mints none."""
    handle: str | None
    """The address it is downloaded from."""
    checksum: str | None
    """What the server's own algorithm gives, in hex, or None."""

    @classmethod
    def of(cls, told: Any) -> Self:  # noqa: ANN401 - JSON
        """Return what a server told of it."""
        return cls(
            text(told, "id"),
            text(told, "filename", ""),
            text(told, "workspace", "") or None,
            text(told, "pid", "") or None,
            text(told, "handle", "") or None,
            text(told, "checksum", "") or None,
        )


def text(told: Any, name: str, default: str | None = None) -> str:  # noqa: ANN401 - JSON
    """Return a field of an answer as text.

    Args:
        told: What the server answered.
        name: The field.
        default: What stands for a missing field, or for null; None demands it.

    Raises:
        TransportError: It is missing: what answers is no CDCS, or a later one than we know.
    """
    found = told.get(name) if isinstance(told, Mapping) else None
    if found is not None and not isinstance(found, Mapping | list):
        return str(found)
    if default is not None:
        return default
    raise TransportError(
        f"the server's answer has no {name!r}: is this the address of a CDCS, of version 2 or later?"
    )
