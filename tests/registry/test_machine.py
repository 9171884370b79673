"""Whatever is done in whichever order, the registry says what a model says."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from store.errors import StatusError
from store.registry.manager import Cache
from store.registry.status import REMOVED, Status, may_move
from store.testing.fakes import FakeClock

URIS = st.sampled_from(["a", "b", "c'; --"])
VALUES = st.one_of(st.integers(-5, 5), st.sampled_from(["x", "%", None, True, 2.5]))
CONTENTS = st.binary(max_size=20)


@attrs.define
class Known:
    """What the model knows of an item."""

    uri: str
    version: int
    status: Status
    attrs: dict[str, Any]
    content: bytes | None = None
    before: Status | None = None


class RegistryMachine(RuleBasedStateMachine):
    """A registry beside a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="store-machine-"))
        self.clock = FakeClock()
        self.cache = self.opened()
        self.model: dict[str, Known] = {}
        self.last: dict[str, int] = {}

    def opened(self) -> Cache:
        """Open the registry anew."""
        return Cache(self.root, durability="relaxed", clock=self.clock)

    def teardown(self) -> None:
        """Remove it."""
        self.cache.close()
        shutil.rmtree(self.root)

    def added(
        self, item: Any, status: Status, attributes: dict[str, Any], content: bytes | None
    ) -> None:
        """Let the model know of a new item."""
        self.last[item.uri] = self.last.get(item.uri, 0) + 1
        assert item.version == self.last[item.uri]
        self.model[item.version_id] = Known(item.uri, item.version, status, attributes, content)

    @rule(
        uri=URIS,
        value=VALUES,
        status=st.sampled_from([Status.UNINITIALIZED, Status.WRITE, Status.READY]),
    )
    def create(self, uri: str, value: Any, status: Status) -> None:
        """Make an item without a file."""
        self.added(
            self.cache.create(uri, attrs={"v": value}, status=status), status, {"v": value}, None
        )

    @rule(uri=URIS, content=CONTENTS, value=VALUES)
    def put(self, uri: str, content: bytes, value: Any) -> None:
        """Make an item with a file."""
        item = self.cache.put(uri, content, attrs={"v": value})
        self.added(item, Status.READY, {"v": value}, content)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), content=CONTENTS)
    def write(self, data: st.DataObject, content: bytes) -> None:
        """Write what is to be written."""
        name, known = self.one(data)
        item = self.item(name)
        if known.status not in {Status.UNINITIALIZED, Status.WRITE, Status.FAILED}:
            return
        with item.writing() as file:
            file.write(content)
        known.status, known.content = Status.READY, content

    @precondition(lambda self: self.model)
    @rule(data=st.data(), wanted=st.sampled_from(list(Status)))
    def move(self, data: st.DataObject, wanted: Status) -> None:
        """Move an item, if that is legal."""
        name, known = self.one(data)
        item = self.item(name)
        legal = may_move(known.status, wanted, known.before)
        if known.status is Status.WRITE and wanted is Status.READY:
            return  # nothing was written
        if not legal:
            try:
                item.status = wanted
            except StatusError:
                return
            raise AssertionError(f"{known.status} became {wanted}")
        item.status = wanted
        if known.status != wanted:
            if wanted in REMOVED and known.status not in REMOVED:
                known.before = known.status
            elif wanted not in REMOVED:
                known.before = None
            known.status = wanted

    @precondition(lambda self: self.model)
    @rule(data=st.data(), value=VALUES)
    def update(self, data: st.DataObject, value: Any) -> None:
        """Replace an attribute."""
        name, known = self.one(data)
        self.item(name).update(attrs={"v": value, "w": {"x": value}})
        known.attrs = {"v": value, "w": {"x": value}}

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        """Remove an item without a trace."""
        name, _ = self.one(data)
        self.item(name).remove(disk=True, keep_record=False)
        del self.model[name]

    @rule()
    def reopen(self) -> None:
        """Close and open."""
        self.cache.close()
        self.cache = self.opened()

    @invariant()
    def says_the_same(self) -> None:
        """Items, statuses, attributes, contents, the best one."""
        found = {one.version_id: one for one in self.cache.search(include_removed=True)}
        assert found.keys() == self.model.keys()
        for name, known in self.model.items():
            item = found[name]
            assert (item.uri, item.version, item.rstatus) == (
                known.uri,
                known.version,
                known.status,
            )
            assert item.attrs == known.attrs
            if known.status is Status.READY and known.content is not None:
                assert Path(item.path).read_bytes() == known.content
        for uri in {known.uri for known in self.model.values()}:
            ready = [
                one.version for one in self.model.values() if one.uri == uri and one.status == 3
            ]
            best = self.cache.best(uri)
            assert (best.version if best else None) == max(ready, default=None)

    @invariant()
    def finds_the_same(self) -> None:
        """By attributes, whatever their type."""
        for value in (1, "x", "%", True, 2.5, None):
            ids = self.cache.by_attrs({"v": value})
            expected = {
                name
                for name, known in self.model.items()
                if known.status not in REMOVED
                and known.attrs["v"] == value
                and isinstance(known.attrs["v"], bool) == isinstance(value, bool)
            }
            assert {self.cache.by_id(one).version_id for one in ids} == expected  # type: ignore[union-attr]

    def one(self, data: st.DataObject) -> tuple[str, Known]:
        """Draw an item that the model knows."""
        name = data.draw(st.sampled_from(sorted(self.model)))
        return name, self.model[name]

    def item(self, name: str) -> Any:
        """Return an item of the registry by its version id."""
        key, _, version = name.rpartition("-")
        return self.cache.by_key(key, int(version))


TestRegistryMachine = RegistryMachine.TestCase
TestRegistryMachine.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
