"""What the bucket commands say to a slip: an empty argument, a wrong name, an option in vain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.testing.object_servers import MotoServer

Run = Callable[..., Any]


@pytest.fixture
def work(moto_server: MotoServer, house: Path) -> str:
    """Name an empty bucket, and a server without one; return the bucket's address."""
    connection = moto_server.connection
    keys = f'access_key = "{connection.access_key}"\nsecret_key = "{connection.secret_key}"\n'
    (house / "store.toml").write_text(
        f'[connection.work]\nendpoint = "{moto_server.endpoint}"\nbucket = "{moto_server.new_bucket()}"\n'
        f'{keys}[connection.bare]\nendpoint = "{moto_server.endpoint}"\n{keys}',
        encoding="utf-8",
    )
    return "bucket:work"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sync", "bucket:work/d/", "", "--delete"), "DEST is empty: write . for the working"),
        (("sync", "", "bucket:work/d/", "--delete"), "SOURCE is empty: write . for the working"),
        (("get", "bucket:work/d/", ""), "DEST is empty: write . for the working directory"),
        (("get", "", "."), "ADDRESS is empty: write s3://bucket/key or bucket:NAME/key"),
        (("check", "", "bucket:work/d/"), "SOURCE is empty: write . for the working directory"),
        (("check", "bucket:work/d/", ""), "DEST is empty: write . for the working directory"),
        (("put", "", "bucket:work/d/"), "FILE is empty: write . for the working directory"),
        (("put", "store.toml", ""), "ADDRESS is empty: write s3://"),
        (("copy", "", "bucket:work/d/"), "SOURCE is empty: write s3://"),
        (("copy", "bucket:work/d/", ""), "DEST is empty: write s3://"),
        (("remove", "", "--yes"), "ADDRESS is empty: write s3://"),
        (("list", ""), "ADDRESS is empty: write s3://"),
        (("sync", "out", "bucket:work/d/", "--plan", ""), "--plan is empty: name a file"),
    ],
)
def test_an_empty_argument_is_named(
    cli: Run, work: str, tree: Path, arguments: tuple[str, ...], said: str
) -> None:
    """It is never taken for the working directory, whose files would be deleted."""
    cli("bucket", "put", "out/a.csv", f"{work}/d/")
    before = sorted(Path().rglob("*"))

    done = cli("bucket", *arguments)

    assert (done.status, said in done.err) == (2, True), done.err
    assert sorted(Path().rglob("*")) == before
