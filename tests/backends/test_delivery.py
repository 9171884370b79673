"""From a resource's metadata to its file."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from store.backends.base import ResourceInfo, Store
from store.backends.delivery import obtain
from store.backends.placing import Delivery
from store.cache.backends.base import Cache
from store.errors import (
    CacheError,
    OfflineError,
    PluginError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
)
from store.events import Cached, Event, Failed, Hit, Started, Verified
from store.records import CachedResource
from store.testing.fakes import FakeCache, FakeStore
from store.testing.faults import RaisingCache, flip_bit
from store.transports.base import TransferOptions

CONTENT = b"what is published"


@attrs.frozen
class Stranger(ResourceInfo):
    """A resource with a uid and a verify of its own."""

    name: str
    good: bytes = CONTENT

    @property
    def uid(self) -> str:
        """The name."""
        return self.name

    def verify(self, resource_path: str) -> bool:
        """Compare the bytes; raises for what is missing, against the contract."""
        return Path(resource_path).read_bytes() == self.good


class StrangeStore(Store[Stranger]):
    """A store as a stranger may write it."""

    needs_network = False

    def __init__(self, store_configuration: Any, cache_backend: Cache) -> None:
        super().__init__(store_configuration, cache_backend)
        self.brings: Any = CONTENT
        self.downloads = 0

    def get_resource_metadata(self, query: Mapping[str, Any]) -> Stranger:
        """Take the name."""
        return Stranger(query["name"])

    def download_resource_content(self, metadata: Stranger, dest: str) -> str | None:
        """Write what it is told to, return None, or raise."""
        self.downloads += 1
        if self.brings is None or isinstance(self.brings, str):
            return self.brings
        if isinstance(self.brings, Exception):
            raise self.brings
        path = Path(dest) / metadata.name
        path.write_bytes(self.brings)
        return str(path)


@pytest.fixture
def cache(tmp_path: Path) -> FakeCache:
    """Give a cache whose content lies in a fresh directory."""
    return FakeCache({"cache_dir": str(tmp_path / "cache"), "durability": "relaxed"})


@pytest.fixture
def fake(cache: FakeCache) -> FakeStore:
    """Give a store that has one resource."""
    return FakeStore({"resources": {"name.txt": CONTENT}}, cache)


@pytest.fixture
def strange(cache: FakeCache) -> StrangeStore:
    """Give a store of strangers."""
    return StrangeStore(None, cache)


def partial_files(cache: Cache) -> list[Path]:
    """Return what is left of downloads."""
    return [one for one in (Path(cache.content.root) / "partial").rglob("*") if one.is_file()]


def test_the_second_ask_moves_no_bytes(fake: FakeStore) -> None:
    """A resource is brought here once, and handed out from the cache, read-only."""
    info = fake.get_resource_metadata({"name": "name.txt"})

    first, second = fake.download_resource(info), fake.download_resource(info)

    assert first == second
    assert first is not None
    assert Path(first).read_bytes() == CONTENT
    assert Path(first).name == "name.txt"
    assert not Path(first).stat().st_mode & 0o222
    assert fake.downloads == ["name.txt"]


def test_dest_gets_a_private_copy_that_may_be_edited(fake: FakeStore, tmp_path: Path) -> None:
    """Editing what lies in dest leaves the cache as it was."""
    info = fake.get_resource_metadata({"name": "name.txt"})

    path = fake.download_resource(info, str(tmp_path / "new" / "dest"))
    assert path == str(tmp_path / "new" / "dest" / "name.txt")
    Path(path).write_bytes(b"edited")

    kept = fake.download_resource(info)
    assert kept is not None
    assert Path(kept).read_bytes() == CONTENT
    assert fake.downloads == ["name.txt"]


def test_a_link_is_made_only_on_request_and_costs_no_trust(fake: FakeStore, tmp_path: Path) -> None:
    """A hard link shares the file with the cache, whose next hit still needs no download."""
    info = fake.get_resource_metadata({"name": "name.txt"})

    linked = obtain(fake, info, Delivery(directory=str(tmp_path / "d"), link=True)).path
    kept = fake.download_resource(info)

    assert linked is not None
    assert kept is not None
    assert Path(linked).samefile(kept)
    assert fake.downloads == ["name.txt"]


def test_a_damaged_file_is_set_aside_and_fetched_anew(fake: FakeStore) -> None:
    """A flipped bit is found, though size and modification time are what they were."""
    info = fake.get_resource_metadata({"name": "name.txt"})
    path = fake.download_resource(info)
    assert path is not None
    flip_bit(path)

    again = fake.download_resource(info)

    assert again is not None
    assert Path(again).read_bytes() == CONTENT
    assert fake.downloads == ["name.txt"] * 2


def test_what_another_uid_brought_is_found_by_its_digest(fake: FakeStore, cache: FakeCache) -> None:
    """The same content is not moved twice because an entry was lost."""
    info = fake.get_resource_metadata({"name": "name.txt"})
    fake.download_resource(info)
    cache.clear()

    fake.download_resource(info)

    assert fake.downloads == ["name.txt"]


def test_the_same_content_has_the_name_that_is_asked_for(fake: FakeStore) -> None:
    """Two resources of one content keep their own file names."""
    fake.publish("other.txt", CONTENT)
    for name in ("name.txt", "other.txt", "name.txt"):
        path = fake.download_resource(fake.get_resource_metadata({"name": name}))
        assert path is not None
        assert Path(path).name == name

    assert fake.downloads == ["name.txt"]


def test_many_threads_cause_one_download(fake: FakeStore) -> None:
    """Sixteen askers at once: one transfer, sixteen right answers."""
    info = fake.get_resource_metadata({"name": "name.txt"})
    paths: list[str | None] = []
    barrier = threading.Barrier(16)

    def ask() -> None:
        barrier.wait()
        paths.append(fake.download_resource(info))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(paths) == 16
    assert len(set(paths)) == 1
    assert fake.downloads == ["name.txt"]


def test_a_strangers_verify_runs_at_every_hit(strange: StrangeStore) -> None:
    """What only a stranger can judge is judged each time, and fetched anew when it says no."""
    path = strange.download_resource(Stranger("n"))
    assert path is not None
    again = strange.download_resource(Stranger("n"))
    assert again == path
    assert strange.downloads == 1
    strange.brings = b"new"

    newer = strange.download_resource(Stranger("n", good=b"new"))

    assert newer is not None
    assert Path(newer).read_bytes() == b"new"
    assert strange.downloads == 2


def test_a_driver_that_brings_something_else_is_answered_with_none(strange: StrangeStore) -> None:
    """What does not verify is not kept, and nothing of it is left."""
    strange.brings = b"wrong"

    assert strange.download_resource(Stranger("n")) is None
    assert obtain(strange, Stranger("n")).verified is False
    assert strange.cache_backend.get("n") is None
    assert partial_files(strange.cache_backend) == []


def test_a_driver_that_nobody_loaded_goes_by_its_class(
    strange: StrangeStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever makes a store by hand reads of it by some name."""
    strange.brings = b"wrong"
    strange.download_resource(Stranger("n"))
    strange.brings = KeyError("x")

    with pytest.raises(PluginError, match=r"'StrangeStore' failed: KeyError: 'x'"):
        strange.download_resource(Stranger("n"))

    assert "what StrangeStore brought for n does not verify" in caplog.text


