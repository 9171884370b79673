"""Stores that were written for e3-core, loaded unchanged."""

from __future__ import annotations

import copy
import functools
import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from e3.store.backends.base import Store as E3Store
from e3.store.backends.http_simple_store import HTTPSimpleStore as E3HTTPSimpleStore
from e3.store.cache.backends.filecache import FileCache as E3FileCache

from store.cache.backends.base import Cache
from store.cache.backends.filecache import FileCache
from store.errors import QueryError, ResourceNotFoundError, StoreError
from store.hooks import hookimpl
from store.plugins.brought import Found
from store.plugins.foreign import ForeignStore, StoreAdapter, adapted_driver, our_store
from store.plugins.foreign_cache import ForeignCache
from store.plugins.loading import find, load_store
from store.plugins.manager import Plugins, plugins

Publish = Callable[..., Path]
"""Installs a distribution: its name, its entry points by group, its modules by name."""

CONTENT = b"a resource of the old days"
SHA = hashlib.sha1(CONTENT).hexdigest()

OLD_STORE = """
    import os

    class Info:
        def __init__(self, name):
            self.name = name

        def uid(self):
            return f"old/{self.name}"

        def verify(self, path):
            with open(path) as file:
                return file.read() == self.name

    class OldStore:
        brand = "old"

        def __init__(self, configuration, cache):
            self.cache = cache
            self.downloads = 0

        def get_resource_metadata(self, query):
            query["seen"] = True
            return Info(query["name"])

        def download_resource_content(self, metadata, dest):
            self.downloads += 1
            if metadata.name == "none":
                return None
            if metadata.name == "missing":
                raise FileNotFoundError(metadata.name)
            path = os.path.join(dest, "file")
            with open(path, "w") as file:
                file.write("damaged" if metadata.name == "bad" else metadata.name)
            return path
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and counts what it was asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        """Note the path and serve it."""
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def asked() -> list[str]:
    """Return the paths that the server was asked for."""
    return []


@pytest.fixture
def server(tmp_path: Path, asked: list[str]) -> Iterator[str]:
    """Serve one resource, and give the address."""
    root = tmp_path / "served"
    root.mkdir()
    (root / "resource.txt").write_bytes(CONTENT)
    handler = type("Handler", (Quiet,), {"asked": asked})
    served = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(root))
    )
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    """Return our default cache, in a directory of its own."""
    with FileCache({"cache_dir": str(tmp_path / "ours"), "durability": "relaxed"}) as ours:
        yield ours


@pytest.fixture
def _only_e3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish e3-core's own classes under names that are not ours."""
    value = "e3.store.backends.http_simple_store:HTTPSimpleStore"
    registry = Plugins(lambda: [Found("e3.store", "e3-http", value, "e3-core")])
    monkeypatch.setattr("store.plugins.loading.plugins", lambda: registry)


@pytest.mark.usefixtures("_only_e3")
def test_e3_core_s_own_driver_runs_unchanged(
    server: str, asked: list[str], cache: Cache, tmp_path: Path
) -> None:
    """One download, verified by its own sha1, kept by our cache and placed."""
    store = load_store("e3-http", {}, cache)
    metadata = store.get_resource_metadata({"url": f"{server}/resource.txt", "sha": SHA})
    first = store.download_resource(metadata, str(tmp_path / "one"))
    second = store.download_resource(metadata, str(tmp_path / "two"))

    assert isinstance(store, ForeignStore)
    assert isinstance(store.foreign, E3HTTPSimpleStore)
    assert first is not None
    assert second is not None
    assert Path(first).read_bytes() == Path(second).read_bytes() == CONTENT
    assert asked == ["/resource.txt"]
    assert cache.has_resource(SHA)


@pytest.mark.usefixtures("_only_e3")
def test_e3_core_s_refusals_are_ours(server: str, cache: Cache) -> None:
    """A query that lacks a key is a QueryError; what the server does not have fails as it did."""
    store = load_store("e3-http", {}, cache)
    with pytest.raises(QueryError, match="missing either"):
        store.get_resource_metadata({"url": server})

    metadata = store.get_resource_metadata({"url": f"{server}/none", "sha": SHA})

    assert store.download_resource(metadata) is None


