"""Files of a registry on a server may lie in a bucket, with copies on each machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from store.errors import (
    IntegrityError,
    LocatorError,
    ResourceNotFoundError,
    StatusError,
    TransportError,
)
from store.registry.manager import Cache
from store.registry.status import Status
from store.testing.object_servers import RcloneServer
from store.testing.objects import FakeObjects
from store.transports.base import TransferOptions
from store.transports.objects.base import DIGEST_KEY

Machine = Callable[[str], Cache]


class Failing(FakeObjects):
    """A bucket that takes nothing while it is told so."""

    full = False

    def put(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
        """Refuse."""
        if self.full:
            raise TransportError("503")
        return super().put(*arguments, **options)  # type: ignore[arg-type]


@pytest.fixture
def bucket() -> Failing:
    """A bucket in memory."""
    return Failing()


@pytest.fixture
def machine(
    database: str, bucket: Failing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    """Opens the one registry as machines of several names would, each with copies of its own."""
    monkeypatch.setenv("STORE_CACHE_DIR", str(tmp_path))
    with contextlib.ExitStack() as stack:
        first = Cache(
            url=database, files="s3://fake/team/registry", objects=bucket, durability="relaxed"
        )

        def opened(name: str) -> Cache:
            options = attrs.evolve(first.options, root=str(tmp_path / name))
            return stack.enter_context(Cache.opened_by(options))

        yield opened
        first.close()


def keys(bucket: FakeObjects) -> list[str]:
    """Return the ends of the keys in the bucket."""
    return sorted(one.key.rpartition("-")[2] for one in bucket.list("team/registry/files/"))


def test_what_one_machine_puts_in_another_reads(machine: Machine, bucket: Failing) -> None:
    """Its file is brought when it is first asked for, and verified; the next time it is there."""
    here, there = machine("here"), machine("there")
    made = here.put("a", b"data", attrs={"n": 1}, filename="a.txt")

    found = there.best("a")

    assert found is not None
    assert Path(found.path).read_bytes() == b"data"
    assert Path(found.path) != Path(made.path)
    assert keys(bucket) == ["1+item.json", "1.txt"]
    count = len(bucket.calls)
    with found.open() as opened:
        assert opened.result.read() == "data"
    assert len(bucket.calls) == count
    stored = next(one.key for one in bucket.list("team/") if one.key.endswith(".txt"))
    assert f"sha256:{(bucket.head(stored).metadata or {})[DIGEST_KEY]}" == made.digest


def test_what_is_written_is_published_in_the_bucket(machine: Machine, bucket: Failing) -> None:
    """Others see READY when the object is whole; a path asked for too early is that of the file to write."""
    here, there = machine("here"), machine("there")
    item = here.create("a", status="write")
    early = there.by_id(item.id)
    assert early is not None
    assert "partial" in early.path
    with item.writing() if item.status is not Status.WRITE else contextlib.nullcontext():
        Path(item.path).write_bytes(b"data")
    item.ready()

    assert Path(early.path).read_bytes() == b"data"


def test_a_bucket_that_refuses_leaves_nothing_ready(machine: Machine, bucket: Failing) -> None:
    """Neither a row, nor an object, nor a file; the writer is told, and what was there stays best."""
    here = machine("here")
    old = here.put("a", b"1")
    item = here.create("a", status="write")
    Path(item.path).write_bytes(b"2")
    bucket.full = True
    with pytest.raises(TransportError):
        here.put("a", b"3")
    with pytest.raises(TransportError):
        item.ready()
    bucket.full = False

    assert here.best("a") == old
    assert [one.version for one in here.search(status="ready")] == [1]
    assert keys(bucket) == ["1", "1+item.json"]


def test_an_object_that_was_changed_or_is_gone_is_told(machine: Machine, bucket: Failing) -> None:
    """It is never handed out."""
    here, there = machine("here"), machine("there")
    changed, gone = here.put("a", b"data"), here.put("b", b"data")
    for one in list(bucket.list("team/")):
        if changed.key in one.key and not one.key.endswith("json"):
            bucket.put(one.key, b"evil")
        elif gone.key in one.key:
            bucket.delete([one.key])

    with pytest.raises(IntegrityError):
        there.by_id(changed.id).open()  # type: ignore[union-attr]
    with pytest.raises(ResourceNotFoundError):
        there.by_id(gone.id).open()  # type: ignore[union-attr]
    assert not list(there.places.root.rglob(".store-*"))


def test_removing_and_pruning_empty_the_bucket(machine: Machine, bucket: Failing) -> None:
    """Except what a machine has in use; what is only in the trash comes back."""
    here, there = machine("here"), machine("there")
    for name in "abc":
        here.put(name, name.encode())
    here.close()
    reader = there.best("a")
    assert reader is not None
    assert Path(reader.path).read_bytes() == b"a"
    here.remove("b")
    assert here.restore("b") == 1
    here.remove("c", disk=True)

    assert [one.uri for one in here.prune(max_bytes=0).removed] == ["b"]

    assert keys(bucket) == ["1", "1+item.json"]
    late = machine("late").by_id(reader.id)
    there.close()
    here.prune(max_bytes=0)
    assert keys(bucket) == []
    assert late is not None
    with pytest.raises((StatusError, ResourceNotFoundError)):
        late.open()


def test_cleaning_looks_into_the_bucket(machine: Machine, bucket: Failing) -> None:
    """Records without an object go, objects without a record go; what is no item's name stays."""
    here, there = machine("here"), machine("there")
    kept, lost = here.put("a", b"1"), here.put("b", b"2")
    bucket.delete([one.key for one in bucket.list("team/") if lost.key in one.key])
    shelf = f"team/registry/files/{kept.key[:2]}"
    for name in (f"{shelf}/{kept.key}-9", f"{shelf}/notes.txt", f"team/registry/{kept.key}-9"):
        bucket.put(name, b"x")

    assert there.clean_db() == 1
    assert there.clean_disk() == 1

    assert [one.version_id for one in there.search()] == [kept.version_id]
    assert f"{shelf}/notes.txt" in {one.key for one in bucket.list("team/")}
    assert f"team/registry/{kept.key}-9" in {one.key for one in bucket.list("team/")}
    assert there.contents()[kept.version_id]["disk_fname"] == kept.cache_fname


