"""What stands in the place of a blob makes room, whoever is first."""

from __future__ import annotations

from pathlib import Path

from store.releases.setting_aside import set_aside

from .conftest import lay


def test_what_another_has_set_aside_already_is_no_error(tmp_path: Path) -> None:
    """Nothing stands there any more, or a blob by now, which stays."""
    lay(tmp_path, {"blob": b"content"})

    set_aside(str(tmp_path / "gone"))
    set_aside(str(tmp_path / "blob"))

    assert (tmp_path / "blob").read_bytes() == b"content"


def test_what_lies_in_a_directory_stays(tmp_path: Path) -> None:
    """It gets another name; an empty one goes."""
    lay(tmp_path, {"full/file": b"mine"})
    (tmp_path / "empty").mkdir()

    set_aside(str(tmp_path / "full"))
    set_aside(str(tmp_path / "empty"))

    assert [one.name for one in tmp_path.iterdir()] == ["full.aside-1"]
