"""The modules of the house, read once."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from store import errors

ROOT = Path(errors.__file__).parent


@pytest.fixture(scope="session")
def sources() -> Mapping[str, str]:
    """The text of every module of ours, by its path below ``src/store``."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(ROOT.rglob("*.py"))
    }


@pytest.fixture(scope="session")
def trees(sources: Mapping[str, str]) -> Mapping[str, ast.Module]:
    """Every module of ours, parsed, by its path below ``src/store``."""
    return {path: ast.parse(text) for path, text in sources.items()}
