"""What plugins bring, conflicts, and plugins that are broken."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from store.errors import PluginConflictError, PluginError
from store.hooks import hookimpl
from store.plugins.brought import BUILTIN, BrokenPlugin, Brought, Found
from store.plugins.manager import Plugins, plugins

Publish = Callable[..., Path]
"""Installs a distribution: its name, its entry points by group, its modules by name."""

DRIVER = """
    from store.hooks import hookimpl

    class Driver:
        pass

    @hookimpl
    def store_drivers():
        return {{"{name}": Driver}}
"""


class Plugin:
    """A plugin at hand."""

    def __init__(self, **drivers: Any) -> None:
        self.drivers = drivers

    @hookimpl
    def store_drivers(self) -> Mapping[str, Any]:
        """Return what it was told to bring."""
        return self.drivers


def none() -> list[Found]:
    """Find no stranger."""
    return []


def make(_configuration: Any, _cache: Any) -> None:
    """Stand for a factory."""


def test_a_published_plugin_is_found_and_named(publish: Publish) -> None:
    """What it brings is listed with the plugin and its distribution, beside ours."""
    publish(
        "store-mirror",
        {"store": {"mirror": "mirror_plugin"}},
        {"mirror_plugin": DRIVER.format(name="m")},
    )

    brought = Plugins().brought("driver", "m")

    assert brought is not None
    assert (brought.plugin, brought.distribution) == ("mirror", "store-mirror")
    assert brought.factory.__name__ == "Driver"
    assert [one.name for one in Plugins().listing("driver") if one.plugin == BUILTIN] == [
        "bucket",
        "file",
        "http",
        "http-simple-store",
        "pypi",
        "registry",
        "release",
    ]


def test_strangers_are_looked_for_once_and_only_when_needed() -> None:
    """Ours are found without a look."""
    looks: list[int] = []

    def discover() -> list[Found]:
        looks.append(1)
        return []

    registry = Plugins(discover)

    assert registry.builtin("driver", "file") is not None
    assert registry.builtin("driver", "stranger") is None
    assert looks == []
    assert registry.brought("driver", "stranger") is None
    assert registry.listing() != ()
    assert registry.conflicts() == ()
    assert registry.broken == ()
    assert looks == [1]


def test_two_plugins_that_bring_one_name_conflict_when_it_is_asked_for() -> None:
    """Both are named; another name of theirs is no matter."""
    registry = Plugins(none)
    registry.register(Plugin(same=make, one=make), "first", "dist-one")
    registry.register(Plugin(same=make), "second")

    assert registry.brought("driver", "one") is not None
    with pytest.raises(PluginConflictError, match=r"first \(dist-one\) and second") as raised:
        registry.brought("driver", "same")
    assert raised.value.plugins == ("first (dist-one)", "second")
    assert (raised.value.kind, raised.value.name) == ("driver", "same")
    assert [[one.plugin for one in group] for group in registry.conflicts()] == [
        ["first", "second"]
    ]


def test_a_plugin_that_brings_a_name_of_ours_conflicts_once_it_is_known() -> None:
    """It neither replaces ours nor is it passed over in silence."""
    registry = Plugins(none)
    registry.register(Plugin(file=make), "usurper")

    with pytest.raises(PluginConflictError, match="builtin and usurper"):
        registry.builtin("driver", "file")
    assert registry.builtin("driver", "http") is not None
    assert registry.builtin("cache", "memory") is not None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module", "cannot be imported: ModuleNotFoundError"),
        ("raise SystemExit(3)", "cannot be imported: SystemExit"),
        ("def broken(:", "cannot be imported: SyntaxError"),
        (
            "from store.hooks import hookimpl\n@hookimpl\ndef store_drivers(a):\n    return {}",
            "PluginValidationError",
        ),
        (
            "from store.hooks import hookimpl\n@hookimpl\ndef store_divers():\n    return {}",
            "PluginValidationError",
        ),
        (
            "from store.hooks import hookimpl\n@hookimpl\ndef store_drivers():\n    1 / 0",
            "ZeroDivision",
        ),
        (
            "from store.hooks import hookimpl\n@hookimpl\ndef store_drivers():\n    return ['x']",
            "list",
        ),
        (
            "from store.hooks import hookimpl\n@hookimpl\ndef store_drivers():\n    return {'a:b': len}",
            "no name",
        ),
        (
            "from store.hooks import hookimpl\n@hookimpl\ndef store_drivers():\n    return {3: len}",
            "no name",
        ),
        (
            "from store.hooks import hookimpl\n@hookimpl\ndef store_drivers():\n    return {'a': 3}",
            "cannot be called",
        ),
        ("def store_drivers():\n    return {'a': len}", "store_drivers is not marked"),
    ],
)
def test_a_broken_plugin_is_told_and_passed_over(
    publish: Publish, caplog: pytest.LogCaptureFixture, source: str, reason: str
) -> None:
    """Others go on; the reason is kept for listings and logged."""
    publish("broken-one", {"store": {"broken": "broken_plugin"}}, {"broken_plugin": source})
    publish(
        "good-one", {"store": {"good": "good_plugin"}}, {"good_plugin": DRIVER.format(name="g")}
    )
    registry = Plugins()

    assert registry.brought("driver", "g") is not None
    (broken,) = registry.broken
    assert (broken.name, broken.distribution) == ("broken", "broken-one")
    assert reason in broken.error
    assert "\n" not in broken.error
    assert "broken" in caplog.text
    assert registry.brought("driver", "a") is None


def test_a_plugin_that_brings_nothing_is_no_trouble() -> None:
    """A hook may return None, and a plugin may have no hook at all."""

    class Silent:
        @hookimpl
        def store_drivers(self) -> None:
            """Bring nothing."""

    registry = Plugins(none)
    registry.register(Silent(), "silent")
    registry.register(object(), "empty")

    assert {one.plugin for one in registry.listing()} == {BUILTIN}


def test_two_plugins_may_have_one_name() -> None:
    """They are told apart by their distributions."""
    registry = Plugins(none)
    registry.register(Plugin(one=make), "same", "dist-one")
    registry.register(Plugin(two=make), "same", "dist-two")

    second = registry.brought("driver", "two")

    assert second == Brought("driver", "two", "same (dist-two)", "dist-two", make)


def test_one_plugin_is_registered_once() -> None:
    """A second time is refused, and the first stays."""
    registry = Plugins(none)
    plugin = Plugin(one=make)
    registry.register(plugin, "first")

    with pytest.raises(PluginError, match="already registered") as raised:
        registry.register(plugin, "second")

    assert raised.value.plugin == "second"
    assert registry.brought("driver", "one") is not None


@pytest.mark.parametrize("disabled", ["mirror", " other , store-mirror", "all"])
def test_plugins_can_be_switched_off(publish: Publish, disabled: str) -> None:
    """By plugin, by distribution, or all; what is switched off is not imported."""
    publish(
        "store-mirror",
        {"store": {"mirror": "mirror_plugin"}},
        {"mirror_plugin": DRIVER.format(name="m")},
    )

    registry = Plugins(environment={"STORE_DISABLE_PLUGINS": disabled})

    assert registry.brought("driver", "m") is None
    assert "mirror_plugin" not in sys.modules


def test_a_failing_discovery_leaves_ours(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the machine's distributions look like."""

    def discover() -> list[Found]:
        raise RuntimeError("no distributions today")

    registry = Plugins(discover)

    assert registry.brought("driver", "file") is not None
    assert "looking for them failed" in caplog.text


