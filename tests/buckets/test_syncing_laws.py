"""What holds of every sync, whatever lies on either side."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from store.buckets.plan import TAKING, Plan
from store.buckets.syncing import apply_plan, sync_directory, sync_remote_to_local
from store.testing.bucket_trees import calls, fill, held, lay, tree
from store.testing.objects import FakeObjects

NAMES = st.sampled_from(["a", "b", "c", "d/a", "d/b", "d/e/a", "f/a", "A", "x ", "%%a", "é"])
CONTENTS = st.sampled_from(["", "1", "2", "one", "two", "a longer content" * 9])
TREES = st.dictionaries(NAMES, CONTENTS, max_size=6).filter(
    lambda files: not {"a", "%%a"} <= files.keys()
)
KEYS = st.sampled_from(
    ["data/a", "data/b", "data/d/a", "data/d/e/a", "data2/a", "data", "a", "z/data/a"]
)
OBJECTS = st.dictionaries(KEYS, CONTENTS, max_size=6)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@contextmanager
def directory() -> Iterator[Path]:
    """Make a directory for one example."""
    path = Path(tempfile.mkdtemp(prefix="store-sync-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def within(contents: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return what lies below a prefix, by the rest of its key."""
    return {
        key.removeprefix(prefix): content
        for key, content in contents.items()
        if key.startswith(prefix)
    }


@QUICK
@given(TREES, OBJECTS, st.booleans())
def test_up_makes_remote_like_the_directory_and_touches_nothing_else(
    files: dict[str, str],
    contents: dict[str, str],
    delete: bool,  # noqa: FBT001 - drawn
) -> None:
    """The law of the sync: alike within ``remote``, unchanged outside, and nothing to do a second time."""
    with directory() as place:
        here, objects = lay(place / "here", files), FakeObjects()
        fill(objects, contents)

        def sync() -> Plan:
            return sync_directory(
                objects,
                here,
                remote="data",
                delete=delete,
                max_delete=1,
                allow_empty=True,
                memory=place / "memory",
            ).plan

        sync()
        order = [name for name, _ in calls(objects, "put", "copy", "delete")]
        again = sync()

        after = held(objects)
        # A name that is spelled as we would have escaped another one stands for that one.
        wanted = {("a" if name == "%%a" else name): text for name, text in files.items()}
        kept = {} if delete else within(contents, "data/")
        assert within(after, "data/") == {**kept, **wanted}
        assert {key: one for key, one in after.items() if not key.startswith("data/")} == {
            key: one for key, one in contents.items() if not key.startswith("data/")
        }
        assert "delete" not in order or order.index("delete") == len(order) - order.count("delete")
        assert again.steps == ()
        assert calls(objects, "put", "copy", "delete", "get") == []
        assert tree(here) == files


@QUICK
@given(TREES, OBJECTS)
def test_down_makes_the_directory_like_remote_and_touches_nothing_else(
    files: dict[str, str], contents: dict[str, str]
) -> None:
    """The same the other way: the bucket is only read."""
    with directory() as place:
        there, objects = place / "there", FakeObjects()
        names = {f"own {name.replace('/', '-')}": text for name, text in files.items()}
        lay(there, names)
        fill(objects, {**contents, "data/never empty": "x"})

        def sync() -> Plan:
            return sync_remote_to_local(
                objects, there, remote="data", delete=True, max_delete=1, memory=place / "memory"
            ).plan

        sync()
        asked = {name for name, _ in calls(objects, "put", "copy", "delete", "get", "list", "head")}
        again = sync()

        assert tree(there) == {**within(contents, "data/"), "never empty": "x"}
        assert held(objects) == {**contents, "data/never empty": "x"}
        assert asked <= {"get", "list", "head"}
        assert again.steps == ()
        assert calls(objects, "get") == []
        assert {one.name for one in place.iterdir()} == {"there", "memory"}


