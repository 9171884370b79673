"""A sync that is killed loses nothing, and the next one finishes the job."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.clock import SYSTEM_CLOCK
from store.testing.bucket_trees import lay
from store.testing.object_servers import ObjectServer
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.objects.opening import open_objects

FILES = {
    f"{number % 7}/{number:03}": hashlib.sha256(b"%d" % number).digest() * 200
    for number in range(150)
}
"""150 files of 6 KiB."""

LARGE = hashlib.sha256(b"large").digest() * (10 << 15)
"""10 MiB: several parts."""

PROGRAM = """
import sys
from pathlib import Path

from store.buckets import bringing, memory as remembering
from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.transports.base import TransferOptions
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects

remembering.INTERVAL = bringing.INTERVAL = 0.0  # the test need not wait for ten seconds
endpoint, key, secret, bucket, directory, memory, direction = sys.argv[1:]
connection = Connection(endpoint, access_key=key, secret_key=secret, region="us-east-1")
client = open_objects(f"s3://{bucket}", TransferOptions(), connection=connection)
print("begun", flush=True)
options = {"remote": "data", "delete": True, "max_delete": 1, "jobs": 4, "memory": Path(memory)}
(sync_directory if direction == "up" else sync_remote_to_local)(client, directory, **options)
"""


@pytest.fixture(params=["moto", "rclone"])
def server(request: pytest.FixtureRequest) -> ObjectServer:
    """Give a real server."""
    found: ObjectServer = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def bucket(server: ObjectServer) -> str:
    """Make a bucket of the test's own."""
    return server.new_bucket()


@pytest.fixture
def client(server: ObjectServer, bucket: str) -> Iterator[ObjectClient]:
    """Open the bucket."""
    options = TransferOptions()
    opened = open_objects(f"s3://{bucket}", options, connection=server.connection)
    with contextlib.closing(opened):
        yield opened


@pytest.fixture
def killed(server: ObjectServer, bucket: str, tmp_path: Path) -> Callable[..., None]:
    """Begin a sync in a process of its own, and kill it as soon as something is true."""

    def run(direction: str, directory: Path, reached: Callable[[], bool]) -> None:
        connection = server.connection
        keys = [str(connection.access_key), str(connection.secret_key)]
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, server.endpoint, *keys, bucket, str(directory),
             str(tmp_path / "memory"), direction],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            while process.poll() is None and not reached():
                SYSTEM_CLOCK.sleep(0.002)
            process.send_signal(signal.SIGKILL)

    return run


def contents(client: ObjectClient) -> dict[str, bytes]:
    """Read every object."""
    found = {}
    for meta in client.list():
        with client.get(meta.key) as body:
            buffer = bytearray(meta.size)
            view = memoryview(buffer)
            while view and (count := body.readinto(view)):
                view = view[count:]
            found[meta.key] = bytes(buffer)
    return found


def files(root: Path) -> dict[str, bytes]:
    """Read every file that has its final name."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not any(part.startswith(".store-") for part in path.parts)
    }


def remembered(memory: Path, kind: str) -> dict[str, Any]:
    """Return what a run wrote down of files, or of objects, before it was killed."""
    (path,) = (one for one in (memory / kind).iterdir() if not one.name.startswith(".store-"))
    found: dict[str, Any] = json.loads(path.read_bytes().splitlines()[0])["entries"]
    return found


def test_killed_on_the_way_up(
    client: ObjectClient, killed: Callable[..., Any], tmp_path: Path
) -> None:
    """Nothing is deleted, nothing is there in part, and the second run makes both sides alike."""
    here = lay(tmp_path / "here", {**FILES, "large": LARGE})
    client.put("data/gone", b"to go at the end")

    killed("up", here, lambda: sum(1 for _ in client.list("data/")) > 20)

    wanted = {f"data/{name}": content for name, content in {**FILES, "large": LARGE}.items()}
    found = contents(client)
    assert found.pop("data/gone") == b"to go at the end"
    assert all(wanted[key] == content for key, content in found.items())
    assert 0 < len(found) < len(wanted)

    assert remembered(tmp_path / "memory", "trees")
    done = sync_directory(client, here, remote="data", memory=tmp_path / "memory", max_delete=1)
    assert contents(client) == wanted
    assert done.plan.kept > 0
    assert files(here) == {**FILES, "large": LARGE}


def test_killed_on_the_way_down(
    client: ObjectClient, killed: Callable[..., Any], tmp_path: Path
) -> None:
    """Nothing is removed, nothing lies under its name in part, and the second run finishes."""
    for name, content in {**FILES, "large": LARGE}.items():
        client.put(f"data/{name}", content)
    there = lay(tmp_path / "there", {"gone": "to go at the end", "0/000": "an old one"})

    killed("down", there, lambda: len(files(there)) > 20)

    wanted = {**FILES, "large": LARGE}
    found = files(there)
    assert found.pop("gone") == b"to go at the end"
    old = {"0/000": b"an old one"}
    assert all(content in (wanted[name], old.get(name)) for name, content in found.items())
    assert len(found) < len(wanted)

    known = remembered(tmp_path / "memory", "trees")
    assert known
    assert all(files(there)[name] == wanted[name] for name in known)
    sync_remote_to_local(
        client, there, remote="data", delete=True, memory=tmp_path / "memory", max_delete=1
    )
    assert files(there) == wanted
    left = [path for path in there.rglob(".store-*") if "part" not in path.name]
    assert left == []
