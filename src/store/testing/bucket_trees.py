"""Lays down small trees, and reads them back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from store.testing.objects import FakeObjects

LONG_AGO = 1_600_000_000
"""A time that no clock's grain reaches, in seconds since 1970 UTC."""


def lay(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a directory, as if long ago, and return the directory."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (LONG_AGO, LONG_AGO))
    return root


def tree(root: Path) -> dict[str, str]:
    """Return the content of every regular file below a directory."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def fill(objects: FakeObjects, contents: Mapping[str, str], **metadata: str) -> None:
    """Put objects as another program would, and forget that."""
    for key, content in contents.items():
        objects.put(key, content.encode(), metadata=metadata)
    objects.calls.clear()


def held(objects: FakeObjects) -> dict[str, str]:
    """Return the content of every object, uncounted."""
    calls = list(objects.calls)
    found = {}
    for meta in objects.list():
        body, buffer = objects.get(meta.key), bytearray(meta.size)
        body.readinto(memoryview(buffer))
        found[meta.key] = buffer.decode()
    objects.calls[:] = calls
    return found


def calls(objects: FakeObjects, *names: str) -> list[tuple[str, str]]:
    """Return the calls of some names, in order, and forget all."""
    found = [call for call in objects.calls if call[0] in names]
    objects.calls.clear()
    return found
