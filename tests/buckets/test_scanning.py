"""What takes part of a directory: all that is the user's, and nothing of what we have not finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from store.buckets.bucket import Bucket
from store.buckets.checking import check_directory
from store.buckets.keys import directories_of, keys_for
from store.buckets.scanning import scan
from store.buckets.syncing import sync_directory, sync_remote_to_local
from store.errors import UnsafeNameError
from store.files.unfinished import partial_name
from store.testing.bucket_trees import fill, held, lay, tree
from store.testing.objects import FakeObjects

THEIRS = {
    ".store-notes": "1",
    ".store-config/deep/.store-x": "2",
    ".store-part-one/part": "3",
    ".store-condition-notes": "4",
    "plain": "5",
}


def test_what_begins_as_ours_is_content_like_any_other(tmp_path: Path) -> None:
    """It goes up, is compared, comes down elsewhere under its name, and is sent no second time."""
    objects = FakeObjects()
    here = lay(tmp_path / "here", THEIRS)

    sync_directory(objects, here, memory=tmp_path / "m")

    assert held(objects) == THEIRS
    assert check_directory(objects, here, memory=tmp_path / "m").alike
    assert sync_directory(objects, here, memory=tmp_path / "m").plan.steps == ()
    sync_remote_to_local(objects, tmp_path / "there", memory=tmp_path / "m2")
    assert tree(tmp_path / "there") == THEIRS
    (here / ".store-notes").write_text("edited")
    assert not check_directory(objects, here, memory=tmp_path / "m").alike


def test_what_begins_as_ours_is_not_taken_for_gone(tmp_path: Path) -> None:
    """Neither in the bucket nor here; what is gone goes."""
    objects = FakeObjects()
    here = lay(tmp_path / "here", THEIRS)
    fill(objects, {**THEIRS, ".store-old": "x"})

    sync_directory(objects, here, memory=tmp_path / "m", delete=True, max_delete=1)
    assert held(objects) == THEIRS

    (here / ".store-older").write_text("x")
    sync_remote_to_local(objects, here, memory=tmp_path / "m", delete=True, max_delete=1)
    assert tree(here) == THEIRS


def test_a_directory_that_is_added_goes_whole(bucket: Bucket, house: Path) -> None:
    """To every store."""
    bucket.add_directory(lay(house / "here", THEIRS), "x")
    bucket.get_all_files(house / "there")

    assert tree(house / "there" / "x") == THEIRS


def test_what_was_spelled_otherwise_before_is_still_its_key(tmp_path: Path) -> None:
    """Once each key that began as ours was escaped; what lies so is neither brought nor sent anew."""
    objects = FakeObjects()
    fill(objects, {".store-notes": "1"})
    here = lay(tmp_path / "here", {"%%.store-notes": "1"})

    assert sync_remote_to_local(objects, here, memory=tmp_path / "m", delete=True).plan.steps == ()
    assert sync_directory(objects, here, memory=tmp_path / "m").plan.steps == ()


@pytest.mark.parametrize(
    "name",
    [partial_name(), f".store-part-{'0a' * 16}", f"{partial_name()}1f"],
    ids=["file", "part", "small"],
)
def test_an_object_of_a_name_of_ours_gets_another(tmp_path: Path, name: str) -> None:
    """So that no sweep takes it away; it goes back as what it was."""
    objects = FakeObjects()
    fill(objects, {name: "1", f"{name}x/{name}": "2"})
    there = tmp_path / "there"

    sync_remote_to_local(objects, there, memory=tmp_path / "m")

    assert tree(there) == {f"%%{name}": "1", f"{name}x/%%{name}": "2"}
    assert sync_directory(objects, there, memory=tmp_path / "m").plan.steps == ()
    assert check_directory(objects, there, memory=tmp_path / "m").alike


def test_one_object_of_a_name_of_ours_is_got_under_a_name_that_is_said(
    bucket: Bucket, house: Path
) -> None:
    """A later run would take it for what was left over."""
    name = f".store-part-{'0a' * 16}"
    (house / "here").write_text("1")
    bucket.add_file(house / "here", name)

    for dest in (None, f"{house}/"):
        with pytest.raises(UnsafeNameError, match="not finished"):
            bucket.get_file(name, dest)
    assert Path(bucket.get_file(name, house / "there")).read_text() == "1"


def test_what_is_not_finished_is_passed_over(tmp_path: Path) -> None:
    """A part of a large object, and a file that is being written."""
    part = f".store-part-{'0a' * 16}"
    here = lay(tmp_path, {f"{part}/data": "1", partial_name(): "2", f"{part}.txt": "3"})

    assert scan(here).stamps.keys() == {f"{part}.txt"}


SPELLINGS = st.lists(
    st.lists(
        st.sampled_from(["%", "%%", "a", "A", "2E", "25", "/", "%2F", "%41", "%C3"]), min_size=1
    )
    .map("".join)
    .map(lambda text: "/".join(part for part in text.split("/") if part))
    .filter(lambda name: 0 < len(name) <= 60),
    min_size=1,
    max_size=5,
    unique=True,
)


@given(names=SPELLINGS)
@example(names=["%%2F/x", "2F"])
@example(names=["%%2E%2F/%%", "2E"])
@example(names=["%%2E/%%", "2E", "100%", "50%25"])
@settings(max_examples=60)
def test_names_with_percent_signs_go_up_and_down_and_are_alike(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    """However much they look like names that we have spelled otherwise: each content is there once."""
    assume(not directories_of(names) & set(names))
    try:
        assume(all(keys_for(names)))
    except UnsafeNameError:
        assume(False)
    objects, place = FakeObjects(), tmp_path_factory.mktemp("percent")
    here = lay(place / "here", {name: str(number) for number, name in enumerate(names)})

    sync_directory(objects, here, memory=place / "m")
    sync_remote_to_local(objects, place / "there", memory=place / "m2")

    assert len(held(objects)) == len(names)
    assert sorted(tree(place / "there").values()) == sorted(tree(here).values())
    for tree_of, memory in ((here, place / "m"), (place / "there", place / "m2")):
        options: dict[str, Any] = {"memory": memory, "delete": True, "max_delete": 1}
        assert check_directory(objects, tree_of, memory=memory).alike
        assert sync_directory(objects, tree_of, **options).plan.steps == ()
        assert sync_remote_to_local(objects, tree_of, **options).plan.steps == ()
