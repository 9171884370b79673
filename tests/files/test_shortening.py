"""A long path gets a short name for a while."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from store.errors import StorageError
from store.files.shortening import shortened


def test_a_path_that_is_short_enough_is_its_own(tmp_path: Path) -> None:
    """Absolute, and nothing is made."""
    path = tmp_path / "file.txt"

    with shortened(path, limit=len(str(path))) as short:
        assert short == path


def test_a_long_path_is_linked_to_while_the_block_runs(tmp_path: Path) -> None:
    """Under its own name, in a directory of its own, which goes again."""
    path = tmp_path / ("d" * 200) / "file.txt"
    path.parent.mkdir()
    path.write_bytes(b"content")

    with shortened(path, limit=100) as short:
        assert len(str(short)) <= 100
        assert short.name == "file.txt"
        assert short.read_bytes() == b"content"
        assert short.parent.stat().st_mode & 0o077 == 0

    assert not short.parent.exists()
    assert path.read_bytes() == b"content"


def test_a_long_name_keeps_its_suffix(tmp_path: Path) -> None:
    """Tools go by it."""
    path = tmp_path / ("n" * 150 + ".tls")
    path.write_bytes(b"content")

    with shortened(path, limit=100) as short:
        assert short.name == "file.tls"
        assert short.read_bytes() == b"content"


def test_bytes_are_counted_not_letters(tmp_path: Path) -> None:
    """A letter may take several."""
    path = tmp_path / "ä.txt"

    with shortened(path, limit=len(str(path))) as short:
        assert short != path


def test_another_temporary_directory_is_taken_where_the_first_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TMPDIR may lie as deep as anything."""
    deep = tmp_path / ("d" * 200)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    with shortened(deep / "file.txt", limit=100) as short:
        assert short.parent.parent == Path("/tmp")
    assert list(deep.iterdir()) == []


def test_where_none_is_short_enough_it_is_said(tmp_path: Path) -> None:
    """With what can be done."""
    with pytest.raises(StorageError, match="TMPDIR"), shortened(tmp_path / "file", limit=5):
        pass
