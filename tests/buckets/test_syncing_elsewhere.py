"""What was learnt of one server is not taken for true of another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import obstore.store
import pytest

from store.buckets.bucket import Bucket
from store.buckets.plan import Plan
from store.buckets.syncing import apply_plan, sync_directory
from store.errors import DriftError
from store.testing.bucket_trees import held, lay
from store.testing.objects import FakeObjects
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects


def in_memory(content: str) -> Bucket:
    """Make a bucket in memory, of the same name as all others, with one object under the same tag."""
    bucket = Bucket(obstore.store.MemoryStore(), "mm", create=False)
    bucket.add_string(content, "x")
    return bucket


def test_nothing_is_remembered_of_what_lies_in_memory(house: Path) -> None:
    """Two have a bucket of one name, and count their entity tags from 0."""
    with in_memory("aaaa") as first, in_memory("bbbb") as second, in_memory("cccc") as third:
        first.sync_remote_to_local("md")
        second.sync_remote_to_local("md")
        assert (house / "md" / "x").read_text() == "bbbb"

        done = third.sync_directory("md")

        assert (done.plan.kept, third.client.head("x").size) == (0, 4)
        with third.client.get("x") as body:
            found = bytearray(4)
            body.readinto(memoryview(found))
        assert found == b"bbbb"


def test_a_plan_is_done_at_its_own_server(tmp_path: Path) -> None:
    """A bucket of the same name elsewhere is another one, even where both are empty."""
    lay(tmp_path / "here", {"a": "1"})
    one, other = FakeObjects("twin"), FakeObjects("twin")
    planned = sync_directory(one, tmp_path / "here", dry_run=True, memory=tmp_path / "memory").plan
    plan = Plan.from_lines(planned.to_lines())

    with pytest.raises(DriftError, match="plan anew there"):
        apply_plan(other, plan, memory=tmp_path / "memory")
    apply_plan(one, plan, memory=tmp_path / "memory")

    assert (held(one), held(other)) == ({"a": "1"}, {})


@pytest.mark.parametrize(
    ("address", "connection", "server"),
    [
        ("s3://b", Connection("https://h:1/"), "https://h:1"),
        ("s3://b", Connection(region="eu-west-1", anonymous=True), "https://s3.amazonaws.com"),
        ("gs://b", Connection("https://g", kind="gs"), "https://g"),
        ("az://b", Connection(kind="az", access_key="me", secret_key="a2V5"), "az:me"),
        ("s3://b", obstore.store.S3Store("b", config={"endpoint": "https://o"}), "https://o"),
        ("s3://b", obstore.store.S3Store("b", region="us-east-1"), "https://s3.amazonaws.com"),
        ("s3://b", obstore.store.MemoryStore(), None),
    ],
)
def test_a_server_is_known_again(
    house: Path, monkeypatch: pytest.MonkeyPatch, address: str, connection: Any, server: str | None
) -> None:
    """By its endpoint; a cloud is one server."""
    for name in [one for one in os.environ if one.startswith(("AWS_", "AZURE_"))]:
        monkeypatch.delenv(name)

    assert open_objects(address, connection=connection).server == server
