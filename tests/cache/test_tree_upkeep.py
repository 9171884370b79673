"""Listing, verifying, pruning and clearing know trees."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.audit import audit, bytes_of, held_files
from store.cache.content import Content, Kept
from store.cache.growing import Growing, Seed
from store.cache.pruning import clear, prune
from store.cache.trees import Tree, Trees
from store.clock import SYSTEM_CLOCK
from store.files.unpacking.archive import unpack
from store.files.unpacking.limits import Guard, Limits
from store.integrity.digest import Digest
from store.testing.archives import packed

Keep = Callable[..., Kept]

DAY = 86_400
DIGEST = Digest("sha256", "ab" * 32)


def grow(content: Content, tmp_path: Path, making: str = "unpacked", days: float = 0) -> Tree:
    """Make a tree of 1,000 bytes with an empty directory, last used some days ago."""
    archive = tmp_path / "a.tar"
    data = packed({"a": bytes(600), "b/c": bytes(400), "hollow/": b""}, "tar")
    archive.write_bytes(data)
    seed = Seed(digest=DIGEST, digests=(DIGEST,), name="a.tar", size=len(data), making=making)
    guard = Guard("a.tar", len(data), Limits())
    tree, _ = Growing(content, Trees(content)).grow(
        seed, lambda root: unpack(archive, root, guard, read_only=True)
    )
    content.close()
    age(tree, days)
    return tree


def age(tree: Tree, days: float) -> None:
    """Make a tree one that was last used some days ago."""
    when = SYSTEM_CLOCK.now() - days * DAY
    os.utime(Path(tree.path).with_name("record.json"), (when, when))


def test_trees_are_listed_beside_the_files(content: Content, keep: Keep, tmp_path: Path) -> None:
    """With the digest and the name of their archive, and the bytes of all that is in them."""
    keep(content, b"data", name="file")
    tree = grow(content, tmp_path, days=3)

    held = {one.kind: one for one in held_files(content)}

    one = held["tree"]
    assert set(held) == {"file", "tree"}
    assert (one.digest, one.path, one.name, one.size) == (str(DIGEST), tree.path, "a.tar!/", 1000)
    assert one.used is not None
    assert one.added is not None
    assert 2.9 * DAY < one.added - one.used < 3.1 * DAY
    assert bytes_of(held.values()) == 1004


def test_a_tree_without_a_record_is_listed(content: Content, tmp_path: Path) -> None:
    """What lies there takes room, whatever is known of it."""
    tree = grow(content, tmp_path)
    Path(tree.path).with_name("record.json").unlink()

    (held,) = held_files(content)

    assert (held.kind, held.size, held.added, held.used) == ("tree", 0, None, None)
    assert held.name == f"{DIGEST.hex[:12]}!/"


def test_strangers_are_passed_over(content: Content, tmp_path: Path) -> None:
    """What is no place of a tree is not listed, and links are not followed."""
    tree = grow(content, tmp_path)
    top = content.root / "trees/v1/sha256/ab"
    (top / "notes").mkdir()
    (top / f"{'ab' * 32}-short").mkdir()
    (content.root / "trees/v1/sha512").symlink_to(tmp_path)

    assert [one.path for one in held_files(content)] == [tree.path]


@pytest.mark.parametrize("quick", [True, False])
def test_an_audit_looks_at_trees(content: Content, tmp_path: Path, *, quick: bool) -> None:
    """All that is in them is hashed, or with ``quick`` what has another stamp; damage is set aside."""
    tree = grow(content, tmp_path)
    told: list[tuple[int, int]] = []
    assert [one.state for one in audit(content, quick=quick)] == ["ok"]

    file = Path(tree.path) / "a"
    file.chmod(0o644)
    file.write_bytes(bytes(599) + b"x")

    (finding,) = audit(content, quick=quick, told=lambda *both: told.append(both))
    assert (finding.state, finding.held.kind) == ("damaged", "tree")
    assert finding.reason == "the content of a is not what it was"
    assert told[-1] == (1000, 1000)
    assert not Path(tree.path).exists()
    assert Trees(content).examine(tree.path).state == "missing"
    assert Trees(content).examine(str(tmp_path)).state == "missing"


def test_a_full_audit_reads_what_the_stamps_would_vouch_for(
    content: Content, tmp_path: Path, hashed: list[str]
) -> None:
    """A disk that forgot is found; a quick one believes."""
    grow(content, tmp_path)

    list(audit(content, quick=True))
    assert hashed == []
    list(audit(content))
    assert len(hashed) == 2


def test_an_audit_is_no_use(content: Content, tmp_path: Path) -> None:
    """Or nothing would ever be unused for long."""
    tree = grow(content, tmp_path, days=3)

    list(audit(content))

    assert Path(tree.path).with_name("record.json").stat().st_mtime < SYSTEM_CLOCK.now() - 2 * DAY


def test_the_least_recently_used_goes_first_whatever_it_is(
    content: Content, keep: Keep, tmp_path: Path
) -> None:
    """Trees and files stand in one line; nothing of what goes is left."""
    kept = keep(content, bytes(1000), name="file")
    content.close()
    record = content.layout.record(kept.digests[0])
    when = SYSTEM_CLOCK.now() - 10 * DAY
    os.utime(record, (when, when))
    old, young = grow(content, tmp_path, "old", 20), grow(content, tmp_path, "young", 5)

    assert [one.path for one in prune(content, max_size=2000, dry_run=True).removed] == [old.path]
    pruned = prune(content, max_size=2000)
    assert [one.path for one in pruned.removed] == [old.path]
    assert (pruned.freed, pruned.left) == (1000, 2000)
    assert [one.name for one in prune(content, max_size=1000).removed] == ["file"]
    assert Path(young.path).exists()
    assert prune(content, older_than=DAY).freed == 1000
    assert not (content.root / "trees/v1").exists()
    assert list((content.root / "partial").iterdir()) == []


def test_an_empty_directory_in_a_tree_is_no_leftover(content: Content, tmp_path: Path) -> None:
    """It is a part of what was unpacked."""
    tree = grow(content, tmp_path)

    prune(content)

    assert (Path(tree.path) / "hollow").is_dir()
    assert Trees(content).find((DIGEST,), "unpacked") is not None


def test_a_tree_in_use_stays(content: Content, reopened: Content, tmp_path: Path) -> None:
    """From its first hit until its user ends."""
    tree = grow(content, tmp_path, days=30)
    assert Trees(reopened).find((DIGEST,), "unpacked") is not None

    pruned = prune(content, max_size=0)
    assert [one.path for one in pruned.in_use] == [tree.path]
    assert clear(content).removed == ()
    assert Path(tree.path).exists()

    reopened.close()
    assert len(clear(content).removed) == 1


def test_a_tree_that_comes_into_use_meanwhile_is_given_back(
    content: Content, reopened: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the rename somebody may ask for it."""
    tree = grow(content, tmp_path, days=30)
    real = Path.rename

    def late(path: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", real)
        assert Trees(reopened).find((DIGEST,), "unpacked") is not None
        return real(path, target)

    monkeypatch.setattr(Path, "rename", late)

    pruned = prune(content, max_size=0)

    assert pruned.removed == ()
    assert (Path(tree.path) / "a").read_bytes() == bytes(600)


def test_what_goes_while_it_is_looked_at_is_a_miss(
    content: Content, reopened: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pruning that was quicker than the mark of the use."""
    grow(content, tmp_path, days=30)
    real = Content.note_use

    def late(of: Content, path: str) -> None:
        prune(content, max_size=0)
        real(of, path)

    monkeypatch.setattr(Content, "note_use", late)

    assert Trees(reopened).find((DIGEST,), "unpacked") is None


def test_unfinished_files_beside_a_tree_are_swept(content: Content, tmp_path: Path) -> None:
    """Those of a process that died when it wrote the manifest anew; not one that is being written."""
    tree = grow(content, tmp_path)
    old, young = (Path(tree.path).with_name(f".store-1-{name}") for name in ("old", "young"))
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    when = SYSTEM_CLOCK.now() - 2 * DAY
    os.utime(old, (when, when))

    assert prune(content).orphans == 1

    assert not old.exists()
    assert young.exists()
    assert Path(tree.path).exists()
