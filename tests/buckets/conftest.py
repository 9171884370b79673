"""A bucket for each test, of a fake and of two real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.buckets.bucket import Bucket
from store.testing.objects import FakeObjects


@pytest.fixture
def house(store_environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Shield the test from the user's settings; work in an empty directory, which is returned."""
    work = tmp_path / "work"
    work.mkdir()
    store_environment.chdir(work)
    return work


@pytest.fixture
def objects(house: Path) -> FakeObjects:
    """Make an empty bucket in memory."""
    return FakeObjects("bucket")


@pytest.fixture(params=["fake", "moto", "rclone"])
def bucket(request: pytest.FixtureRequest, house: Path) -> Iterator[Bucket]:
    """Make an empty bucket, of each kind in turn."""
    if request.param == "fake":
        bucket = Bucket(FakeObjects("bucket"), "bucket")
    else:
        server = request.getfixturevalue(f"{request.param}_server")
        bucket = Bucket(server.connection, server.new_bucket())
    with bucket:
        yield bucket
