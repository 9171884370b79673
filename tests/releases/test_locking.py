"""The lock file says what was fetched, and holds the archive to it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import ConfigurationError, DriftError
from store.releases.locking import Locked, hold_against_lock, lock_path, read_lock, write_lock
from store.releases.mapping import project_of
from store.releases.records import Record, compose

SHA = "ab" * 32


def record(version: str = "1.0.0", sha: str = SHA) -> Record:
    """Return a record of one file."""
    project = project_of({"a": False}, ())
    project["a"] |= {"/bpid/": sha, "/bytes/": 3, "/sha256/": sha}
    return compose("survey", version, project)


def locked(one: Record) -> Locked:
    """Return what is noted of it."""
    return Locked.of(one, host="https://ada:secret@host.example/", workspace="w")


def test_what_is_noted_comes_back(tmp_path: Path) -> None:
    """The current version first, those before it after; no secret stands in it."""
    path = lock_path(tmp_path / "here")
    for version in ("1.0.0", "2.0.0", "1.0.0"):
        write_lock(path, read_lock(path), locked(record(version)))

    assert path == tmp_path / "here.lock"
    assert [one.version for one in read_lock(path)] == ["1.0.0", "2.0.0"]
    assert tomllib.loads(path.read_text())["release"][0]["files"] == {"a": f"sha256:{SHA}"}
    assert "secret" not in path.read_text()


def test_another_content_is_refused() -> None:
    """The files, or the record alone: a version never changes."""
    noted = (locked(record()),)

    hold_against_lock(record(), noted, workspace="w")
    hold_against_lock(record(sha="cd" * 32), noted, workspace="elsewhere")
    hold_against_lock(record("1.1.0"), noted, workspace="w")
    with pytest.raises(DriftError, match="'a' changed"):
        hold_against_lock(record(sha="cd" * 32), noted, workspace="w")
    other = compose("survey", "1.0.0", record().data["project"], requirements=["raw"])
    with pytest.raises(DriftError, match="its record"):
        hold_against_lock(other, noted, workspace="w")


@pytest.mark.parametrize(
    "text", ["x", "format = 2", "format = 1\nrelease = 3", "format = 1\n[[release]]\n"]
)
def test_a_damaged_lock_is_told(tmp_path: Path, text: str) -> None:
    """It is never taken for an empty one."""
    (tmp_path / "x.lock").write_text(text)

    with pytest.raises(ConfigurationError, match="cannot be used"):
        read_lock(tmp_path / "x.lock")
    assert read_lock(tmp_path / "none.lock") == ()


@settings(max_examples=20, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, one: str, other: str) -> None:
    """TOML gives back what was written, whatever characters are in it."""
    path = tmp_path_factory.getbasetemp() / "any.lock"
    noted = Locked(
        title=one, version=other, workspace=one, host=other, digest="", files={one: other}
    )

    write_lock(path, (), noted)

    assert read_lock(path) == (noted,)
