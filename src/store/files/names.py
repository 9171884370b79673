"""Turns names that others chose into names that are safe on disk."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path
from typing import Final

from store.errors import UnsafeNameError

MAX_NAME_BYTES: Final = 200
"""The longest file name that is given out, in bytes of UTF-8."""


def derived_name(text: str) -> str:
    """Return 64 hexadecimal digits that stand for any text: the name of an entry on disk.

    Lone surrogates, newlines, slashes and any length are fine; different texts never share a name.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def safe_name(name: str, default: str = "resource") -> str:
    """Return a base name fit for any directory, from a name that a user or server gave.

    Directories are dropped, Unicode is brought to NFC, control, format and bidirectional characters
    and lone surrogates are removed, leading dots of ``.`` and ``..`` too, and the length is cut to 200
    bytes with the suffix kept.

    Args:
        name: The given name.
        default: What to return where nothing of it is left.
    """
    base = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    base = unicodedata.normalize("NFC", base)
    kept = "".join(
        one for one in base if unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    kept = kept.strip()
    if kept.strip(".") == "":
        return default
    return _shortened(kept)


def inside(root: str | Path, relative: str | Path) -> Path:
    """Return ``root / relative``, made sure to lie inside ``root``.

    Components are walked without following links, so a link inside ``root`` that leads out is refused
    too. The path need not exist.

    Args:
        root: The directory that must not be left.
        relative: The name inside it, with ``/`` between components.

    Raises:
        UnsafeNameError: It is empty, absolute, holds ``..``, a backslash, a NUL or a control
            character, or passes through a link.
    """
    text = os.fspath(relative)
    parts = text.split("/")
    if not text or any(_unsafe(part) for part in parts):
        raise UnsafeNameError(
            f"{text!r} is refused: it must be a plain relative path below {root}", name=text
        )
    path = Path(root)
    for part in parts:
        path /= part
        if path.is_symlink():
            raise UnsafeNameError(f"{text!r} is refused: {path} is a link", name=text)
    return path


def _unsafe(part: str) -> bool:
    return (
        part in {"", ".", ".."}
        or "\\" in part
        or any(unicodedata.category(one) in {"Cc", "Cs"} for one in part)
    )


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    ending = (dot + suffix).encode() if stem and len(suffix) <= 20 else b""  # noqa: PLR2004
    room = MAX_NAME_BYTES - len(ending)
    start = name.encode()[:room] if ending else name.encode()[:MAX_NAME_BYTES]
    return start.decode(errors="ignore") + ending.decode()
