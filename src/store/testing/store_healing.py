"""The part of the store suite that damages what was kept."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

from pathlib import Path
from typing import Any

from store.backends.base import Store
from store.testing.faults import cut_short, flip_bit
from store.testing.subjects import Published, StoreSubject, bring


class HealingTests(StoreSubject, suite=True):
    """Verification and healing: a wrong file is found out, and replaced."""

    def test_verify_accepts_the_content(
        self, store: Store[Any], published: Published, tmp_path: Path
    ) -> None:
        """The right content is verified, as often as it is asked, wherever it lies."""
        metadata = store.get_resource_metadata(published.query)
        path = tmp_path / "by-hand"
        path.write_bytes(published.content)

        assert [metadata.verify(str(path)) for _ in range(3)] == [True] * 3

    def test_verify_refuses_another_content(
        self, store: Store[Any], published: Published, tmp_path: Path
    ) -> None:
        """A flipped bit, a missing half, a byte too many and an empty file are not the resource."""
        metadata = store.get_resource_metadata(published.query)
        content = published.content
        flipped = content[:-1] + bytes([content[-1] ^ 1])
        path = tmp_path / "by-hand"

        for wrong in (flipped, content[: len(content) // 2], content + b"\0", b""):
            path.write_bytes(wrong)
            assert metadata.verify(str(path)) is False, f"verify accepts {wrong[:40]!r}"

    def test_verify_never_raises(
        self, store: Store[Any], published: Published, tmp_path: Path
    ) -> None:
        """A file that is missing, a directory, a loop of links or no path at all is False."""
        metadata = store.get_resource_metadata(published.query)
        loop = tmp_path / "loop"
        loop.symlink_to(loop)

        for path in (tmp_path / "nothing", tmp_path, loop, "a\0b", ""):
            assert metadata.verify(str(path)) is False, f"verify accepts {path}"

    def test_tampered_content_is_healed(self, store: Store[Any], published: Published) -> None:
        """A bit flipped in the cache, with size and modification time put back, is found and mended."""
        flip_bit(bring(store, published.query))

        assert bring(store, published.query).read_bytes() == published.content

    def test_truncated_content_is_healed(self, store: Store[Any], published: Published) -> None:
        """A cached file that was cut short is brought anew."""
        cut_short(bring(store, published.query))

        assert bring(store, published.query).read_bytes() == published.content

    def test_deleted_content_is_healed(self, store: Store[Any], published: Published) -> None:
        """A cached file that was deleted is brought anew."""
        bring(store, published.query).unlink()

        assert bring(store, published.query).read_bytes() == published.content

    def test_displaced_content_is_healed(self, store: Store[Any], published: Published) -> None:
        """A directory where the cached file should be does not stand in the way for long."""
        path = bring(store, published.query)
        path.unlink()
        path.mkdir()

        assert bring(store, published.query).read_bytes() == published.content
