"""Turns names that others chose into names that are safe on disk."""

from __future__ import annotations

import functools
import os
import stat
from pathlib import Path
from typing import Final

from store.errors import UnsafeNameError

try:
    # What hashlib has within itself: to load OpenSSL for a name of 64 bytes takes 3 ms of a warm fetch.
    from _sha2 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from hashlib import sha256

PARTIAL_PREFIX: Final = ".store-"
"""How the name of everything that is not finished begins, so that a sweep knows its own."""

PART_PREFIX: Final = f"{PARTIAL_PREFIX}part-"
"""How the name of a directory begins that keeps what came of a large body beside the file it is to be."""

MAX_NAME_BYTES: Final = 200
"""The longest file name that is given out, in bytes of UTF-8."""

_LONGEST_SUFFIX: Final = 20
"""The longest suffix that is kept when a name is cut, in characters."""

_LONGEST_COMPONENT: Final = 255
"""The longest component that the usual file systems take, in bytes."""

_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what no file name needs: control, format, surrogate, line separators."""

_REFUSED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of what no path of an archive or listing may hold."""

_BIDIRECTIONAL: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of characters that make a path read as another one."""


@functools.lru_cache(maxsize=512)
def derived_name(text: str) -> str:
    """Return 64 hexadecimal digits that stand for any text: the name of an entry on disk.

    Lone surrogates, newlines, slashes and any length are fine; different texts never share a name.
    """
    number: str = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return number


def safe_name(name: str, default: str = "resource") -> str:
    """Return a base name fit for any directory, from a name that a user or server gave.

    Directories are dropped, Unicode is brought to NFC; control, format and bidirectional characters,
    line separators and lone surrogates are removed, and white space around what is left. The length is
    cut to 200 bytes of UTF-8, a suffix of up to 20 characters kept; a name like one of our unfinished
    files loses its dot. A safe name is returned as it is.

    Args:
        name: The given name.
        default: What to return where nothing of it is left, or only dots.
    """
    kept = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if not (kept.isascii() and kept.isprintable()):
        import unicodedata

        kept = "".join(one for one in kept if unicodedata.category(one) not in _DROPPED)
        # Last of all: what was removed may have stood between a letter and its accent.
        kept = unicodedata.normalize("NFC", kept)
    kept = _shortened(kept.strip())
    if kept.startswith(PARTIAL_PREFIX):
        kept = kept[1:]  # a sweep would take it for something of ours that was never finished
    return default if kept.strip(".") == "" else kept


def inside(root: str | Path, relative: str | Path) -> Path:
    """Return ``root / relative``, made sure to lie inside ``root``.

    Each component is looked at, and a link is refused wherever it leads. The path need not exist.

    This is a first line of defence, against names: between this look and the use of the path another
    process that may write below ``root`` can put a link there. Who must hold against that opens each
    component relative to the one before (``dir_fd`` and ``O_NOFOLLOW``).

    Args:
        root: The directory that must not be left; it may itself be reached through links.
        relative: The name inside it, with ``/`` between components.

    Raises:
        UnsafeNameError: It is empty or absolute, holds ``.``, ``..``, a backslash, a control or
            bidirectional character, a line separator or a lone surrogate, has a component that no
            file system takes, or passes through a link.
    """
    text = os.fspath(relative)
    if not is_plain(text):
        raise UnsafeNameError(
            f"{text!r} is refused: it must be a plain relative path below {root}", name=text
        )
    path = Path(root)
    for part in text.split("/"):
        path /= part
        try:
            linked = stat.S_ISLNK(os.lstat(path).st_mode)
        except OSError:
            continue  # missing, or not to be looked at: then nothing can be reached through it
        if linked:
            raise UnsafeNameError(
                f"{text!r} is refused: {path} is a link; remove it, or choose another directory",
                name=text,
            )
    return path


def is_plain(relative: str) -> bool:
    """Whether a text is a relative path that leads nowhere but down, for every file system: see `inside`."""
    return not any(unsafe_component(part) for part in relative.split("/"))


def unsafe_component(part: str) -> bool:
    """Whether one component of a relative path is refused: see `inside`, links apart."""
    if part in {"", ".", ".."} or "\\" in part or "/" in part:
        return True
    if part.isascii() and part.isprintable():
        return len(part) > _LONGEST_COMPONENT
    import unicodedata

    return len(part.encode(errors="surrogatepass")) > _LONGEST_COMPONENT or any(
        unicodedata.category(one) in _REFUSED or unicodedata.bidirectional(one) in _BIDIRECTIONAL
        for one in part
    )


def _shortened(name: str) -> str:
    encoded = name.encode()
    if len(encoded) <= MAX_NAME_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    ending = dot + suffix if stem.strip(".") and len(suffix) <= _LONGEST_SUFFIX else ""
    room = MAX_NAME_BYTES - len(ending.encode())
    start = encoded[:room].decode(errors="ignore")
    return start.rstrip() + ending if ending else start.rstrip()
