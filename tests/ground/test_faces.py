"""A package's face gives names when they are first used."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

FACES = (
    "store",
    "store.backends.base",
    "store.buckets",
    "store.freshness",
    "store.registry",
    "store.releases",
    "store.testing",
)
"""The modules whose names are loaded late."""


@pytest.mark.parametrize("name", FACES)
def test_every_listed_name_can_be_had(name: str) -> None:
    """What a shell completes is what is there, and the same each time."""
    module = import_module(name)

    assert dir(module) == sorted(module.__all__)
    for one in module.__all__:
        assert getattr(module, one) is getattr(module, one)


@pytest.mark.parametrize("name", FACES)
def test_other_names_are_attribute_errors(name: str) -> None:
    """Told as Python tells them."""
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'nothing'"):
        import_module(name).nothing  # noqa: B018 - asking is the act


def test_a_name_loads_its_module_and_no_other() -> None:
    """A public module is found too; nothing is loaded before it is asked for."""
    script = (
        "import sys, store.registry as face\n"
        "for name in ('', 'Status', 'log'):\n"
        "    name and getattr(face, name)\n"
        "    print([one for one in ('status', 'log', 'manager') if f'store.registry.{one}' in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )

    assert done.stdout.splitlines() == ["[]", "['status']", "['status', 'log']"]