@QUICK
@given(TREES, OBJECTS)
def test_a_plan_that_went_through_a_file_does_what_the_sync_does(
    files: dict[str, str], contents: dict[str, str]
) -> None:
    """A plan is a value: what is applied is what was printed."""
    files = {**{name: text for name, text in files.items() if name != "%%a"}, "never empty": "x"}
    with directory() as place:
        here, objects, twin = lay(place / "here", files), FakeObjects(), FakeObjects()
        fill(objects, contents)
        fill(twin, contents)
        plan = sync_directory(
            objects, here, dry_run=True, max_delete=1, memory=place / "memory"
        ).plan

        apply_plan(objects, Plan.from_lines(plan.to_lines()), memory=place / "memory")
        sync_directory(twin, here, max_delete=1, memory=place / "another")

        assert held(objects) == held(twin) == files
        ranks = [step.action in TAKING for step in plan.steps]
        assert ranks == sorted(ranks)


class Living(RuleBasedStateMachine):
    """A directory, a bucket and a second directory, edited and synced by turns."""

    names = st.sampled_from(["a", "b", "c", "d/a", "d/b"])

    @initialize()
    def begin(self) -> None:
        """Start from nothing."""
        self.place = Path(tempfile.mkdtemp(prefix="store-sync-"))
        self.objects = FakeObjects()
        self.here: dict[str, str] = {}
        self.remote: dict[str, str] = {"outside": "never touched"}
        fill(self.objects, self.remote)
        lay(self.place / "here", {})

    def teardown(self) -> None:
        """Remove what lies on disk."""
        if hasattr(self, "place"):
            shutil.rmtree(self.place)

    @rule(name=names, content=CONTENTS)
    def write(self, name: str, content: str) -> None:
        """Edit a local file in place, its time put back."""
        lay(self.place / "here", {name: content})
        self.here[name] = content

    @precondition(lambda self: self.here)
    @rule(data=st.data(), name=names)
    def rename(self, data: st.DataObject, name: str) -> None:
        """Rename a local file."""
        old = data.draw(st.sampled_from(sorted(self.here)))
        (self.place / "here" / name).parent.mkdir(exist_ok=True)
        (self.place / "here" / old).rename(self.place / "here" / name)
        self.here[name] = self.here.pop(old)

    @precondition(lambda self: self.here)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Remove a local file."""
        name = data.draw(st.sampled_from(sorted(self.here)))
        (self.place / "here" / name).unlink()
        del self.here[name]

    @rule(name=names, content=CONTENTS)
    def put(self, name: str, content: str) -> None:
        """Another program writes an object."""
        self.objects.put(f"data/{name}", content.encode())
        self.remote[f"data/{name}"] = content

    @precondition(lambda self: len(self.remote) > 1)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Another program deletes an object."""
        key = data.draw(st.sampled_from(sorted(self.remote.keys() - {"outside"})))
        self.objects.delete([key])
        del self.remote[key]

    @rule(delete=st.booleans())
    def up(self, delete: bool) -> None:  # noqa: FBT001 - drawn
        """Sync up."""
        sync_directory(
            self.objects,
            self.place / "here",
            remote="data",
            delete=delete,
            max_delete=1,
            allow_empty=True,
            memory=self.place / "memory",
        )
        if delete:
            self.remote = {"outside": "never touched"}
        self.remote |= {f"data/{name}": content for name, content in self.here.items()}

    @rule(delete=st.booleans())
    def down(self, delete: bool) -> None:  # noqa: FBT001 - drawn
        """Sync down."""
        sync_remote_to_local(
            self.objects,
            self.place / "here",
            remote="data",
            delete=delete,
            max_delete=1,
            allow_empty=True,
            memory=self.place / "memory",
        )
        if delete:
            self.here = {}
        self.here |= within(self.remote, "data/")

    @invariant()
    def both_sides_are_what_was_done_to_them(self) -> None:
        """Nothing is lost, and nothing else appears."""
        if hasattr(self, "place"):
            assert tree(self.place / "here") == self.here
            assert held(self.objects) == self.remote


Living.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestLiving = Living.TestCase