def test_a_lost_registry_is_rebuilt_from_the_bucket(machine: Machine, bucket: Failing) -> None:
    """On a machine that never saw its files; one without a sidecar is not lost."""
    here = machine("here")
    here.put("a", b"1", {"n": 1}, {"x": (1, 2)}, label="l")
    bare = here.put("b", b"2")
    bucket.delete([one.key for one in bucket.list("team/") if f"{bare.key}-1+" in one.key])

    there = machine("there")
    assert there.rebuild() == (1, 1, 0)

    found = there.best("a", {"n": 1})
    assert found is not None
    assert (found.attrs, found.label) == ({"x": (1, 2)}, "l")
    assert Path(found.path).read_bytes() == b"1"
    assert there.best(key=bare.key).digest == bare.digest  # type: ignore[union-attr]


def test_a_batch_that_fails_leaves_no_objects(machine: Machine, bucket: Failing) -> None:
    """Of one that ends well they are there."""
    here = machine("here")
    with here.batch():
        here.put("a", b"1")
    with pytest.raises(TypeError), here.batch():
        here.put("b", b"2", attrs={"n": here.put("c", b"3")})

    assert [one for one in keys(bucket) if "item" not in one] == ["1"]
    assert here.best("b") is None


def test_items_leave_a_bucket_for_a_directory(machine: Machine, tmp_path: Path) -> None:
    """What is exported was brought here first."""
    machine("here").put("a", b"1")

    assert machine("there").export_to(tmp_path / "home") == 1

    with Cache(tmp_path / "home") as home:
        assert Path(home.best("a").path).read_bytes() == b"1"  # type: ignore[union-attr]


def test_an_address_without_a_bucket_is_refused() -> None:
    """It is told before anything is opened."""
    with pytest.raises(LocatorError, match="bucket"):
        Cache(url="postgresql://user@host/db", files="s3:///prefix")


def test_a_real_bucket_does(
    database: str, rclone_server: RcloneServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened by the connection that the settings name."""
    monkeypatch.setenv("STORE_CACHE_DIR", str(tmp_path))
    connection = rclone_server.connection
    table = {
        "endpoint": connection.endpoint,
        "access_key": connection.access_key,
        "secret_key": connection.secret_key,
        "bucket": rclone_server.new_bucket(),
    }
    transfer = TransferOptions(connections={"team": table})
    with Cache(url=database, files="bucket:team/registry", transfer=transfer) as cache:
        item = cache.put("a", b"data" * 1000)
        Path(item.path).unlink()

        assert Path(cache.best("a").path).read_bytes() == b"data" * 1000  # type: ignore[union-attr]
        assert cache.rebuild() == (1, 0, 0)
        cache.close()
        assert len(cache.prune(max_bytes=0).removed) == 1
        assert cache.clean_disk() == 0