def test_e3_core_s_groups_come_last(caplog: pytest.LogCaptureFixture) -> None:
    """Their names of ours are left out; a name that only they have counts; two of them conflict."""
    caplog.set_level(logging.DEBUG)

    def discover() -> list[Found]:
        return [
            Found("e3.store", "http-simple-store", "a:A", "e3-core"),
            Found("e3.store", "old", "b:B", "old-one"),
            Found("e3.store", "twice", "c:C", "old-one"),
            Found("e3.store", "twice", "d:D", "old-two"),
            Found("e3.store.cache.backend", "old", "e:E", "old-one"),
        ]

    registry = Plugins(discover)
    listed = {(one.kind, one.name): one.plugin for one in registry.listing()}

    assert listed["driver", "http-simple-store"] == BUILTIN
    assert listed["driver", "old"] == listed["cache", "old"] == "old"
    with pytest.raises(PluginConflictError, match=r"old-one.*old-two"):
        registry.brought("driver", "twice")


def test_the_process_has_one_registry() -> None:
    """It is made when first asked for and can be forgotten."""
    first = plugins()
    assert plugins() is first

    plugins.cache_clear()

    assert plugins() is not first
    assert (
        repr(BrokenPlugin("a", "b", "c")) == "BrokenPlugin(name='a', distribution='b', error='c')"
    )