@pytest.mark.usefixtures("_only_e3")
def test_a_foreign_store_works_on_a_foreign_cache(
    server: str, asked: list[str], tmp_path: Path
) -> None:
    """Both of e3-core's kind, with our delivery between them; the foreign store sees its own cache."""
    foreign: Any = E3FileCache({"cache_dir": str(tmp_path / "theirs")})
    store = load_store("e3-http", {}, foreign)
    metadata = store.get_resource_metadata({"url": f"{server}/resource.txt", "sha": SHA})

    paths = [store.download_resource(metadata) for _ in range(2)]

    assert paths[0] == paths[1]
    assert Path(str(paths[0])).read_bytes() == CONTENT
    assert asked == ["/resource.txt"]
    assert isinstance(store, ForeignStore)
    assert store.foreign.cache_backend is foreign
    assert isinstance(store.cache_backend, ForeignCache)
    assert foreign.get(SHA).local_path == paths[0]


@pytest.fixture
def old(publish: Publish, cache: Cache) -> ForeignStore:
    """Return a store that knows neither us nor e3-core."""
    publish("old-store", {"e3.store": {"old": "old_store:OldStore"}}, {"old_store": OLD_STORE})
    store = load_store("old", {"root": "/srv"}, cache)
    assert isinstance(store, ForeignStore)
    return store


def test_a_store_without_any_base_class_is_taken(old: ForeignStore, cache: Cache) -> None:
    """Its uid is a method, its uid has a slash, and it is downloaded once."""
    query = {"name": "six"}
    metadata = old.get_resource_metadata(query)

    paths = {old.download_resource(metadata) for _ in range(3)}

    assert [Path(str(path)).read_text() for path in paths] == ["six"]
    assert (old.downloads, old.cache, old.name) == (1, cache, "old")
    assert query == {"name": "six"}


def test_other_attributes_are_the_foreign_store_s(old: ForeignStore) -> None:
    """What is not ours is forwarded, also in a copy; what nobody has is missing."""
    assert old.brand == "old"
    assert copy.copy(old).brand == "old"
    with pytest.raises(AttributeError, match="colour"):
        _ = old.colour


def test_what_a_foreign_store_raises_or_returns_keeps_its_meaning(old: ForeignStore) -> None:
    """None stays None, damage is None, and a missing file is told as such."""
    none, bad, missing = (
        old.get_resource_metadata({"name": one}) for one in ("none", "bad", "missing")
    )

    assert old.download_resource(none) is None
    assert old.download_resource(bad) is None
    with pytest.raises(ResourceNotFoundError, match="'old' failed: FileNotFoundError"):
        old.download_resource(missing)
    with pytest.raises(StoreError, match="KeyError"):
        old.get_resource_metadata({})


def test_what_is_found_makes_stores_of_ours(
    publish: Publish, old: ForeignStore, cache: Cache
) -> None:
    """The factory of a foreign driver keeps the contract of ours."""
    factory = find("driver", "old")

    assert isinstance(factory, StoreAdapter)
    assert isinstance(factory({}, cache), ForeignStore)
    assert adapted_driver(len) is len
    assert adapted_driver(dict) is dict


def test_a_factory_may_return_a_foreign_store(cache: Cache) -> None:
    """A plugin of ours may bring a function that makes one."""

    def make(configuration: Any, cache: Any) -> Any:
        return E3HTTPSimpleStore(configuration, cache)

    def store_drivers() -> dict[str, Any]:
        return {"made": make}

    plugin = SimpleNamespace()
    plugin.store_drivers = hookimpl(store_drivers)
    plugins().register(plugin, "maker")

    store = load_store("made", {"a": 1}, cache)

    assert isinstance(store, ForeignStore)
    assert isinstance(store.foreign, E3Store)
    assert store.store_configuration == {"a": 1}
    assert our_store(store, {}, cache) is store
