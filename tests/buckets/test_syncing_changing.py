"""Files that change while they go up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store.buckets.bucket import Bucket
from store.errors import DriftError

MIB = 1 << 20


@pytest.fixture
def moto(moto_server: Any, house: Path) -> Bucket:
    """Make an empty bucket of a server that honours conditions."""
    return Bucket(moto_server.connection, moto_server.new_bucket())


def growing(path: Path, times: int) -> Any:
    """Return a callback that lets a file grow when it is called, some times."""
    calls: list[str] = []

    def grow(_read: int, _total: int | None, name: str) -> None:
        if len(calls) < times:
            calls.append(name)
            with path.open("ab") as file:
                file.write(b"more")

    return grow


def test_a_file_that_grew_is_sent_again(moto: Bucket, house: Path) -> None:
    """After the last part was read, before the upload ended; nobody else is blamed."""
    path = house / "own" / "z"
    path.parent.mkdir()
    path.write_bytes(bytes(9 * MIB))

    grow, read = growing(path, 1), [0]

    def note(now: int, total: int | None, name: str) -> None:
        read.append(now)
        grow(now, total, name)

    moto.sync_directory("own", remote="r", progress=note)

    assert read == sorted(read)
    assert read[-1] == 9 * MIB + 4
    assert moto.client.head("r/z").size == path.stat().st_size == 9 * MIB + 4


def test_a_file_that_never_stops_is_an_error(moto: Bucket, house: Path) -> None:
    """Which names it; nothing is written."""
    path = house / "own" / "z"
    path.parent.mkdir()
    path.write_bytes(bytes(9 * MIB))

    with pytest.raises(DriftError, match="own/z changes while it goes up") as raised:
        moto.sync_directory("own", remote="r", progress=growing(path, 100))

    assert raised.value.name == str(path)
    assert "r/z" not in moto


def test_a_lone_file_that_changes_is_an_error(moto: Bucket, house: Path) -> None:
    """And nothing is written."""
    path = house / "z"
    path.write_bytes(bytes(9 * MIB))

    with pytest.raises(DriftError, match="changed while it was read"):
        moto.add_file(path, "z", progress=growing(path, 1))

    assert "z" not in moto
