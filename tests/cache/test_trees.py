"""A tree in the cache is whole, and is made anew where it is not."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from store.cache.content import Content
from store.cache.growing import Growing, Seed
from store.cache.manifests import MANIFEST, TREE, read_manifest
from store.cache.trees import Tree, Trees
from store.clock import SYSTEM_CLOCK
from store.errors import CacheError, UnsafeArchiveError
from store.files.unpacking.archive import unpack
from store.files.unpacking.limits import Guard, Limits
from store.files.unpacking.members import Planted
from store.integrity.digest import Digest, Digests
from store.testing.archives import packed
from store.testing.disk_faults import disk_full, failing_call, read_only

Pin = Callable[[bytes], Digests]

FILES = {"top/a": b"content", "top/deep/b": b"other", "run": b"#!", "hollow/": b""}
DATA = packed(FILES, "tar", executable="run")
DIGEST = Digest("sha256", "ab" * 32)
MAKING = "unpacked for a test"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The archive, as a file."""
    path = tmp_path / "a.tar"
    path.write_bytes(DATA)
    return path


Grow = Callable[..., tuple[Tree, bool]]


@pytest.fixture
def grow(archive: Path) -> Grow:
    """Make the archive's tree in a content: ``grow(content)``."""

    def grown(content: Content, **changes: object) -> tuple[Tree, bool]:
        return Growing(content, Trees(content)).grow(seed(**changes), filler(archive))

    return grown


def seed(**changes: object) -> Seed:
    """What the tree grows from."""
    values: dict[str, object] = {
        "digest": DIGEST,
        "digests": (DIGEST,),
        "name": "a.tar",
        "size": len(DATA),
        "making": MAKING,
    }
    return Seed(**{**values, **changes})  # type: ignore[arg-type]


def filler(archive: Path) -> Callable[[str], Mapping[str, Planted]]:
    """What unpacks the archive."""
    return lambda root: unpack(
        archive, root, Guard("a.tar", len(DATA), Limits()), links=True, read_only=True
    )


def found(content: Content, **options: str) -> Tree | None:
    """The tree as it is found by its archive's digest."""
    return Trees(content).find((DIGEST,), MAKING, **options)


def files(tree: Tree) -> dict[str, bytes]:
    """What is in a tree."""
    root = Path(tree.path)
    return {
        str(one.relative_to(root)): one.read_bytes() for one in root.rglob("*") if one.is_file()
    }


WHOLE = {path: content for path, content in FILES.items() if not path.endswith("/")}


def test_a_tree_is_made_once_and_found_again(
    content: Content, reopened: Content, grow: Grow
) -> None:
    """By another process, too; its files are read-only."""
    assert found(content) is None

    tree, there = grow(content)
    again, there_again = grow(reopened)

    assert (there, there_again) == (False, True)
    assert again == tree
    assert files(tree) == WHOLE
    assert (Path(tree.path) / "hollow").is_dir()
    assert not (Path(tree.path) / "top/a").stat().st_mode & 0o222
    assert (Path(tree.path) / "run").stat().st_mode & 0o100
    assert tree.record.size == sum(map(len, FILES.values()))
    assert (tree.record.archive, tree.record.archive_size) == ("a.tar", len(DATA))
    assert list((content.root / "partial").iterdir()) == []


def test_another_making_is_another_tree(content: Content, grow: Grow) -> None:
    """The digest is not all that decides."""
    one, _ = grow(content)
    other, there = grow(content, making="in another way")

    assert not there
    assert one.path != other.path


def test_a_tree_is_found_by_all_of_the_digests(content: Content, grow: Grow) -> None:
    """By one that is known; not where another one is asked for besides."""
    strong = Digest("sha512", "cd" * 64)
    grow(content, digests=(DIGEST, strong))

    trees = Trees(content)
    assert trees.find((strong, DIGEST), MAKING) is not None
    assert trees.find((DIGEST, Digest("sha512", "00" * 64)), MAKING) is None
    assert trees.find((Digest("md5", "00" * 16),), MAKING) is None


def change_content(path: Path) -> None:
    """Change a file in place and put its times back."""
    status = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"CONTENT")
    path.chmod(0o444)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(path: Path) -> None:
    """Put another file in its place."""
    path.with_name("new").write_bytes(b"content!")
    path.with_name("new").replace(path)


def into_directory(path: Path) -> None:
    """Put a directory in its place."""
    path.unlink()
    path.mkdir()


def into_fifo(path: Path) -> None:
    """Put a FIFO in its place."""
    path.unlink()
    os.mkfifo(path)


def into_file(path: Path) -> None:
    """Put a file in a directory's place."""
    shutil.rmtree(path)
    path.write_bytes(b"")


