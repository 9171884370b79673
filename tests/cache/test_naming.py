"""Lasting names of owned files: given, mended, swept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from store.cache.content import Content, Kept
from store.cache.naming import give_name, leads_to, nameless
from store.cache.pruning import clear, prune
from store.integrity.digest import Digests

Keep = Callable[..., Kept]
Pin = Callable[[bytes], Digests]


def name_of(content: Content, key: str = "a" * 32) -> Path:
    """Return a path that may be a lasting name."""
    return Path(f"{content.layout.aged}{key}", "six.whl")


def test_a_name_leads_to_the_owned_file_itself(content: Content, keep: Keep, pin: Pin) -> None:
    """It is another name of the same file, which is still a hit afterwards; a second time does nothing."""
    kept = keep(content, b"data")
    name = name_of(content)

    assert give_name(content, str(kept.path), str(name))
    assert give_name(content, str(kept.path), str(name))

    assert name.samefile(kept.path)
    assert not name.is_symlink()
    assert kept.path.stat().st_nlink == 2
    assert content.holds(str(kept.path), pin(b"data"))


def test_a_name_is_given_to_another_file_in_one_step(content: Content, keep: Keep) -> None:
    """Who has the old one open goes on reading it."""
    old, new = keep(content, b"old"), keep(content, b"new")
    name = name_of(content)
    give_name(content, str(old.path), str(name))

    with name.open("rb") as reader:
        assert give_name(content, str(new.path), str(name))
        assert reader.read() == b"old"

    assert name.read_bytes() == b"new"
    assert leads_to(str(name), str(new.path))
    assert not leads_to(str(name), str(old.path))


@pytest.mark.parametrize("obstacle", ["directory", "link above", "file above"])
def test_what_is_in_the_way_is_set_aside(
    content: Content, keep: Keep, tmp_path: Path, obstacle: str
) -> None:
    """Nothing outside the cache is touched."""
    kept = keep(content, b"data")
    name = name_of(content)
    outside = tmp_path / "outside"
    outside.mkdir()
    name.parent.parent.mkdir(parents=True)
    if obstacle == "directory":
        name.mkdir(parents=True)
    elif obstacle == "link above":
        name.parent.symlink_to(outside)
    else:
        name.parent.write_bytes(b"")

    assert give_name(content, str(kept.path), str(name))

    assert name.read_bytes() == b"data"
    assert list(outside.iterdir()) == []


def test_without_hard_links_there_is_no_name(
    content: Content, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that has none, or a cache that cannot be written to; it is no error."""
    kept = keep(content, b"data")
    for number in (1, 5, 18, 28, 30):

        def refused(*_: object, number: int = number, **__: object) -> None:
            raise OSError(number, "refused")

        with monkeypatch.context() as patch:
            patch.setattr(os, "link", refused)
            assert not give_name(content, str(kept.path), str(name_of(content)))

    assert not name_of(content).exists()


def test_a_name_goes_with_its_file(content: Content, keep: Keep) -> None:
    """What is pruned is freed: the name and its record are swept; others stay."""
    gone, stays = keep(content, b"gone" * 100), keep(content, b"stays")
    names = name_of(content), name_of(content, "b" * 32)
    for kept, name in zip((gone, stays), names, strict=True):
        give_name(content, str(kept.path), str(name))
        name.parent.with_suffix(".json").write_bytes(b"{}")
    content.close()
    os.utime(content.layout.record(gone.digests[0]), (0, 0))

    pruned = prune(content, older_than=1e9)

    assert [one.size for one in pruned.removed] == [400]
    assert not names[0].parent.exists()
    assert not names[0].parent.with_suffix(".json").exists()
    assert names[1].read_bytes() == b"stays"
    assert names[1].parent.with_suffix(".json").exists()
    assert list(nameless(content.layout)) == []
    clear(content)
    assert [*Path(content.layout.aged).iterdir()] == []


def test_a_link_in_the_place_of_the_names_is_not_followed(
    content: Content, keep: Keep, tmp_path: Path
) -> None:
    """Whoever laid it there does not have the cache sweep elsewhere."""
    keep(content, b"data")
    outside = tmp_path / "outside"
    (outside / "v1").mkdir(parents=True)
    (outside / "v1" / "precious.json").write_bytes(b"")
    (content.root / "aged").symlink_to(outside)
    content.close()

    clear(content)

    assert (outside / "v1" / "precious.json").exists()
