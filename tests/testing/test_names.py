"""Every suite has its name in ``store.testing``, and costs nothing before it is asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import store.testing


@pytest.mark.parametrize("name", store.testing.__all__)
def test_a_suite_is_found_by_its_name(name: str) -> None:
    """It is the one that its own module has."""
    suite = getattr(store.testing, name)

    assert getattr(importlib.import_module(suite.__module__), name) is suite
    assert name in dir(store.testing)


def test_another_name_is_none() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = store.testing.Nothing


def test_no_suite_is_loaded_before_it_is_used() -> None:
    """Neither pytest nor SQLAlchemy is."""
    script = (
        "import sys, store.testing; print('pytest' in sys.modules, 'sqlalchemy' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )

    assert done.stdout.split() == ["False", "False"]
