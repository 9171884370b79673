"""A sync at a server that fails: nothing is lost, and the next one finishes."""

from __future__ import annotations

import contextlib
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.errors import CredentialsError, IntegrityError, StoreError, TransportError
from store.testing.bucket_trees import fill, held, lay, tree
from store.testing.cutting import Cutting
from store.testing.object_servers import RcloneServer
from store.testing.objects import FakeBody, FakeObjects
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.objects.base import Body, ObjectMeta
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects

QUICK = TransferOptions(bounds=Bounds(deadline=5.0), retrying=Retrying(attempts=2, base=0.0))
"""Does not wait long."""

FILES = {f"{number:02}": f"content {number}" for number in range(12)}


class Unreliable(FakeObjects):
    """A bucket whose every so manieth call of one kind fails."""

    def __init__(self, kind: str, every: int) -> None:
        super().__init__()
        self.kind, self.every = kind, every
        self.count: Counter[str] = Counter()

    def _tick(self, kind: str) -> None:
        self.count[kind] += 1
        if kind == self.kind and self.count[kind] % self.every == 0:
            raise TransportError(f"{kind} failed", status=503)

    def put(self, key: str, *rest: Any, **options: Any) -> ObjectMeta:
        """Put, or fail."""
        self._tick("put")
        return super().put(key, *rest, **options)

    def get(self, key: str, **options: Any) -> Body:
        """Open, or fail."""
        self._tick("get")
        return super().get(key, **options)

    def delete(self, keys: Any) -> None:
        """Delete, or fail half way."""
        for key in keys:
            self._tick("delete")
            super().delete([key])

    def list(self, prefix: str = "", **options: Any) -> Any:
        """List, or break off half way."""
        for number, meta in enumerate(super().list(prefix, **options)):
            if self.kind == "list" and number == 3:
                raise TransportError("the listing broke off", status=503)
            yield meta


@pytest.mark.parametrize("kind", ["put", "delete", "list"])
def test_a_failure_on_the_way_up_is_made_good_by_the_next_run(tmp_path: Path, kind: str) -> None:
    """What was there is there until everything else is; then the rest is done."""
    objects = Unreliable("", 5)
    here = lay(tmp_path / "here", FILES)
    gone = {f"gone {number}": "x" for number in range(6)}
    fill(objects, gone)
    objects.kind = kind

    with pytest.raises(TransportError):
        sync_directory(objects, here, memory=tmp_path / "m", max_delete=1, jobs=3)
    objects.kind = ""
    after = held(objects)
    done = sync_directory(objects, here, memory=tmp_path / "m", max_delete=1)

    assert kind == "delete" or gone.items() <= after.items()
    assert held(objects) == FILES == tree(here)
    assert kind == "list" or done.plan.kept > 0


@pytest.mark.parametrize("kind", ["get", "list"])
def test_a_failure_on_the_way_down_is_made_good_by_the_next_run(tmp_path: Path, kind: str) -> None:
    """Nothing is removed before all has come."""
    objects = Unreliable("", 5)
    there = lay(tmp_path / "there", {"gone": "1", "01": "old"})
    fill(objects, FILES)
    objects.kind = kind

    def sync(options: TransferOptions) -> None:
        sync_remote_to_local(
            objects, there, memory=tmp_path / "m", delete=True, max_delete=1, options=options
        )

    with pytest.raises(TransportError):
        sync(TransferOptions(retrying=Retrying(attempts=1)))
    assert tree(there)["gone"] == "1"
    objects.kind = ""
    sync(QUICK)

    assert tree(there) == FILES


def _refused(_: RcloneServer) -> Connection:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return Connection(f"http://127.0.0.1:{port}", access_key="KEY", secret_key="SECRET")


def _wrong(server: RcloneServer) -> Connection:
    return Connection(server.endpoint, access_key="WRONG", secret_key="SECRET")


@pytest.mark.parametrize(
    ("make", "error", "status"), [(_refused, TransportError, 8), (_wrong, CredentialsError, 7)]
)
def test_a_server_that_cannot_be_used_is_told_and_nothing_is_changed(
    rclone_server: RcloneServer,
    tmp_path: Path,
    make: Callable[[RcloneServer], Connection],
    error: type[StoreError],
    status: int,
) -> None:
    """Within the deadline, in both directions."""
    here = lay(tmp_path / "here", FILES)
    bucket = rclone_server.new_bucket()
    client = open_objects(f"s3://{bucket}", QUICK, connection=make(rclone_server))

    with contextlib.closing(client):
        for sync in (sync_directory, sync_remote_to_local):
            with pytest.raises(error) as caught:
                sync(client, here, delete=True, memory=tmp_path / "m", options=QUICK)
            assert caught.value.exit_status == status

    assert tree(here) == FILES


@pytest.mark.parametrize("fault", ["drops", "flips"])
def test_what_is_cut_or_damaged_on_its_way_down_is_asked_for_again(
    rclone_server: RcloneServer, tmp_path: Path, fault: str
) -> None:
    """By the short way and the usual one; no file is ever wrong."""
    files = {
        name: b"%s " % name.encode() * length + b"last byte of content"
        for name, length in {**{f"{number}": 10 for number in range(8)}, "large": 600_000}.items()
    }
    here = lay(tmp_path / "here", files)
    bucket = rclone_server.new_bucket()
    again = TransferOptions(bounds=Bounds(deadline=20.0), retrying=Retrying(attempts=6, base=0.0))
    with Cutting(rclone_server.port) as proxy:
        connection = rclone_server.connection._replace(endpoint=proxy.url)
        client = open_objects(f"s3://{bucket}", again, connection=connection)
        with contextlib.closing(client):
            sync_directory(client, here, memory=tmp_path / "m")
            setattr(proxy, fault, 4)
            sync_remote_to_local(client, tmp_path / "there", memory=tmp_path / "n", options=again)
        assert getattr(proxy, fault) < 0

    assert {path.name: path.read_bytes() for path in (tmp_path / "there").iterdir()} == files


class Damaging(FakeObjects):
    """A bucket that gives other bytes than it was given, from some time on."""

    damaged = False

    def get(self, key: str, **options: Any) -> Body:
        """Open the object, or what has become of it."""
        body = super().get(key, **options)
        if not self.damaged:
            return body
        return FakeBody(body.meta, b"?" * body.meta.size, 0, body.meta.size)


def test_a_damaged_object_that_is_known_is_no_question_of_pins(tmp_path: Path) -> None:
    """An earlier sync knows what it was; nobody has pinned it."""
    objects, here = Damaging(), tmp_path / "here"
    fill(objects, {"a": "content"})
    sync_remote_to_local(objects, here, memory=tmp_path / "memory", options=QUICK)
    (here / "a").unlink()
    objects.damaged = True

    with pytest.raises(IntegrityError, match="what is known of it") as raised:
        sync_remote_to_local(objects, here, memory=tmp_path / "memory", options=QUICK)

    assert "pin" not in str(raised.value)
    assert str(raised.value.expected).startswith("sha256:")
    assert not (here / "a").exists()
