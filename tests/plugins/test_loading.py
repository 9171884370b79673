"""Stores and caches by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from store.backends.file_store import FileStore
from store.backends.http_simple_store import HTTPSimpleStore
from store.cache.backends.base import Cache
from store.cache.backends.filecache import FileCache
from store.errors import PluginConflictError, PluginError, QueryError, UnknownNameError
from store.hooks import hookimpl
from store.plugins.loading import find, load_cache, load_store, load_transports, names
from store.plugins.manager import plugins
from store.transports import opening
from store.transports.base import TransferOptions
from store.transports.local import LocalTransport

Publish = Callable[..., Path]
"""Installs a distribution: its name, its entry points by group, its modules by name."""

MIRROR = """
    from store.backends.base import Store
    from store.hooks import hookimpl

    class MirrorStore(Store):
        def get_resource_metadata(self, query):
            raise NotImplementedError

        def download_resource_content(self, metadata, dest):
            raise NotImplementedError

    @hookimpl
    def store_drivers():
        return {"mirror": MirrorStore}
"""


class Plugin:
    """A plugin at hand."""

    def __init__(self, **brought: Mapping[str, Any]) -> None:
        self.brought = brought

    @hookimpl
    def store_drivers(self) -> Mapping[str, Any] | None:
        """Return the drivers it was told to bring."""
        return self.brought.get("drivers")

    @hookimpl
    def store_caches(self) -> Mapping[str, Any] | None:
        """Return the caches it was told to bring."""
        return self.brought.get("caches")

    @hookimpl
    def store_transports(self) -> Mapping[str, Any] | None:
        """Return the transports it was told to bring."""
        return self.brought.get("transports")


@pytest.fixture
def cache() -> Iterator[Cache]:
    """Return a cache in memory."""
    with load_cache("memory") as memory:
        yield memory


def test_a_builtin_store_is_loaded_by_name(cache: Cache) -> None:
    """It knows its name, its configuration and its cache."""
    store = load_store("file", {"root": "/srv"}, cache)

    assert type(store) is FileStore
    assert (store.name, store.store_configuration, store.cache_backend) == (
        "file",
        {"root": "/srv"},
        cache,
    )


def test_ours_hides_e3_core_s_of_the_same_name(cache: Cache, tmp_path: Path) -> None:
    """e3-core is installed here and publishes both names."""
    assert type(load_store("http-simple-store", None, cache)) is HTTPSimpleStore
    assert type(load_cache(configuration={"cache_dir": str(tmp_path)})) is FileCache


def test_a_published_driver_is_loaded_by_name(publish: Publish, cache: Cache) -> None:
    """A stranger's store is used as it is when it is one of ours."""
    publish("store-mirror", {"store": {"mirror": "mirror_plugin"}}, {"mirror_plugin": MIRROR})

    store = load_store("mirror", {}, cache)

    assert (type(store).__name__, store.name) == ("MirrorStore", "mirror")
    assert "mirror" in names("driver")


def test_a_driver_in_e3_core_s_group_may_be_one_of_ours(publish: Publish, cache: Cache) -> None:
    """What is a store of ours needs no wrapping, wherever it is published."""
    publish("old", {"e3.store": {"mirror": "mirror_plugin:MirrorStore"}}, {"mirror_plugin": MIRROR})

    store = load_store("mirror", {}, cache)

    assert type(store).__name__ == "MirrorStore"


@pytest.mark.parametrize("kind", ["driver", "cache", "transport", "archive", "command", "locator"])
def test_an_unknown_name_is_told_with_the_known_ones(kind: str) -> None:
    """The nearest is offered."""
    with pytest.raises(UnknownNameError) as raised:
        find(kind, "pypl")

    error = raised.value
    assert (error.kind, error.name, error.known) == (kind, "pypl", names(kind))
    assert ("did you mean 'pypi'?" in str(error)) == ("pypi" in names(kind))


