"""The mirror keeps what every store promises."""

from __future__ import annotations

import hashlib
from pathlib import Path

from store.testing.stores import Published, StoreSuite

DIGEST = "sha256:" + hashlib.sha256(b"tool").hexdigest()


class TestMirror(StoreSuite):
    """The driver ``mirror``, found by its entry point."""

    driver = "mirror"

    def configuration(self, origin: Path) -> dict[str, str]:
        """Serve the files below the origin."""
        return {"root": str(origin)}

    def publish(self, origin: Path) -> Published:
        """Write a file."""
        (origin / "tool.txt").write_bytes(b"tool")
        return Published(query={"name": "tool.txt", "digest": DIGEST}, content=b"tool")

    def missing(self, origin: Path) -> dict[str, str]:
        """Name a file that is not there."""
        return {"name": "nothing.txt", "digest": DIGEST}
