"""cachedir (cache-manager), filled as its own calls would in hours."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from store.registry.keys import legacy_key


def calls(root: Path, size: int) -> dict[str, Callable[[], object]] | None:
    """Return what is measured of cachedir; None where it is not installed.

    Its first item is made by its own call, which makes its tables; the rest is written into them and beside
    them, as that call would: it takes 40 ms an item at 10,000.
    """
    try:
        import cachedir
    except ImportError:
        return None
    peer = cachedir.Cache(str(root))
    made(peer, "u:0", 0, size)
    with sqlite3.connect(root / "cache.sqlite") as connection:
        _fill(connection, root, size)
    connection.close()
    numbers = count()
    one = peer.best("u:1")
    return {
        "best": lambda: peer.best(f"u:{next(numbers) * 7919 % size}"),
        "a query of two attributes": lambda: peer.by_attrs({"project": "p1", "batch": 1}),
        "open and read": lambda: one.open(ext="txt", default_mode="rb"),
        "create, write, ready": lambda: made(peer, f"new:{next(numbers)}", 1, size).ready(),
    }


def made(peer: Any, uri: str, status: int, size: int) -> Any:  # noqa: ANN401 - the peer's own
    """Make an item and write its file."""
    number = int(uri.partition(":")[2])
    attrs = {"project": f"p{number % (size // 10)}", "batch": number // (size // 10)}
    item = peer.create(uri, attrs=attrs, status=status or 3)
    Path(item.path).write_bytes(b"data")
    return item


def _fill(connection: sqlite3.Connection, root: Path, size: int) -> None:
    now = dt.datetime.now(tz=dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    for number in range(1, size):
        key = legacy_key(f"u:{number}")
        name = f"{key}-1"
        row = connection.execute(
            "INSERT INTO main (item_id, version_id, version, status, file_name, date, last_search,"
            " read_count, search_count) VALUES (?, ?, 1, 3, ?, ?, ?, 0, 0)",
            (key, name, f"u:{number}", now, now),
        ).lastrowid
        connection.executemany(
            "INSERT INTO attr_varchar VALUES (?, NULL, ?, ?, ?)",
            [
                (row, 0, "project", f"p{number % (size // 10)}"),
                (row, 1, "_uri", f"u:{number}"),
            ],
        )
        connection.execute(
            "INSERT INTO attr_int VALUES (?, NULL, 0, 'batch', ?)", (row, number // (size // 10))
        )
        (root / name).write_bytes(b"data")