def test_an_unknown_kind_is_told_too() -> None:
    """There are six."""
    with pytest.raises(UnknownNameError, match="no kind 'drivers'; did you mean 'driver'"):
        find("drivers", "file")


def test_a_broken_plugin_is_named_where_a_name_is_missing(publish: Publish) -> None:
    """It may be the one that would have brought it."""
    publish(
        "broken-one", {"store": {"broken": "broken_plugin"}}, {"broken_plugin": "import nothing"}
    )

    with pytest.raises(UnknownNameError, match=r"broken: broken$"):
        find("driver", "mirror")


def test_a_builtin_driver_without_a_locator_costs_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """No plugin may bring the locator of a driver of ours."""
    plugins.cache_clear()
    with pytest.raises(UnknownNameError):
        find("locator", "http-simple-store")

    assert plugins()._strangers is None


def test_what_cannot_be_imported_is_an_error_of_the_plugin(publish: Publish, cache: Cache) -> None:
    """An entry point of e3-core's group is imported when it is asked for."""
    publish("old", {"e3.store": {"old": "no_such_module:Old", "gone": "os:Gone"}}, {})

    with pytest.raises(
        PluginError, match="plugin 'old' cannot be imported: ModuleNotFound"
    ) as raised:
        load_store("old", {}, cache)
    with pytest.raises(PluginError, match="AttributeError"):
        find("driver", "gone")
    assert raised.value.plugin == "old"


def test_a_driver_that_cannot_be_made_is_an_error_of_the_plugin(cache: Cache) -> None:
    """What it says loses the secrets of addresses; an error of ours stays what it is."""

    def failing(configuration: Any, cache: Any) -> Any:
        raise ValueError("bad https://me:s3cret@host/x?token=s3cret")

    def refusing(configuration: Any, cache: Any) -> Any:
        raise QueryError("no root")

    plugins().register(Plugin(drivers={"failing": failing, "refusing": refusing}), "test")

    with pytest.raises(
        PluginError, match=r"'failing' cannot be made .*: bad https://host/x"
    ) as raised:
        load_store("failing", {}, cache)
    with pytest.raises(QueryError, match="no root"):
        load_store("refusing", {}, cache)
    assert "s3cret" not in str(raised.value)


def test_what_is_made_must_be_a_store_or_a_cache(cache: Cache) -> None:
    """A factory that makes something else is told by its name and what it made."""
    drivers = {"wrong": lambda configuration, cache: object()}
    plugins().register(Plugin(drivers=drivers, caches={"wrong": lambda configuration: 3}), "test")

    with pytest.raises(PluginError, match=r"the driver 'wrong' .* a object is no store"):
        load_store("wrong", {}, cache)
    with pytest.raises(PluginError, match=r"the cache 'wrong' .* a int is no cache"):
        load_cache("wrong")
    not_a_cache: Any = "memory"
    with pytest.raises(PluginError, match="a str is no cache"):
        load_store("file", {}, not_a_cache)


def test_a_conflict_is_raised_by_name(cache: Cache) -> None:
    """Loading an unrelated name goes on."""
    plugins().register(Plugin(drivers={"x": FileStore, "y": FileStore}), "one")
    plugins().register(Plugin(drivers={"x": FileStore}), "two")

    with pytest.raises(PluginConflictError):
        load_store("x", {}, cache)
    assert load_store("y", {}, cache).name == "y"
    assert names("driver").count("x") == 1


def test_transports_of_strangers_are_registered_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A second call changes nothing; a scheme of ours is not given away."""
    monkeypatch.setattr(opening._opened, "strangers", {})
    plugins().register(Plugin(transports={"mem": LocalTransport, "http": LocalTransport}), "test")

    load_transports()
    load_transports()

    assert "mem" in opening.schemes()
    assert isinstance(opening.transport_for("mem://x", TransferOptions()), LocalTransport)
    assert not isinstance(opening.transport_for("http://x", TransferOptions()), LocalTransport)
    assert "transport http of test is passed over" in caplog.text