def test_a_driver_that_returns_none_is_answered_with_none(
    strange: StrangeStore, tmp_path: Path
) -> None:
    """The old contract's way to fail is kept."""
    strange.brings = None

    assert strange.download_resource(Stranger("n")) is None
    assert strange.download_resource(Stranger("n"), str(tmp_path / "d")) is None


def test_a_driver_that_names_a_missing_file_brought_nothing(strange: StrangeStore) -> None:
    """A path without a file does not verify, although that verify raises."""
    strange.brings = "/nonexistent/file"

    assert strange.download_resource(Stranger("n")) is None


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (KeyError("x"), PluginError),
        (FileNotFoundError(2, "gone", "f"), ResourceNotFoundError),
        (PermissionError(13, "no", "f"), StorageError),
        (ResourceNotFoundError("it is not there"), ResourceNotFoundError),
    ],
)
def test_what_a_driver_raises_becomes_an_error_of_ours(
    raised: Exception, expected: type[StoreError], strange: StrangeStore
) -> None:
    """Every failure is a StoreError, the cause kept."""
    strange.brings = raised

    with pytest.raises(expected) as caught:
        strange.download_resource(Stranger("n"))
    assert caught.value is raised or caught.value.__cause__ is raised
    assert partial_files(strange.cache_backend) == []


