"""The files that a server has, with their digests."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Listing(NamedTuple):
    """Files of a server.

    Attributes:
        address: The server's address.
        digests: The sha256 of each file in hexadecimal, by the file's path below the address.
        path: Where ``address`` and ``digests`` lie as JSON, for programs to read.
    """

    address: str
    digests: Mapping[str, str]
    path: Path

    def urls(self) -> dict[str, str]:
        """Return each file's address, by its path."""
        return {name: f"{self.address}/{name}" for name in self.digests}

    def locators(self) -> list[str]:
        """Return what ``store`` is asked for."""
        return [f"{url}#sha256={self.digests[name]}" for name, url in self.urls().items()]

    def written_locators(self, path: Path) -> Path:
        """Write the locators down as JSON, and return where."""
        path.write_text(json.dumps(self.locators()), encoding="utf-8")
        return path

    def sums(self) -> Path:
        """Write the digests in the manner of ``sha256sum``, and return where."""
        path = self.path.with_suffix(".sha256")
        lines = [f"{digest}  {name}\n" for name, digest in self.digests.items()]
        path.write_text("".join(lines), encoding="ascii")
        return path


def listed(address: str, digests: Mapping[str, str], path: Path) -> Listing:
    """Write a listing down."""
    path.write_text(json.dumps({"address": address, "digests": dict(digests)}), encoding="utf-8")
    return Listing(address, digests, path)


def made(root: Path, folder: str, *, count: int, size: int) -> dict[str, str]:
    """Make files of random bytes below ``root``, and return their digests by path."""
    (root / folder).mkdir(exist_ok=True)
    digests = {}
    for number in range(count):
        data = os.urandom(size)
        name = f"{folder}/{number:05}.bin"
        (root / name).write_bytes(data)
        # nginx makes an ETag of time and size, by which huggingface_hub tells files apart.
        os.utime(root / name, (number, number))
        digests[name] = hashlib.sha256(data).hexdigest()
    return digests


def file_of(root: Path, size: int) -> str:
    """Return the name of a file of so many bytes in ``root``, made where it was not there."""
    name = f"{size}.bin"
    if not (root / name).exists():
        with (root / name).open("wb") as file:
            block = os.urandom(10 * 1024)
            for _ in range(size // len(block) + 1):
                file.write(block)
            file.truncate(size)
    return name


def digest_of(root: Path, size: int, algorithm: str = "sha256") -> str:
    """Return the digest of the file of so many bytes, in hexadecimal."""
    with (root / file_of(root, size)).open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
