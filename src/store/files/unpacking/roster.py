"""Holds the names of an archive's members against what a name may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from store.files.names import unsafe_component
from store.files.unpacking.limits import Guard

_DRIVE: Final = re.compile("[A-Za-z]:")


class Roster:
    """The paths that an archive has claimed so far.

    A name is a plain relative path. Two members may not have one name, nor names that differ only in
    case or Unicode form: elsewhere they would be one file. Nothing may lie below what is no directory.

    Args:
        guard: Knows the limits, and makes the errors.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._directories: set[str] = {""}
        self._claimed: dict[str, str] = {}

    def path_of(self, name: str) -> str:
        """Return the path that a member's name stands for; an empty one for the archive's top.

        Raises:
            UnsafeArchiveError: It would lead elsewhere, or no file system takes it.
        """
        path = name
        while path.startswith("./"):
            path = path[2:]
        path = path.removesuffix("/")
        if path in {"", "."}:
            if name in {"", "/"}:
                raise self._guard.unsafe("it has no name", "plain relative names", name)
            return ""
        directory, _, last = path.rpartition("/")
        known = directory in self._directories and path[0] != "/"
        parts = [last] if known else path.split("/")
        if _DRIVE.match(path) or any(unsafe_component(part) for part in parts):
            raise self._guard.unsafe(
                "its name is no plain relative path", "plain relative names", name
            )
        limits = self._guard.limits
        if len(path.encode(errors="surrogatepass")) > limits.max_path:
            raise self._guard.unsafe(
                f"its name is longer than {limits.max_path} bytes", "the longest path", name
            )
        if path.count("/") > limits.max_depth:
            raise self._guard.unsafe(
                f"it lies below more than {limits.max_depth} directories", "the deepest path", name
            )
        return path

    def claim(self, path: str, name: str, *, directory: bool = False) -> Iterator[str]:
        """Claim a path that `path_of` returned, and go through the directories that must be made first.

        A directory may be claimed again, and is itself the last one that is gone through.

        Raises:
            UnsafeArchiveError: Another member has the path, or one that is not told from it everywhere.
        """
        if directory:
            yield from self._directory(path, name)
            return
        parent = path.rpartition("/")[0]
        if parent not in self._directories:
            yield from self._directory(parent, name)
        self._take(path, name)

    def _directory(self, path: str, name: str) -> Iterator[str]:
        if path in self._directories:
            return
        yield from self._directory(path.rpartition("/")[0], name)
        self._take(path, name)
        self._directories.add(path)
        yield path

    def _take(self, path: str, name: str) -> None:
        folded = _folded(path)
        if folded in self._claimed:
            other = self._claimed[folded]
            why = (
                "which has the same name, or lies below it"
                if other == path
                else "which is the same name where case or Unicode form does not count"
            )
            reason = f"it is in the way of {ascii(other) if other != path else repr(other)}, {why}"
            raise self._guard.unsafe(reason, "one member a name", name)
        self._claimed[folded] = path


def _folded(path: str) -> str:
    """Return what is the same for all spellings that some file system takes for one (Unicode, D145)."""
    if path.isascii():
        return path.lower()
    decomposed = unicodedata.normalize("NFD", path)
    return unicodedata.normalize("NFD", decomposed.casefold())