def test_a_failing_cache_costs_no_file(tmp_path: Path) -> None:
    """Every method of the entries' backend raises, and the file is delivered all the same."""
    cache = RaisingCache({"cache_dir": str(tmp_path / "cache")})
    store = FakeStore({"resources": {"name.txt": CONTENT}}, cache)

    path = store.download_resource(store.get_resource_metadata({"name": "name.txt"}))

    assert path is not None
    assert Path(path).read_bytes() == CONTENT
    assert cache.asked >= 2


def test_a_cache_that_cannot_be_written_is_passed_by(tmp_path: Path) -> None:
    """With a dest the file is delivered without the cache; nothing else is left there."""
    (tmp_path / "file").write_bytes(b"in the way")
    store = FakeStore(
        {"resources": {"name.txt": CONTENT}}, FakeCache({"cache_dir": str(tmp_path / "file" / "c")})
    )
    info = store.get_resource_metadata({"name": "name.txt"})

    path = store.download_resource(info, str(tmp_path / "dest"))

    assert path is not None
    assert Path(path).read_bytes() == CONTENT
    assert [one.name for one in (tmp_path / "dest").iterdir()] == ["name.txt"]
    assert (tmp_path / "file").read_bytes() == b"in the way"
    with pytest.raises(CacheError):
        store.download_resource(info)


def test_a_place_that_refuses_the_file_is_not_blamed_on_the_cache(
    fake: FakeStore, tmp_path: Path
) -> None:
    """It is said at once, and what was downloaded stays in the cache: nothing moves twice."""
    (tmp_path / "file").write_bytes(b"in the way")
    info = fake.get_resource_metadata({"name": "name.txt"})

    with pytest.raises(StorageError, match="in the way"):
        fake.download_resource(info, str(tmp_path / "file" / "dest"))

    assert fake.downloads == ["name.txt"]
    assert fake.download_resource(info) is not None
    assert fake.downloads == ["name.txt"]


@pytest.mark.parametrize("brings", [None, b"wrong"])
def test_passing_the_cache_by_verifies_as_well(brings: bytes | None, tmp_path: Path) -> None:
    """Without a cache a wrong file is refused too, and dest is not even made."""
    (tmp_path / "file").write_bytes(b"")
    store = StrangeStore(None, FakeCache({"cache_dir": str(tmp_path / "file" / "c")}))
    store.brings = brings

    assert store.download_resource(Stranger("n"), str(tmp_path / "dest")) is None
    assert not (tmp_path / "dest").exists()


