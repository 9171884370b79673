"""A user with no settings, no secrets and a home of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home directory, a working directory and no variable of ours."""
    for variable in list(os.environ):
        if variable.startswith(("STORE_", "XDG_", "NETRC")):
            monkeypatch.delenv(variable)
    directory = tmp_path / "home"
    directory.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    monkeypatch.chdir(work)
    return directory


@pytest.fixture
def work(home: Path) -> Path:
    """Return the working directory, where project files lie."""
    return home.parent / "work"
