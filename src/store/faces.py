"""Faces of packages: names that are loaded when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any


def face(
    package: str, homes: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return what lets a package load its public names late: ``__getattr__`` and ``__dir__`` (:pep:`562`).

    A package says ``__getattr__, __dir__ = face(__name__, _HOMES)``. It lists its names in ``__all__``
    and imports them where only type checkers and editors look, so that these know them.

    Args:
        package: Its full name.
        homes: Its public names by the module that defines them, whose name is full; beside the package's
            own name stand those of its modules that are public.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def load(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
        """Load a public name, and let the package have it from now on."""
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module

        home = home_of[name]
        if home == package:
            return import_module(f"{package}.{name}")
        value = getattr(import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        """List the public names, loaded or not."""
        return sorted(sys.modules[package].__all__)

    return load, names
