"""A plan that was changed by hand, or cannot be read, is refused with where and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from store.buckets.plan import Plan, Step
from store.buckets.scanning import stamp_at
from store.buckets.syncing import apply_plan, sync_directory, sync_remote_to_local
from store.errors import DriftError, QueryError, RefusedError
from store.testing.bucket_trees import fill, held, lay, tree
from store.testing.objects import FakeObjects


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan._replace(steps=(*plan.steps, plan.steps[0])),
        lambda plan: plan._replace(steps=(plan.steps[0]._replace(size=999),)),
    ],
)
def test_what_no_plan_says_is_refused(tmp_path: Path, change: Callable[[Plan], Plan]) -> None:
    """A step told twice; a size that is none."""
    objects = FakeObjects()
    lay(tmp_path / "here", {"a": "1"})
    plan = sync_directory(objects, tmp_path / "here", dry_run=True, memory=tmp_path / "m").plan

    with pytest.raises(DriftError, match="the plan was changed"):
        apply_plan(objects, change(plan), memory=tmp_path / "m")

    assert held(objects) == {}


@pytest.mark.parametrize(("line", "number"), [(0, 1), (1, 2)])
def test_the_line_that_cannot_be_read_is_told(tmp_path: Path, line: int, number: int) -> None:
    """Of the head, or of a step."""
    lay(tmp_path / "here", {"a": "1"})
    plan = sync_directory(
        FakeObjects(), tmp_path / "here", dry_run=True, memory=tmp_path / "m"
    ).plan
    lines = list(plan.to_lines())
    lines[line] = "{"

    with pytest.raises(QueryError, match=rf"\(line {number}\)"):
        Plan.from_lines(lines)
    with pytest.raises(QueryError, match=r"\(line 1\)"):
        Plan.from_lines([])


def test_patterns_that_match_nothing_are_told(tmp_path: Path) -> None:
    """Something lies there all the same."""
    objects = FakeObjects()
    fill(objects, {"a": "1"})

    with pytest.raises(RefusedError, match="none of the 1 objects"):
        sync_remote_to_local(objects, tmp_path / "there", include=["no*"], memory=tmp_path / "m")


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../outside"},
        {"path": "other"},
        {"key": "data/new"},
        {"action": "copy", "path": "", "source": "data/b"},
    ],
)
def test_a_plan_brings_the_files_of_its_keys(tmp_path: Path, change: dict[str, str]) -> None:
    """No other file goes up under a key, least of all one from elsewhere."""
    objects = FakeObjects()
    fill(objects, {"data/b": "1"})
    lay(tmp_path, {"outside": "1"})
    here = lay(tmp_path / "here", {"a": "1", "other": "1"})
    plan = sync_directory(
        objects, here, remote="data", dry_run=True, memory=tmp_path / "m", delete=False
    ).plan
    first = plan.steps[0]
    where = here / change.get("path", first.path)
    stamp = stamp_at(where) if where.is_file() else first.stamp
    odd = Step(**{**first._asdict(), "action": "upload", "source": "", **change, "stamp": stamp})
    before = held(objects)

    with pytest.raises(DriftError, match="none of its steps"):
        apply_plan(objects, plan._replace(steps=(odd,)), memory=tmp_path / "m")

    assert held(objects) == before


def test_a_copy_whose_original_was_taken_out_of_the_plan_is_no_old_file(tmp_path: Path) -> None:
    """What was to come first did not: the plan is refused."""
    objects = FakeObjects()
    fill(objects, {"a": "content", "b": "content"})
    there = lay(tmp_path / "there", {"a": "older"})
    plan = sync_remote_to_local(objects, there, dry_run=True, memory=tmp_path / "m").plan
    copies = tuple(one for one in plan.steps if one.action == "duplicate")

    with pytest.raises(DriftError, match="none of its steps"):
        apply_plan(objects, plan._replace(steps=copies), memory=tmp_path / "m")

    assert [one.key for one in copies] == ["b"]
    assert tree(there) == {"a": "older"}


@pytest.mark.parametrize("stamp", [(), (1,), (1, 2, 3, 4, 5, 6)])
def test_an_odd_stamp_is_a_changed_plan(tmp_path: Path, stamp: tuple[int, ...]) -> None:
    """Whatever its length."""
    objects = FakeObjects()
    here = lay(tmp_path / "here", {"a": "1"})
    plan = sync_directory(objects, here, dry_run=True, memory=tmp_path / "m").plan
    odd = plan.steps[0]._replace(stamp=stamp)

    with pytest.raises(DriftError):
        apply_plan(objects, plan._replace(steps=(odd,)), memory=tmp_path / "m")

    assert held(objects) == {}


def test_a_digest_that_was_written_into_a_plan_is_not_believed(tmp_path: Path) -> None:
    """The file is read: what is kept with the object is what it has."""
    objects = FakeObjects()
    here = lay(tmp_path / "here", {"a": "x" * (2 << 20)})
    plan = sync_directory(objects, here, dry_run=True, memory=tmp_path / "m").plan
    odd = plan.steps[0]._replace(sha256="0" * 64)

    apply_plan(objects, plan._replace(steps=(odd,)), memory=tmp_path / "m")

    kept = (objects.head("a").metadata or {})["store-sha256"]
    assert kept == hashlib.sha256(b"x" * (2 << 20)).hexdigest()


def test_a_number_that_is_none_cannot_be_read(tmp_path: Path) -> None:
    """JSON knows numbers that no file has."""
    here = lay(tmp_path / "here", {"a": "1"})
    plan = sync_directory(FakeObjects(), here, dry_run=True, memory=tmp_path / "m").plan
    head, step, *rest = plan.to_lines()
    said = json.loads(step)
    said["stamp"] = ["INFINITE"]

    with pytest.raises(QueryError, match="line 2"):
        Plan.from_lines([head, json.dumps(said).replace('"INFINITE"', "1e400"), *rest])
