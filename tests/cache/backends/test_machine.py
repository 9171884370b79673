"""Each backend is held against a plain dictionary, step by step."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from store.cache.backends.base import NEVER, Cache
from store.cache.backends.disk import DiskCache
from store.cache.backends.filecache import FileCache
from store.cache.backends.memory import MemoryCache
from store.records import CachedResource
from store.testing.fakes import FakeClock

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)

PLAIN = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
).filter(lambda value: not (isinstance(value, dict) and set(value) == {"cached-resource"}))

RESOURCES = st.builds(
    CachedResource,
    st.text(),
    st.text() | st.text().map("/".__add__) | st.text().map("{root}/content/".__add__),
)

ODD = (
    st.binary()
    | st.tuples(st.integers())
    | st.sets(st.integers())
    | st.just({1: 1})
    | st.builds(object)
)

TIMEOUTS = st.sampled_from([NEVER, -1.0, 0.0, 1.0, 60.0, 86_400.0])


class Against(RuleBasedStateMachine):
    """A cache and a dictionary are told the same."""

    backend: ClassVar[type[Cache]] = FileCache

    uids = Bundle("uids")

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.model: dict[str, tuple[float, Any]] = {}
        self.cache = self.opened()

    def opened(self) -> Cache:
        """Open the cache."""
        cache = self.backend({"cache_dir": self.root, "durability": "relaxed"})
        cache.clock = self.clock
        return cache

    def expected(self, uid: str) -> Any:
        """What the model says of a uid."""
        expires, value = self.model.get(uid, (0.0, None))
        return value if expires > self.clock.now() else None

    @rule(target=uids, uid=st.text() | st.sampled_from(["a", "A", "a/", "../a"]))
    def name(self, uid: str) -> str:
        """Draw a uid that later steps may meet again."""
        return uid

    @rule(uid=uids, value=PLAIN | RESOURCES, timeout=TIMEOUTS)
    def remember(self, uid: str, value: Any, timeout: float) -> None:
        """Set a value."""
        if isinstance(value, CachedResource):
            value = value._replace(local_path=value.local_path.replace("{root}", str(self.root)))

        assert self.cache.set(uid, value, timeout) is True

        self.model[uid] = (self.clock.now() + timeout, value)

    @rule(uid=uids, value=ODD)
    def refuse(self, uid: str, value: Any) -> None:
        """Try what is no plain data."""
        assert self.cache.set(uid, value) is False

    @rule(uid=uids)
    def ask(self, uid: str) -> None:
        """Get a value."""
        value = self.expected(uid)

        found = self.cache.get(uid)

        assert found == value
        assert type(found) is type(value)
        assert (uid in self.cache) is (value is not None)

    @rule(uid=uids)
    def forget(self, uid: str) -> None:
        """Delete a uid."""
        self.cache.delete(uid)
        self.model.pop(uid, None)

    @rule()
    def clear(self) -> None:
        """Forget all."""
        self.cache.clear()
        self.model.clear()

    @rule(seconds=st.sampled_from([0.5, 1.0, 60.0, 86_400.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    @rule()
    def reopen(self) -> None:
        """Close the cache; one that lasts is opened anew."""
        self.cache.close()
        if not isinstance(self.cache, MemoryCache):
            self.cache = self.opened()

    @invariant()
    def leaves_nothing_else(self) -> None:
        """All that is written lies below the cache's directory, under names of its own."""
        assert {one.name for one in self.root.iterdir()} <= {"entries", "index", "leases"}

    def teardown(self) -> None:
        """Remove the cache."""
        self.cache.close()
        shutil.rmtree(self.root)


@pytest.mark.parametrize("backend", [FileCache, DiskCache, MemoryCache])
def test_a_backend_does_what_a_dictionary_does(backend: type[Cache]) -> None:
    """With expiry, refusals, and any text for a uid."""
    machine = type("Machine", (Against,), {"backend": backend})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
