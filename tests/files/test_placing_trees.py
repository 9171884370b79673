"""A tree lies at its place whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from store.errors import StorageError
from store.files.placing_trees import place_tree
from store.files.unfinished import partial_name
from store.files.unpacking.members import Planted
from store.testing.disk_faults import disk_full, failing_call, read_only


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A tree with a file, a program, an empty directory and a link, all read-only."""
    root = tmp_path / "source"
    (root / "dir/hollow").mkdir(parents=True)
    (root / "dir/a").write_bytes(b"content")
    (root / "run").write_bytes(b"#!")
    (root / "dir/a").chmod(0o444)
    (root / "run").chmod(0o555)
    (root / "link").symlink_to("dir/a")
    return str(root)


PLANTED = (
    Planted("dir", "directory"),
    Planted("dir/hollow", "directory"),
    Planted("dir/a", "file", 7),
    Planted("run", "file", 2, executable=True),
    Planted("link", "link", 0, "dir/a"),
)


def seen(root: Path) -> dict[str, object]:
    """What lies below a directory."""
    return {
        str(path.relative_to(root)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in root.rglob("*")
    }


WHOLE = {"dir": None, "dir/hollow": None, "dir/a": b"content", "run": b"#!", "link": "dir/a"}


@pytest.mark.parametrize("durable", [True, False])
def test_a_tree_is_copied_private_and_editable(
    source: str, tmp_path: Path, *, durable: bool
) -> None:
    """Below parents that were missing; nothing else is left there."""
    target = tmp_path / "new" / "deep" / "target"

    assert place_tree(source, PLANTED, target, durable=durable) == "copy"

    assert seen(target) == WHOLE
    assert os.access(target / "dir/a", os.W_OK)
    assert (target / "dir/a").stat().st_mode & 0o600 == 0o600
    assert (target / "run").stat().st_mode & 0o700 == 0o700
    assert list(target.parent.iterdir()) == [target]


def test_a_tree_may_be_linked(source: str, tmp_path: Path) -> None:
    """Then the files are the source's own."""
    target = tmp_path / "target"

    assert place_tree(source, PLANTED, target, link=True) == "link"

    assert seen(target) == WHOLE
    assert (target / "dir/a").samefile(Path(source) / "dir/a")


def test_where_no_link_can_be_made_it_is_a_copy(source: str, tmp_path: Path) -> None:
    """On another file system, for one."""
    with failing_call("link", errno.EXDEV):
        assert place_tree(source, PLANTED, tmp_path / "target", link=True) == "copy"

    assert seen(tmp_path / "target") == WHOLE
    with failing_call("link", errno.EIO), pytest.raises(StorageError):
        place_tree(source, PLANTED, tmp_path / "other", link=True)


def test_the_same_content_is_kept(source: str, tmp_path: Path) -> None:
    """Its times and modes as well."""
    target = tmp_path / "target"
    place_tree(source, PLANTED, target)
    (target / "run").chmod(0o600)

    assert place_tree(source, PLANTED, target) == "kept"
    assert (target / "run").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "change",
    ["other content", "other size", "missing", "added", "added deep", "link", "kind", "directory"],
)
def test_another_content_is_in_the_way(source: str, tmp_path: Path, change: str) -> None:
    """It is never merged, and is as it was."""
    target = tmp_path / "target"
    place_tree(source, PLANTED, target)
    if change == "other content":
        (target / "dir/a").write_bytes(b"CONTENT")
    elif change == "other size":
        (target / "dir/a").write_bytes(b"x")
    elif change == "missing":
        (target / "dir/a").unlink()
    elif change == "added":
        (target / "b").write_bytes(b"")
    elif change == "added deep":
        (target / "dir/hollow/b").mkdir()
    elif change == "link":
        (target / "link").unlink()
        (target / "link").symlink_to("run")
    elif change == "kind":
        (target / "dir/a").unlink()
        (target / "dir/a").mkdir()
    else:
        (target / "dir/hollow").rmdir()
        (target / "dir/hollow").write_bytes(b"")
    before = seen(target)

    with pytest.raises(StorageError, match="holds something else"):
        place_tree(source, PLANTED, target)
    assert seen(target) == before


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_directory_is_in_the_way(source: str, tmp_path: Path, kind: str) -> None:
    """A link is neither followed nor replaced."""
    target = tmp_path / "target"
    if kind == "file":
        target.write_bytes(b"mine")
    else:
        (tmp_path / "elsewhere").mkdir()
        target.symlink_to("elsewhere")

    with pytest.raises(StorageError, match="in the way"):
        place_tree(source, PLANTED, target)
    assert not list((tmp_path / "elsewhere").glob("*"))


def test_an_empty_directory_is_replaced(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it is the one we work in, which a shell would lose."""
    target = tmp_path / "target"
    target.mkdir()
    monkeypatch.chdir(target)
    with pytest.raises(StorageError):
        place_tree(source, PLANTED, target)
    monkeypatch.chdir(tmp_path)

    assert place_tree(source, PLANTED, target) == "copy"
    assert seen(target) == WHOLE
    (tmp_path / "nothing").mkdir()
    assert place_tree(str(tmp_path / "nothing"), (), tmp_path / "nothing") == "kept"


@pytest.mark.parametrize("same", [True, False])
def test_who_comes_second_keeps_what_the_first_brought(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, same: bool
) -> None:
    """Or is told, where that is something else."""
    target = tmp_path / "target"
    real = os.symlink

    def slow(leads_to: str, path: str) -> None:
        monkeypatch.setattr(os, "symlink", real)
        place_tree(source, PLANTED if same else PLANTED[:1], target)
        real(leads_to, path)

    monkeypatch.setattr(os, "symlink", slow)

    if same:
        assert place_tree(source, PLANTED, target) == "kept"
    else:
        with pytest.raises(StorageError, match="something else"):
            place_tree(source, PLANTED, target)
    assert list(tmp_path.glob(".store-*")) == []


@pytest.mark.parametrize("name", ["mkdir", "open", "symlink", "rename", "fsync"])
def test_each_step_may_fail(source: str, tmp_path: Path, name: str) -> None:
    """Then nothing is there, or all of it, and nothing is left over."""
    place = tmp_path / "place"
    number, made = 1, 1
    while number <= made:
        target = place / str(number)
        with (
            failing_call(name, errno.EIO, number=number, below=place) as calls,
            contextlib.suppress(StorageError),
        ):
            place_tree(source, PLANTED, target, durable=True)
        made = calls.made
        if target.exists():
            assert seen(target) == WHOLE
        if name != "open":  # which removing what is left over needs, too
            assert not list(place.glob(".store-*"))
        number += 1


def test_a_disk_that_is_full_or_read_only_is_told(source: str, tmp_path: Path) -> None:
    """With the path; nothing is left."""
    place = tmp_path / "place"
    place.mkdir()
    with disk_full(place, after=8), pytest.raises(StorageError) as caught:
        place_tree(source, PLANTED, place / "target")
    assert caught.value.errno == errno.ENOSPC
    with read_only(place), pytest.raises(StorageError):
        place_tree(source, PLANTED, place / "target")

    assert list(place.iterdir()) == []


def test_what_the_killed_left_beside_the_place_is_removed(source: str, tmp_path: Path) -> None:
    """As where a single file is placed."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    left = tmp_path / "out" / partial_name().replace(f"-{os.getpid()}-", f"-{child.pid}-")
    (left / "tree").mkdir(parents=True)

    place_tree(source, PLANTED, tmp_path / "out" / "target")

    assert [one.name for one in (tmp_path / "out").iterdir()] == ["target"]
