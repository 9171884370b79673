"""Many small objects come over a few connections, each held to what is known of it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.buckets.plan import Step
from store.buckets.small import bring_small
from store.buckets.syncing import sync_remote_to_local
from store.errors import StorageError
from store.testing.answering import Fault
from store.testing.bucket_trees import tree
from store.testing.misbehaving import (
    HangUp,
    LongBody,
    OtherContent,
    Reset,
    ShortBody,
    Stall,
    Status,
)
from store.testing.object_servers import ACCESS_KEY, SECRET_KEY, ObjectServer
from store.testing.servers import Server
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects

QUICK = TransferOptions(
    bounds=Bounds(read_timeout=0.3, deadline=5.0), retrying=Retrying(attempts=2, base=0.0)
)
CONTENTS = {f"data/{number}": b"content %d" % number for number in range(12)}


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve a dozen objects."""
    with Server() as running:
        for key, content in CONTENTS.items():
            serve(running, key, content)
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[ObjectClient]:
    """Open their bucket."""
    known = Connection(server.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="r")
    with contextlib.closing(open_objects("s3://bucket", QUICK, connection=known)) as opened:
        yield opened


def serve(server: Server, key: str, content: bytes, fault: Fault | None = None) -> None:
    """Serve an object, with the digest that its writer kept."""
    kept = {"x-amz-meta-store-sha256": hashlib.sha256(content).hexdigest()}
    server.serve(f"/bucket/{key}", content, headers=kept, fault=fault)


def steps(**changed: object) -> list[Step]:
    """Return the downloads of all of them."""
    made = [
        Step("download", key, key, len(content), sha256=hashlib.sha256(content).hexdigest())
        for key, content in CONTENTS.items()
    ]
    return [made[0]._replace(**changed), *made[1:]]  # type: ignore[arg-type]


def brought(client: ObjectClient, root: Path, wanted: list[Step]) -> tuple[list[Step], list[str]]:
    """Bring them; return what is left, and the keys that were told of."""
    told: list[str] = []
    left = bring_small(
        client,
        wanted,
        jobs=4,
        options=QUICK,
        place=lambda step: root / step.path,
        brought=lambda step, _path, _meta, _sha256: told.append(step.key),
    )
    return left, told


def test_all_that_is_plain_comes_once(client: ObjectClient, server: Server, tmp_path: Path) -> None:
    """Over no more connections than were allowed, each object with one request."""
    left, told = brought(client, tmp_path, steps())

    assert left == []
    assert sorted(told) == sorted(CONTENTS)
    assert tree(tmp_path) == {key: content.decode() for key, content in CONTENTS.items()}
    assert server.count() == len(CONTENTS)
    assert server.connections <= 4


@pytest.mark.parametrize(
    "fault",
    [
        Status(404),
        Status(503),
        Status(403),
        ShortBody(3),
        LongBody(),
        HangUp(),
        Reset(2),
        Stall(2),
        OtherContent(b"damaged 0"),
    ],
)
def test_what_does_not_come_as_it_has_to_be_is_left(
    client: ObjectClient, server: Server, tmp_path: Path, fault: Fault
) -> None:
    """It is for the usual way; nothing of it lies anywhere, and all others are there."""
    serve(server, "data/0", CONTENTS["data/0"], fault)

    left, _ = brought(client, tmp_path, steps())

    assert [step.key for step in left] == ["data/0"]
    assert sorted(tree(tmp_path)) == sorted(set(CONTENTS) - {"data/0"})


@pytest.mark.parametrize(
    "changed",
    [{"size": 8}, {"etag": "another"}, {"sha256": "0" * 64}, {"version": "7"}, {"size": 2 << 20}],
)
def test_what_is_not_what_the_plan_saw_is_left(
    client: ObjectClient, tmp_path: Path, changed: dict[str, object]
) -> None:
    """Another size, version or digest, or one that is large."""
    left, _ = brought(client, tmp_path, steps(**changed))

    assert [step.key for step in left] == ["data/0"]


def test_what_could_be_taken_for_another_is_left(client: ObjectClient, tmp_path: Path) -> None:
    """Without tag and digest: several are asked for at once on one connection."""
    wanted = steps(sha256=None)

    left, told = brought(client, tmp_path, wanted)

    assert left == [wanted[0]]
    assert len(told) == len(wanted) - 1


def test_a_key_that_is_none_is_left(client: ObjectClient, tmp_path: Path) -> None:
    """The usual way says what is wrong with it."""
    left, told = brought(client, tmp_path, [Step("download", "", "x", 9), *steps()])

    assert [step.key for step in left] == [""]
    assert len(told) == len(CONTENTS)


def test_a_disk_that_refuses_ends_it(client: ObjectClient, tmp_path: Path) -> None:
    """At once, with our error."""
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(StorageError):
        brought(client, tmp_path, steps())

    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


@pytest.mark.parametrize("name", ["moto", "rclone"])
def test_a_real_server_speaks_so(request: pytest.FixtureRequest, tmp_path: Path, name: str) -> None:
    """With keys that have to be spelled, an empty object, and what others have put."""
    real: ObjectServer = request.getfixturevalue(f"{name}_server")
    bucket = real.new_bucket()
    contents = {"a b": "1", "ü/x": "2", "e=+&?#": "3", "empty": "", "plain": "5", "more": "6"}
    with contextlib.closing(
        open_objects(f"s3://{bucket}", QUICK, connection=real.connection)
    ) as objects:
        for key, content in contents.items():
            objects.put(f"in/{key}", content.encode())
        listed = list(objects.list("in/"))
        left, told = brought(
            objects,
            tmp_path / "small",
            [Step("download", one.key, one.key, one.size, etag=one.etag) for one in listed],
        )
        done = sync_remote_to_local(objects, tmp_path / "all", remote="in", memory=tmp_path / "m")

    assert (left, len(told)) == ([], len(contents))
    assert tree(tmp_path / "all") == contents
    assert len(done.plan.steps) == len(contents)


def test_two_threads_share_what_is_much(
    server: Server, client: ObjectClient, tmp_path: Path
) -> None:
    """Each object is asked for once; and a failure in either ends both."""
    many = {f"many/{number:03}": b"%d" % number for number in range(150)}
    for key, content in many.items():
        serve(server, key, content)
    wanted = [
        Step("download", key, key, len(content), sha256=hashlib.sha256(content).hexdigest())
        for key, content in many.items()
    ]

    left, told = brought(client, tmp_path / "all", wanted)
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "many").write_text("in the way")
    with pytest.raises(StorageError):
        brought(client, tmp_path / "part", wanted)

    assert (left, sorted(told)) == ([], sorted(many))
    assert tree(tmp_path / "all") == {key: content.decode() for key, content in many.items()}
    assert server.count() < 2 * len(many)
