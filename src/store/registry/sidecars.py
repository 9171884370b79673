"""Sidecars: what is known of an item, beside its file."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Sequence
from typing import Any, Final

import attrs

from store import jsontext
from store.errors import StorageError
from store.files.atomic import discard, make_directories, rename
from store.files.failures import storage_errors
from store.files.small import write_small
from store.files.unfinished import partial_name
from store.registry.attributes import Attribute, number_of
from store.registry.keys import KEY
from store.registry.places import Places
from store.registry.records import Entry
from store.registry.status import Status
from store.registry.values import read

log = logging.getLogger(__name__)

_VERSION: Final = 1
LARGEST: Final = 1 << 26
"""The largest sidecar that is read, in bytes."""

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode

_KEPT: Final = (
    "key",
    "version",
    "status",
    "before",
    "published",
    "pinned",
    "uri",
    "params",
    "filename",
    "ext",
    "label",
    "created",
    "size",
    "digest",
)


@attrs.frozen
class Sidecar:
    """What a sidecar tells.

    Attributes:
        fields: The columns of the item, without id and holder.
        attributes: Its attributes and parameters, each with its part.
    """

    fields: dict[str, Any]
    attributes: tuple[tuple[int, Attribute], ...]


def sidecar_text(entry: Entry, rows: Sequence[tuple[int, str, str, str, str]]) -> str:
    """Return what the registry knows of an item, as JSON in one line.

    Args:
        entry: The item.
        rows: Its attributes as (part, namespace, name, kind, value).
    """
    fields = entry._asdict()
    data = {"v": _VERSION, **{name: fields[name] for name in _KEPT}, "attributes": rows}
    return _encode(data)


def write_sidecar(
    places: Places, key: str, version: int, text: str, *, durable: bool = False
) -> None:
    """Write down what the registry knows of an item.

    It is not brought to the disk by itself: the registry, which is, has it all.

    Args:
        places: Where the registry lies.
        key: The item's key.
        version: Its version.
        text: What is known, from `sidecar_text`.
        durable: Whether a directory that is made for it must survive a power cut, as the file beside it is
            to.

    Raises:
        StorageError: It cannot be written.
    """
    path = places.check(places.sidecar(key, version))
    data = text.encode()
    try:
        _put(path, data, places.writing)
    except StorageError:
        places.make_writing()
        make_directories(os.path.dirname(path), durable=durable)  # noqa: PTH120 - text
        places.clear_way(path)
        _put(path, data, places.writing)


def _put(path: str, text: bytes, via: str) -> None:
    temporary = f"{via}/{partial_name()}"
    with storage_errors(path):
        write_small(temporary, text)
    try:
        rename(temporary, path)
    except BaseException:
        discard(temporary)
        raise


def remove_sidecar(places: Places, key: str, version: int) -> None:
    """Remove an item's sidecar, if there is one."""
    path = places.sidecar(key, version)
    if places.is_ours(path):
        discard(path)


def read_sidecar(path: str | os.PathLike[str]) -> Sidecar | None:
    """Return what a sidecar tells; None, logged, where it is missing or damaged."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                raise ValueError("it is no regular file, or too large")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return parsed(file.read())
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("the sidecar %s is damaged, and passed over: %s", path, error)
        return None


def parsed(text: bytes) -> Sidecar:
    """Return what the text of a sidecar tells.

    Raises:
        ValueError: It was not written by `sidecar_text`.
    """
    try:
        return _parsed(jsontext.loads(text))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"it is no sidecar: {error}") from error


def _parsed(data: dict[str, Any]) -> Sidecar:
    if data["v"] != _VERSION:
        raise ValueError("it was written by another release")
    fields = {name: data[name] for name in _KEPT}
    Status(fields["status"])
    if fields["before"] is not None:
        Status(fields["before"])
    for name in ("key", "uri", "params", "filename", "ext"):
        if type(fields[name]) is not str:
            raise ValueError(name)
    for name in ("version", "created"):
        if type(fields[name]) is not int:
            raise ValueError(name)
    if not KEY.fullmatch(fields["key"]):
        raise ValueError("key")
    fields["published"], fields["pinned"] = bool(fields["published"]), bool(fields["pinned"])
    return Sidecar(fields, tuple(map(_attribute, data["attributes"])))


def _attribute(row: list[Any]) -> tuple[int, Attribute]:
    part, space, name, kind, text = row
    value = read(kind, text)
    if part not in {0, 1} or type(space) is not str or type(name) is not str:
        raise ValueError(name)
    return part, Attribute.of(space, name, kind, text, number_of(value))
