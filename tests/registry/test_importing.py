"""A directory of cachedir (cache-manager) comes in item by item, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from store.errors import RegistryError
from store.registry.keys import key_of, legacy_key
from store.registry.manager import Cache
from store.registry.status import Status

TABLES = """
CREATE TABLE main (id INTEGER PRIMARY KEY AUTOINCREMENT, item_id VARCHAR, version_id VARCHAR, version INT,
  status INT, file_name VARCHAR, label VARCHAR, date DATETIME, ext VARCHAR, last_read DATETIME,
  last_search DATETIME, read_count INT, search_count INT);
CREATE TABLE attr_varchar (id INT, namespace VARCHAR, keyvar INT, name VARCHAR, value VARCHAR);
CREATE TABLE attr_int (id INT, namespace VARCHAR, keyvar INT, name VARCHAR, value INT);
CREATE TABLE attr_datetime (id INT, namespace VARCHAR, keyvar INT, name VARCHAR, value DATETIME);
CREATE TABLE attr_float (id INT, namespace VARCHAR, keyvar INT, name VARCHAR, value FLOAT);
CREATE TABLE attr_text (id INT, namespace VARCHAR, keyvar INT, name VARCHAR, value TEXT);
"""
"""What the original makes."""


class Original:
    """A directory as the original leaves it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory
        self.connection = sqlite3.connect(directory / "cache.sqlite")
        self.connection.executescript(TABLES)

    def add(
        self,
        uri: str,
        params: dict[str, Any],
        *,
        version: int = 1,
        status: int = 3,
        content: bytes | None = b"data",
        key: str | None = None,
    ) -> int:
        """Put an item in; return its id."""
        old = key or legacy_key(uri, params)
        cursor = self.connection.execute(
            "INSERT INTO main VALUES (NULL, ?, ?, ?, ?, 'data.tsv', 'l', '2026-01-31 12:00:00', 'tsv',"
            " '2026-02-01 00:00:00', NULL, 3, 0)",
            (old, f"{old}-{version}", version, status),
        )
        item_id = int(cursor.lastrowid or 0)
        for name, value in {"_uri": uri, **params}.items():
            self.attribute(item_id, name, value, part=1)
        if content is not None:
            (self.directory / f"{old}-{version}.tsv").write_bytes(content)
        self.connection.commit()
        return item_id

    def attribute(
        self, item_id: int, name: str, value: Any, *, part: int = 0, space: str | None = None
    ) -> None:
        """Put an attribute in, as the original sorts them by type."""
        kinds = {str: "varchar", int: "int", float: "float", dt.datetime: "datetime"}
        kind = kinds.get(type(value), "text")
        if kind == "text":
            value = json.dumps(value)
        if kind == "datetime":
            value = f"{value:%Y-%m-%d %H:%M:%S}"
        self.connection.execute(
            f"INSERT INTO attr_{kind} VALUES (?, ?, ?, ?, ?)", (item_id, space, part, name, value)
        )
        self.connection.commit()


@pytest.fixture
def original(tmp_path: Path) -> Any:
    """An empty directory of the original's."""
    made = Original(tmp_path / "old")
    yield made
    made.connection.close()


def test_everything_of_an_item_comes_along(cache: Cache, original: Original) -> None:
    """Name, version, file, attributes of each type, label, date and use."""
    item_id = original.add("https://e.org/data.tsv", {"dataset": "demo", "n": 1}, version=4)
    moment = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as it was there
    for name, value in {
        "text": "x",
        "int": 5,
        "float": 2.0,
        "when": moment,
        "list": [1, "a"],
    }.items():
        original.attribute(item_id, name, value)
    original.attribute(item_id, "inner", 7, space="space")

    done = cache.import_from(original.directory)

    assert done == (1, 0, 0)
    item = cache.best("https://e.org/data.tsv", {"dataset": "demo", "n": 1})
    assert item is not None
    assert item.version == 4
    assert Path(item.path).read_bytes() == b"data"
    assert item.label == "l"
    assert item.read_count == 3
    assert item.filename == "data.tsv"
    assert item.date == dt.datetime.fromisoformat("2026-01-31 12:00:00").astimezone(dt.UTC)
    attrs = item.attrs
    assert attrs.pop("cachedir") == {
        "version_id": f"{legacy_key('https://e.org/data.tsv', {'dataset': 'demo', 'n': 1})}-4"
    }
    assert attrs == {
        "text": "x",
        "int": 5,
        "float": 2.0,
        "when": moment,
        "list": [1, "a"],
        "space": {"inner": 7},
    }
    assert cache.create("https://e.org/data.tsv", {"dataset": "demo", "n": 1}).version == 5


def test_statuses_come_along(cache: Cache, original: Original) -> None:
    """Nobody there is writing any longer; what was READY without a file is metadata alone."""
    for number, (status, content) in enumerate(
        [(3, b"x"), (3, None), (1, b"half"), (0, None), (-1, b"x"), (-2, None), (2, None)]
    ):
        original.add(f"u:{number}", {}, status=status, content=content)

    assert cache.import_from(original.directory) == (7, 0, 0)

    found = {one.uri: one for one in cache.search(include_removed=True)}
    assert [found[f"u:{number}"].status for number in range(7)] == [
        Status.READY,
        Status.READY,
        Status.FAILED,
        Status.UNINITIALIZED,
        Status.TRASH,
        Status.DELETED,
        Status.FAILED,
    ]
    assert (found["u:1"].size, found["u:0"].size) == (None, 1)
    assert Path(found["u:2"].path).read_bytes() == b"half"
    cache.restore("u:4")
    assert Path(cache.best("u:4").path).read_bytes() == b"x"  # type: ignore[union-attr]


def test_a_second_import_changes_nothing(cache: Cache, original: Original) -> None:
    """What is there is passed over; what is new comes in."""
    original.add("a", {}, version=1)
    original.add("a", {}, version=2, content=b"2")
    assert cache.import_from(original.directory / "cache.sqlite") == (2, 0, 0)
    original.add("b", {})

    assert cache.import_from(original.directory) == (1, 2, 0)
    assert sorted(one.version for one in cache.search("a")) == [1, 2]


def test_an_item_whose_parameters_were_lost_keeps_its_key(cache: Cache, original: Original) -> None:
    """The original did not store all of them; its key still tells such items apart."""
    key = "31d0e534960b07c0bde745c17b05eaba"
    original.add("a", {}, key=key)

    cache.import_from(original.directory)

    item = cache.best(key=key)
    assert item is not None
    assert item.uri == "a"
    assert key_of("a") != key


def test_hostile_names_lead_nowhere(cache: Cache, original: Original, tmp_path: Path) -> None:
    """A row there may say what it likes."""
    (tmp_path / "secret.tsv").write_text("secret", encoding="utf-8")
    original.add("a", {}, key="../secret", content=None)
    original.connection.execute("UPDATE main SET version_id = '../secret'")
    original.connection.commit()

    assert cache.import_from(original.directory).failed == 0

    (item,) = cache.search()
    assert not item.has_file


def test_a_directory_without_a_registry_is_told(cache: Cache, tmp_path: Path) -> None:
    """And one that cannot be read."""
    with pytest.raises(RegistryError):
        cache.import_from(tmp_path)
    (tmp_path / "cache.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(RegistryError):
        cache.import_from(tmp_path)
