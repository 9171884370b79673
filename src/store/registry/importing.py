"""Takes in a directory of ``cachedir``, or another registry of ours."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from store import jsontext
from store.errors import RegistryError, StoreError
from store.registry.attributes import rows_of
from store.registry.creating import Draft
from store.registry.engines import address_of
from store.registry.filters import Filters
from store.registry.keys import KEY, Name, legacy_key, name_of
from store.registry.making import Making
from store.registry.places import ext_of
from store.registry.records import microseconds_of
from store.registry.status import Status
from store.registry.transferring import Imported, Parcel, copy_items, take_in
from store.registry.uses import Use
from store.registry.values import is_clean, write

log = logging.getLogger(__name__)

FOREIGN: Final = "cache.sqlite"
"""The registry of a directory of ``cachedir``."""

SPACE: Final = "cachedir"
"""The namespace of what an item was called there."""

_TYPES: Final = ("varchar", "int", "datetime", "float", "text")
_ATTRS, _PARAMS = 0, 1


def import_from(target: Making, path: str | os.PathLike[str]) -> Imported:
    """Take in the items of a directory: see `Cache.import_from`."""
    directory = Path(path).absolute()
    if directory.name == FOREIGN:
        directory = directory.parent
    if (directory / FOREIGN).is_file():
        return _import_foreign(target, directory)
    if not (directory / "registry.sqlite").is_file():
        raise RegistryError(
            f"there is neither {FOREIGN} nor registry.sqlite in {directory}: is the path right?",
            path=os.fspath(directory),
        )
    options = attrs.evolve(target.options, root=os.fspath(directory), url=None, read_only=True)
    source = type(target).opened_by(options)
    try:
        return copy_items(source, target, Filters(include_removed=True))
    finally:
        source.close()


def _import_foreign(target: Making, directory: Path) -> Imported:
    taken, known, failed = 0, 0, 0
    with _opened(directory / FOREIGN) as connection:
        attributes = _attributes(connection)
        for row in connection.execute("SELECT * FROM main ORDER BY id").fetchall():
            try:
                found = take_in(
                    target, _parcel(dict(row), attributes.get(row["id"], {}), directory)
                )
            except (StoreError, ValueError, TypeError) as error:
                log.warning("%s of %s cannot be taken in: %s", row["version_id"], directory, error)
                failed += 1
                continue
            taken, known = taken + found, known + (not found)
    return Imported(taken, known, failed)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(address_of(path), uri=True)
    try:
        connection.row_factory = sqlite3.Row
        yield connection
    except sqlite3.Error as error:
        raise RegistryError(f"{path} cannot be read: {error}", path=os.fspath(path)) from error
    finally:
        connection.close()


def _attributes(connection: sqlite3.Connection) -> dict[int, dict[int, dict[str, Any]]]:
    """Return attributes and parameters by item."""
    found: dict[int, dict[int, dict[str, Any]]] = {}
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    for kind in _TYPES:
        if f"attr_{kind}" not in tables:
            continue
        # The table's name is one of the constants above.
        query = f"SELECT id, namespace, keyvar, name, value FROM attr_{kind}"  # noqa: S608
        for item_id, space, part, name, value in connection.execute(query):
            whole = found.setdefault(item_id, {_ATTRS: {}, _PARAMS: {}})[int(part or 0)]
            inner = whole
            if space not in {None, "NULL"}:
                inner = whole.setdefault(space, {})
            inner[name] = _value(kind, value)
    return found


def _value(kind: str, value: Any) -> Any:  # noqa: ANN401 - any value
    try:
        if kind == "datetime" and isinstance(value, str):
            return dt.datetime.fromisoformat(value)
        if kind == "text" and isinstance(value, str):
            return jsontext.loads(value)
        if kind == "float" and isinstance(value, int):
            return float(value)
    except ValueError:
        pass
    return value


def _parcel(row: dict[str, Any], attributes: dict[int, dict[str, Any]], directory: Path) -> Parcel:
    params = dict(attributes.get(_PARAMS, {}))
    uri = params.pop("_uri", None)
    old = str(row["item_id"])
    attrs_there = dict(attributes.get(_ATTRS, {}))
    ext = str(row["ext"] or "")
    status = Status(int(row["status"]))
    file = _file_of(directory, f"{row['version_id']}{'.' if ext else ''}{ext}")
    was_ready = status in {Status.READY, Status.TRASH} and file is not None
    filename = str(row["file_name"] or row["version_id"])
    return Parcel(
        draft=Draft(
            name=_name(uri, params, old),
            # Nobody there is writing any longer.
            status=Status.FAILED if status is Status.WRITE else status,
            filename=filename,
            ext=ext_of(filename, ext or None),
            label=row["label"] if row["label"] is None else str(row["label"]),
            created=_moment(row["date"]) or 0,
            attributes=rows_of({**attrs_there, SPACE: {"version_id": str(row["version_id"])}}),
            params=rows_of({name: one for name, one in params.items() if is_clean(str(name))}),
            published=was_ready,
        ),
        version=int(row["version"]),
        file=file if status is not Status.DELETED else None,
        before=Status.READY if status is Status.TRASH else None,
        use=Use(
            int(row["read_count"] or 0),
            int(row["search_count"] or 0),
            _moment(row["last_read"]),
            _moment(row["last_search"]),
        ),
    )


def _name(uri: object, params: dict[str, Any], old: str) -> Name:
    """Return an item's name here: by its old key, where what is left does not give that key."""
    text = uri if isinstance(uri, str) else ""
    if legacy_key(text, params) == old and (text or params):
        return name_of(text, params)
    key = old if KEY.fullmatch(old) else hashlib.sha256(f"cachedir:{old}".encode()).hexdigest()
    return Name(key, text, write(params).text)


def _file_of(directory: Path, name: str) -> Path | None:
    path = directory / name
    inside = "/" not in name and name not in {"", ".", ".."}
    return path if inside and path.is_file() and not path.is_symlink() else None


def _moment(value: object) -> int | None:
    """Return a date as it was written there, which is in the local time of the machine."""
    if not isinstance(value, str):
        return None
    try:
        return microseconds_of(dt.datetime.fromisoformat(value).astimezone(dt.UTC))
    except (ValueError, OverflowError):
        return None
