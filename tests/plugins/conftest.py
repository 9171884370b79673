"""Distributions made for a test, on an import path of their own."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from store.plugins.manager import plugins


@pytest.fixture(autouse=True)
def _fresh_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("STORE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("STORE_DISABLE_PLUGINS", raising=False)
    plugins.cache_clear()
    yield
    plugins.cache_clear()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a directory on the import path; what is imported from it is forgotten afterwards."""
    directory = tmp_path / "site"
    directory.mkdir()
    monkeypatch.syspath_prepend(directory)
    before = set(sys.modules)
    yield directory
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(directory)):
            del sys.modules[name]


@pytest.fixture
def publish(site: Path) -> Callable[..., Path]:
    """Return what installs distributions in `site`, and returns their ``.dist-info``."""

    def publishing(
        name: str,
        entry_points: Mapping[str, Mapping[str, str]],
        modules: Mapping[str, str],
    ) -> Path:
        for module, source in modules.items():
            (site / f"{module}.py").write_text(textwrap.dedent(source))
        metadata = site / f"{name.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [
            f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in found.items())
            for group, found in entry_points.items()
        ]
        (metadata / "entry_points.txt").write_text("\n".join(lines))
        importlib.invalidate_caches()
        return metadata

    return publishing
