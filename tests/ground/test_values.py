"""Clock, events, hooks and records are plain values."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from typing import Any, get_args

import pluggy
import pytest

from store import events, hooks
from store.clock import SYSTEM_CLOCK, Clock, SystemClock
from store.records import CachedResource, Provenance

EVENTS = get_args(events.Event)


def test_the_systems_clock_is_the_systems() -> None:
    """Its methods are the system's functions, which cost a hit nothing more."""
    clock: Clock = SystemClock()
    before = time.time()

    now, nanoseconds = SYSTEM_CLOCK.now(), SYSTEM_CLOCK.now_ns()
    first = clock.monotonic()
    clock.sleep(0.001)

    assert before <= now <= nanoseconds / 1e9 <= time.time()
    assert clock.monotonic() - first >= 0.001


def test_a_cached_resource_is_a_plain_pair() -> None:
    """As e3-core's: a tuple, with names, without a dictionary."""
    resource = CachedResource("uid", "/path")

    uid, path = resource

    assert (uid, path) == ("uid", "/path") == resource
    assert resource == CachedResource(uid="uid", local_path="/path")
    assert not hasattr(resource, "__dict__")
    assert pickle.loads(pickle.dumps(resource)) == resource


def test_provenance_is_plain_data() -> None:
    """What a cache can write down as JSON."""
    provenance = Provenance("http", "{}", "https://h/x", ("sha256:00",), 7)

    assert provenance._asdict() == {
        "driver": "http",
        "query": "{}",
        "origin": "https://h/x",
        "digests": ("sha256:00",),
        "size": 7,
    }


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_is_a_frozen_value_with_names(kind: type[events.Event]) -> None:
    """Equal by value, never changed, and the first thing it has is a name for people."""
    values = {field: f"<{field}>" for field in kind._fields}
    build: Any = kind

    event = build(**values)

    assert event == build(**values)
    assert event._asdict() == values
    assert kind._fields[0] == "name"
    assert kind.__doc__
    with pytest.raises(AttributeError):
        event.name = "other"


def test_the_markers_are_of_our_project() -> None:
    """A plugin's hook is found by the project's name."""

    class Plugin:
        @hooks.hookimpl
        def store_drivers(self) -> dict[str, object]:
            """Bring nothing."""
            return {}

    manager = pluggy.PluginManager(hooks.NAME)

    assert hooks.NAME == "store"
    assert hooks.hookspec.project_name == hooks.hookimpl.project_name == "store"
    assert manager.parse_hookimpl_opts(Plugin(), "store_drivers") is not None


def test_the_ground_floor_is_light() -> None:
    """A warm hit pays for none of what it does not use."""
    program = """
import sys
bare = set(sys.modules)
import store.errors, store.records, store.clock, store.addresses
import store.integrity.verification, store.files.atomic, store.files.names
import store.files.locks, store.files.placing
print(*(set(sys.modules) - bare))
"""

    loaded = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "store.files.atomic" in loaded
    assert set(loaded).isdisjoint(
        {
            "base64",
            "concurrent.futures",
            "ctypes",
            "filelock",
            "hashlib",
            "hmac",
            "json",
            "random",
            "requests",
            "secrets",
            "shutil",
            "socket",
            "tempfile",
            "unicodedata",
        }
    )