def moved_into_link(path: Path) -> None:
    """Put a link to it in a directory's place."""
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def emptied(path: Path) -> None:
    """Take all out of a directory."""
    shutil.rmtree(path)
    path.mkdir()


Damage = Callable[[Path], object]

DAMAGES: dict[str, tuple[str, Damage]] = {
    "changed": ("tree/top/a", change_content),
    "replaced": ("tree/top/a", replace),
    "removed": ("tree/top/a", Path.unlink),
    "added": ("tree/top/deep/c", Path.touch),
    "added at the top": ("tree/c", Path.touch),
    "added to an empty directory": ("tree/hollow/c", Path.mkdir),
    "directory removed": ("tree/hollow", Path.rmdir),
    "directory replaced": ("tree/hollow", into_file),
    "mode": ("tree/run", lambda path: path.chmod(0o444)),
    "link": ("tree/top/a", moved_into_link),
    "directory": ("tree/top/a", into_directory),
    "fifo": ("tree/top/a", into_fifo),
    "tree removed": ("tree", shutil.rmtree),
    "tree is a file": ("tree", into_file),
    "tree is a link": ("tree", moved_into_link),
    "manifest removed": ("manifest.json", Path.unlink),
    "manifest damaged": ("manifest.json", lambda path: path.write_bytes(b"{")),
    "manifest foreign": ("manifest.json", lambda path: path.write_bytes(b'{"v": 2}')),
    "record removed": ("record.json", Path.unlink),
    "record damaged": ("record.json", lambda path: path.write_bytes(b"[]")),
    "record foreign": ("record.json", lambda path: path.write_bytes(b'{"v": 2}')),
    "entry is a file": (".", into_file),
    "entry is empty": (".", emptied),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found_and_the_tree_made_anew(
    content: Content, reopened: Content, grow: Grow, damage: tuple[str, Damage]
) -> None:
    """By a stat of each thing; what is damaged is set aside."""
    tree, _ = grow(content)
    where, work = damage
    work(Path(tree.path).parent / where)

    assert found(reopened) is None
    again, there = grow(reopened)

    assert not there
    assert files(again) == WHOLE
    assert found(content) == again


def test_what_was_damaged_lies_in_quarantine(content: Content, grow: Grow) -> None:
    """For a person to look at."""
    tree, _ = grow(content)
    change_content(Path(tree.path) / "top/a")

    assert found(content) is None

    (aside,) = (content.root / "quarantine").iterdir()
    assert (aside / TREE / "top/a").read_bytes() == b"CONTENT"


@pytest.mark.parametrize("touch", ["utime", "chmod", "rewrite", "come and gone", "copied"])
def test_what_only_looks_changed_is_kept(
    content: Content, grow: Grow, tmp_path: Path, touch: str
) -> None:
    """It is read once, and its new stamps are remembered."""
    tree, _ = grow(content)
    path = Path(tree.path) / "top/a"
    if touch == "utime":
        os.utime(path)
    elif touch == "chmod":
        path.chmod(0o644)
    elif touch == "rewrite":
        path.chmod(0o644)
        path.write_bytes(b"content")
    elif touch == "come and gone":
        path.with_name("x").touch()
        path.with_name("x").unlink()
    else:
        shutil.copytree(tree.path, tmp_path / "copy", symlinks=True)
        shutil.rmtree(tree.path)
        (tmp_path / "copy").rename(tree.path)

    again = found(content)

    assert again is not None
    assert again.manifest != tree.manifest
    assert again.manifest == read_manifest(str(Path(tree.path).parent))


def test_what_was_made_just_now_can_be_believed_later(content: Content, grow: Grow) -> None:
    """The maker waits until any later change must show."""
    tree, _ = grow(content)

    assert tree.manifest.steady
    assert found(content) == tree


def test_other_clocks_steps_are_not_believed(
    content: Content, grow: Grow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system whose times are coarse it is read until it is old enough."""
    for module in ("growing", "tending"):
        monkeypatch.setattr(f"store.cache.{module}.grain_of", lambda _: 2_000_000_000)
    tree, _ = grow(content)
    assert not tree.manifest.steady
    change_content(Path(tree.path) / "top/a")

    assert found(content) is None


@pytest.mark.parametrize("durable", [True, False])
def test_after_another_boot_it_is_read_where_it_was_not_durable(
    root: Path, grow: Grow, hashed: list[str], monkeypatch: pytest.MonkeyPatch, *, durable: bool
) -> None:
    """A power cut may have taken away what the stamps do not show."""
    content = Content(root, durability="full" if durable else "relaxed")
    grow(content)
    monkeypatch.setattr("store.cache.tending.boot_id", lambda: "another boot")

    first, second = found(content), found(content)

    assert first is not None
    assert len(hashed) == (0 if durable else 3)
    assert second is not None
    assert second.manifest.durable
    content.close()


@pytest.mark.parametrize("policy", ["always", "stamp", "never"])
def test_a_hit_costs_what_was_chosen(
    root: Path, grow: Grow, policy: str, hashed: list[str]
) -> None:
    """A hash of all, a stat, or nothing."""
    content = Content(root, durability="relaxed", verify=policy)  # type: ignore[arg-type]
    tree, _ = grow(content)

    assert found(content) is not None
    assert len(hashed) == (3 if policy == "always" else 0)
    (Path(tree.path) / "top/a").unlink()
    assert (found(content) is None) == (policy != "never")
    content.close()


def test_a_part_is_looked_at_alone(content: Content, grow: Grow) -> None:
    """Who wants one member need not pay for all; another's damage is not his."""
    tree, _ = grow(content)
    change_content(Path(tree.path) / "top/a")

    assert found(content, within="top/deep") is not None
    assert found(content, within="run") is not None
    assert found(content, within="top") is None


def test_links_are_looked_at_with_all_they_may_lead_to(content: Content, tmp_path: Path) -> None:
    """A part that is a link is somewhere else."""
    import io
    import tarfile

    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as made:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = tarfile.SYMTYPE, "a"
        made.addfile(member)
        member = tarfile.TarInfo("a")
        member.size = 7
        made.addfile(member, io.BytesIO(b"content"))
    path = tmp_path / "a.tar"
    path.write_bytes(target.getvalue())
    tree, _ = Growing(content, Trees(content)).grow(seed(), filler(path))
    assert (Path(tree.path) / "link").read_bytes() == b"content"
    assert found(content, within="link") == tree
    os.utime(Path(tree.path) / "link", follow_symlinks=False)
    assert found(content) is not None
    change_content(Path(tree.path) / "a")

    assert found(content, within="link") is None
    tree, _ = Growing(content, Trees(content)).grow(seed(), filler(path))
    (Path(tree.path) / "link").unlink()
    (Path(tree.path) / "link").symlink_to("b")
    assert found(content) is None


def test_hard_links_move_no_more_than_the_stamps(
    content: Content, grow: Grow, tmp_path: Path, hashed: list[str]
) -> None:
    """Who has made some says so, and nothing need be read."""
    tree, _ = grow(content)
    os.link(Path(tree.path) / "top/a", tmp_path / "linked")
    Trees(content).linked(tree)

    assert found(content) is not None
    assert hashed == []
    with failing_call("rename", errno.EIO), failing_call("replace", errno.EIO):
        Trees(content).linked(tree)


def test_what_cannot_be_read_is_no_hit(content: Content, grow: Grow) -> None:
    """And is made anew, if it can be set aside."""
    tree, _ = grow(content)
    os.utime(Path(tree.path) / "top/a")
    with failing_call("open", errno.EACCES, below=tree.path):
        assert found(content) is None
    with failing_call("open", errno.EACCES, below=tree.path):
        assert Trees(content).examine(tree.path, quick=True).state == "unread"

    assert found(content) is not None


def test_a_new_stamp_that_cannot_be_written_costs_no_more_than_that(
    content: Content, grow: Grow
) -> None:
    """In a read-only cache each hit reads again."""
    tree, _ = grow(content)
    os.utime(Path(tree.path) / "top/a")

    with read_only(content.root):
        assert found(content) is not None
        assert found(content) is not None


@pytest.mark.parametrize("call", ["mkdir", "open", "write", "fsync", "rename", "replace", "utime"])
def test_each_step_may_fail(root: Path, grow: Grow, call: str) -> None:
    """Then there is no tree or a whole one, the next ask heals it, and nothing is left over."""
    number = made = 1
    while number <= min(made, 15):
        content = Content(root / str(number))
        with failing_call(call, errno.EIO, number=number, below=root) as calls:
            try:
                grow(content)
            except CacheError as error:
                assert error.errno == errno.EIO  # noqa: PT017 - it may also go well
        made = calls.made
        tree = found(content)
        assert tree is None or files(tree) == WHOLE
        again, _ = grow(content)
        assert files(again) == WHOLE
        if call != "open":  # which removing what is left over needs, too
            assert list((content.root / "partial").iterdir()) == []
        content.close()
        number += 1


@pytest.mark.parametrize("room", [0, 5, 10, 300, 1000])
def test_a_full_disk_leaves_nothing(content: Content, grow: Grow, room: int) -> None:
    """Not half a tree, nor what was on the way to it."""
    with content.workspace():
        pass
    with disk_full(content.root, after=room), pytest.raises(CacheError) as caught:
        grow(content)

    assert caught.value.errno == errno.ENOSPC
    assert found(content) is None
    assert list((content.root / "partial").iterdir()) == []
    assert files(grow(content)[0]) == WHOLE


def test_an_archive_that_is_refused_leaves_nothing(content: Content) -> None:
    """The error comes through as it is."""

    def refused(root: str) -> Mapping[str, Planted]:
        (Path(root) / "half").write_bytes(b"x")
        raise UnsafeArchiveError("no")

    with pytest.raises(UnsafeArchiveError):
        Growing(content, Trees(content)).grow(seed(), refused)

    assert found(content) is None
    assert list((content.root / "partial").iterdir()) == []
    assert not (content.root / "trees").exists()


def test_who_comes_second_takes_what_is_there(
    content: Content, reopened: Content, archive: Path
) -> None:
    """Where locks do not work two may unpack; one of them wins, and both are right."""
    fill = filler(archive)
    first: list[Tree] = []

    def slow(root: str) -> Mapping[str, Planted]:
        planted = fill(root)
        first.append(Growing(reopened, Trees(reopened))._made(seed(), fill))
        return planted

    second = Growing(content, Trees(content))._made(seed(), slow)

    assert second == first[0]
    assert list((content.root / "partial").iterdir()) == []


def test_what_is_in_the_way_is_set_aside(content: Content, grow: Grow, tmp_path: Path) -> None:
    """A link to somewhere else is not followed."""
    (content.root / "trees").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (content.root / "trees/v1").symlink_to(tmp_path / "elsewhere")

    tree, _ = grow(content)

    assert files(tree) == WHOLE
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_directory_that_a_pruning_took_away_is_made_again(
    content: Content, grow: Grow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was empty for a moment, between its making and the rename."""
    real = Path.rename

    def late(path: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", real)
        Path(target).parent.rmdir()
        return real(path, target)

    monkeypatch.setattr(Path, "rename", late)

    assert files(grow(content)[0]) == WHOLE


@pytest.mark.parametrize("kind", ["directory", "file", "unreadable"])
def test_what_comes_in_the_way_meanwhile_is_set_aside(
    content: Content, reopened: Content, archive: Path, kind: str
) -> None:
    """Whatever lies at the tree's place when it is to appear, and is no whole tree."""
    target = Path(content.layout.tree(DIGEST, MAKING))
    fill = filler(archive)

    def slow(root: str) -> Mapping[str, Planted]:
        planted = fill(root)
        if kind == "unreadable":
            other = Growing(reopened, Trees(reopened))._made(seed(), fill)
            os.utime(Path(other.path) / "top/a")
        else:
            target.parent.mkdir(parents=True)
            target.write_bytes(b"") if kind == "file" else (target / "x").mkdir(parents=True)
        return planted

    with failing_call("open", errno.EACCES, below=target / "tree"):
        tree = Growing(content, Trees(content))._made(seed(), slow)

    assert files(tree) == WHOLE
    assert len(list((content.root / "quarantine").iterdir())) == 1


def test_a_use_is_marked_and_a_lease_taken(content: Content, reopened: Content, grow: Grow) -> None:
    """So that pruning knows."""
    tree, _ = grow(content)
    content.close()
    record = Path(tree.path).parent / "record.json"
    os.utime(record, (1_000_000, 1_000_000))

    assert found(reopened) is not None

    assert record.stat().st_mtime > SYSTEM_CLOCK.now() - 60
    assert len(list((content.root / "leases").iterdir())) == 1


@pytest.mark.parametrize(
    "leaves",
    [
        "[]",
        "[1]",
        '[["", "file", false, "", [1,1,1,1,1]]]',
        '[["a", "file", false, "", [1,1,1,1,1]]]',
        '[["", "directory", false, "", [1,1,1,1]]]',
        '[["", "directory", false, "", [1,1,1,1,"1"]]]',
        '[["", "directory", 0, "", [1,1,1,1,1]]]',
        '[["", "device", false, "", [1,1,1,1,1]]]',
        '[["", "directory", false, "", [1,1,1,1,1]], ["..", "file", false, "", [1,1,1,1,1]]]',
        '[["", "directory", false, "", [1,1,1,1,1]], ["a/b", "file", false, "", [1,1,1,1,1]]]',
        '[["", "directory", false, "", [1,1,1,1,1]], ["/", "file", false, "", [1,1,1,1,1]]]',
        '[["", "directory", false, "", [1,1,1,1,1]], ["/etc", "file", false, "", [1,1,1,1,1]]]',
    ],
)
def test_a_manifest_that_does_not_hang_together_is_damaged(tmp_path: Path, leaves: str) -> None:
    """No path of it leads out of the tree."""
    (tmp_path / MANIFEST).write_text(
        f'{{"v": 1, "boot": "", "durable": true, "steady": true, "leaves": {leaves}}}'
    )

    assert read_manifest(str(tmp_path)) is None
