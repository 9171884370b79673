"""Our own drivers, held to the suite that strangers inherit."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.testing.stores import Published, StoreSuite

CONTENT = b"the content of a resource\n" * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class TestFileStore(StoreSuite):
    """The driver ``file``, below a root."""

    driver = "file"
    optional = frozenset({"digest"})

    def configuration(self, origin: Path) -> Any:
        """Serve what lies below the origin."""
        return {"root": str(origin)}

    def publish(self, origin: Path) -> Published:
        """Lay down a file."""
        (origin / "tool.txt").write_bytes(CONTENT)
        query = {"path": "tool.txt", "digest": f"sha256:{SHA256}"}
        return Published(query=query, content=CONTENT)

    def missing(self, origin: Path) -> Mapping[str, Any]:
        """Name a file that is not there."""
        return {"path": "nothing.txt"}


class TestHTTPStore(StoreSuite):
    """The driver ``http``, over http."""

    driver = "http"
    optional = frozenset({"sha256"})
    """Without it the answer is no QueryError but an UnverifiedError: see test_http_store."""

    secrets = ("hunter2",)

    @pytest.fixture(autouse=True)
    def _serve(self, web: Any) -> None:
        self.web = web

    def publish(self, origin: Path) -> Published:
        """Lay down a page behind a secret query."""
        self.web.pages["/tool.txt?token=hunter2"] = (CONTENT,)
        url = f"{self.web.address}/tool.txt?token=hunter2"
        return Published(query={"url": url, "sha256": SHA256}, content=CONTENT)

    def missing(self, origin: Path) -> Mapping[str, Any]:
        """Name a page that is not there."""
        return {"url": f"{self.web.address}/nothing", "sha256": SHA256}

    def withdraw(self, origin: Path) -> None:
        """Take the page away."""
        self.web.pages.clear()


class TestPyPIStore(StoreSuite):
    """The driver ``pypi``, asked of an index in a directory."""

    driver = "pypi"
    optional = frozenset({"version", "sha256"})

    @pytest.fixture(autouse=True)
    def _no_settings_of_pip(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    def configuration(self, origin: Path) -> Any:
        """Ask the index below the origin."""
        return {"index_url": origin.as_uri()}

    def publish(self, origin: Path) -> Published:
        """Lay down a project's page, and its file beside it."""
        (origin / "tool").mkdir()
        (origin / "tool" / "tool-1.0-py3-none-any.whl").write_bytes(CONTENT)
        (origin / "tool" / "index.html").write_text(
            f'<a href="tool-1.0-py3-none-any.whl#sha256={SHA256}">tool-1.0-py3-none-any.whl</a>'
        )
        query = {"name": "tool", "version": "1.0", "sha256": SHA256}
        return Published(query=query, content=CONTENT)

    def missing(self, origin: Path) -> Mapping[str, Any]:
        """Name a version that is not there."""
        return {"name": "tool", "version": "2.0"}


class TestHTTPSimpleStore(StoreSuite):
    """The driver ``http-simple-store``, which keeps the contract of e3-core."""

    driver = "http-simple-store"
    deviations: ClassVar[Mapping[str, str]] = {
        "test_unknown_key_is_refused": "e3-core passes over what it does not know",
        "test_missing_resource_is_not_found": "answers None, as callers of e3-core expect",
    }

    @pytest.fixture(autouse=True)
    def _serve(self, web: Any) -> None:
        self.web = web

    def publish(self, origin: Path) -> Published:
        """Lay down a page."""
        self.web.pages["/tool.txt"] = (CONTENT,)
        sha = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
        return Published(query={"url": f"{self.web.address}/tool.txt", "sha": sha}, content=CONTENT)

    def missing(self, origin: Path) -> Mapping[str, Any]:
        """Name a page that is not there."""
        return {"url": f"{self.web.address}/nothing", "sha": "0" * 40}

    def withdraw(self, origin: Path) -> None:
        """Take the page away."""
        self.web.pages.clear()