def test_a_cache_that_cannot_keep_delivers_what_was_brought(
    fake: FakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes that came are not moved again because the cache is full."""

    def full(*_: object, **__: object) -> None:
        raise CacheError("no room")

    monkeypatch.setattr(fake.cache_backend.content, "keep", full)
    info = fake.get_resource_metadata({"name": "name.txt"})

    path = fake.download_resource(info, str(tmp_path / "dest"))

    assert path is not None
    assert Path(path).read_bytes() == CONTENT
    assert fake.downloads == ["name.txt"]
    with pytest.raises(CacheError):
        fake.download_resource(info)


@pytest.mark.parametrize("value", ["text", 7, ["a"], {"local_path": 3}])
def test_a_foreign_entry_is_dropped(value: object, fake: FakeStore) -> None:
    """An entry of another kind is a miss that is logged."""
    info = fake.get_resource_metadata({"name": "name.txt"})
    fake.cache_backend.set(info.uid, value)

    path = fake.download_resource(info)

    assert path is not None
    assert Path(path).read_bytes() == CONTENT


def test_an_entry_that_leads_elsewhere_is_verified_and_never_deleted(
    fake: FakeStore, tmp_path: Path
) -> None:
    """A right file outside the cache serves; a wrong one is left alone and not handed out."""
    info = fake.get_resource_metadata({"name": "name.txt"})
    mine = tmp_path / "name.txt"
    mine.write_bytes(CONTENT)
    fake.cache_backend.set(info.uid, CachedResource(info.uid, str(mine)))
    assert fake.download_resource(info) == str(mine)
    mine.write_bytes(b"changed")

    path = fake.download_resource(info)

    assert path != str(mine)
    assert mine.read_bytes() == b"changed"


def test_offline_a_hit_is_delivered_and_a_miss_is_told(fake: FakeStore) -> None:
    """Only a store that needs the network is stopped."""
    info = fake.get_resource_metadata({"name": "name.txt"})
    fake.options = TransferOptions(offline=True)
    fake.needs_network = True  # type: ignore[misc]

    with pytest.raises(OfflineError) as caught:
        fake.download_resource(info)
    assert caught.value.missing == ("name.txt",)
    fake.options = TransferOptions()
    kept = fake.download_resource(info)
    fake.options = TransferOptions(offline=True)
    assert fake.download_resource(info) == kept


def test_what_happens_is_told_in_order(fake: FakeStore) -> None:
    """A download tells its beginning, its check and its end; a hit only itself."""
    told: list[Event] = []
    fake.options = TransferOptions(listener=told.append)
    info = fake.get_resource_metadata({"name": "name.txt"})

    fake.download_resource(info)
    fake.download_resource(info)

    assert [type(one) for one in told] == [Started, Verified, Cached, Hit]
    assert {one.name for one in told} == {"name.txt"}


@pytest.mark.parametrize("brings", [None, b"wrong", KeyError("x"), ResourceNotFoundError("gone")])
def test_a_failure_is_told_as_well(brings: Any, strange: StrangeStore) -> None:
    """Whoever drew a bar may end it."""
    told: list[Event] = []
    strange.options = TransferOptions(listener=told.append)
    strange.brings = brings

    with contextlib.suppress(StoreError):
        strange.download_resource(Stranger("n"))

    assert [type(one) for one in told] == [Started, Failed]


def test_the_cache_is_told_where_a_resource_came_from(fake: FakeStore, cache: FakeCache) -> None:
    """The note has the driver, the query, the digests and the size."""
    info = fake.get_resource_metadata({"name": "name.txt"})
    fake.name = "fake"

    obtain(fake, info, query='{"name": "name.txt"}')

    note = cache.recorded[info.uid]
    assert (note.driver, note.query, note.size) == ("fake", '{"name": "name.txt"}', len(CONTENT))
    assert f"sha256:{hashlib.sha256(CONTENT).hexdigest()}" in note.digests


def test_a_stores_repr_keeps_its_configuration_to_itself() -> None:
    """A token in the configuration is not shown."""
    store = FakeStore({"token": "secret"}, FakeCache())

    assert "secret" not in repr(store)


def test_an_entry_without_text_for_a_path_is_dropped(fake: FakeStore) -> None:
    """A cached resource may be damaged inside, and its cache refuse to drop it."""
    info = fake.get_resource_metadata({"name": "name.txt"})
    fake.cache_backend.set(info.uid, CachedResource(info.uid, 7))

    path = fake.download_resource(info)

    assert path is not None
    assert Path(path).read_bytes() == CONTENT


def test_a_cache_that_cannot_drop_costs_no_file(tmp_path: Path) -> None:
    """A stale entry that stays is passed by."""

    class Stubborn(FakeCache):
        """A cache that keeps what it has."""

        def delete(self, uid: str) -> None:
            """Refuse."""
            raise CacheError(f"{uid} stays")

    cache = Stubborn({"cache_dir": str(tmp_path / "cache")})
    store = FakeStore({"resources": {"name.txt": CONTENT}}, cache)
    info = store.get_resource_metadata({"name": "name.txt"})
    cache.set(info.uid, CachedResource(info.uid, str(tmp_path / "gone")))

    path = store.download_resource(info)

    assert path is not None
    assert Path(path).read_bytes() == CONTENT


def test_a_driver_says_nothing_of_how_long_its_answers_hold() -> None:
    """Unless it redefines these, they are asked for each time."""
    store = StrangeStore(None, FakeCache())

    assert store.resolution_max_age({}) is None
    assert store.resolution_context() == {}
