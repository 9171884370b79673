"""Writes the members of an archive below a private directory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import Final

from store.errors import UnsafeArchiveError
from store.files.atomic import create_exclusively
from store.files.placing import copy_anew
from store.files.unpacking.limits import Guard
from store.files.unpacking.links import checked_links
from store.files.unpacking.members import Data, Member, Planted
from store.files.unpacking.roster import Roster

DIRECTORY_MODE: Final = 0o755
"""The mode of directories, less the umask: their owner can remove what is in them."""


class Planting:
    """Makes files and directories as they come, and symbolic links last.

    Nothing is followed while files are written, since no link is there yet, and nothing is replaced.

    Args:
        root: An empty directory that only we use; a text, for thousands of paths.
        guard: Counts, and makes the errors.
        links: Whether symbolic links are made; else they are refused.
        read_only: Whether the files are to be read-only: 0444 or 0555, else 0644 or 0755, less the umask.
    """

    def __init__(self, root: str, guard: Guard, *, links: bool, read_only: bool) -> None:
        self._root = root
        self._guard = guard
        self._links = links
        self._modes = (0o444, 0o555) if read_only else (0o644, 0o755)
        self._roster = Roster(guard)
        self._planted: dict[str, Planted] = {}
        self._targets: dict[str, str] = {}

    def plant(self, members: Iterable[Member]) -> Mapping[str, Planted]:
        """Make all members, and return what was made by its path; directories before what is in them.

        Raises:
            ArchiveError: The archive is damaged.
            UnsafeArchiveError: A member is refused, or there is too much.
            OSError: The disk refused.
        """
        for member in members:
            path = self._roster.path_of(member.name)
            if not path and member.kind != "directory":
                raise self._guard.unsafe("it has no name", "plain relative names", member.name)
            directory, made = member.kind == "directory", False
            for parent in self._roster.claim(path, member.name, directory=directory):
                self._guard.member(member.name)
                os.mkdir(f"{self._root}/{parent}", DIRECTORY_MODE)  # noqa: PTH102 - text, for thousands
                self._planted[parent] = Planted(parent, "directory")
                made = True
            if not (directory and made):
                self._guard.member(member.name)
            if not directory:
                self._make(path, member)
        self._make_links()
        return self._planted

    def _make(self, path: str, member: Member) -> None:
        if member.name.endswith("/"):
            raise self._guard.unsafe(
                "it is named like a directory", "plain relative names", member.name
            )
        if member.kind == "file":
            self._planted[path] = self._file(path, member)
        elif member.kind == "copy":
            self._planted[path] = self._copy(path, member)
        elif self._links:
            self._targets[path] = member.target
        else:
            raise self._guard.unsafe(
                f"it is a symbolic link to {_shown(member.target)}",
                "symlinks",
                member.name,
                step="allow those that stay inside with symlinks=True (--symlinks)",
            )

    def _file(self, path: str, member: Member) -> Planted:
        size, hasher = 0, hashlib.sha256()
        mode = self._modes[member.executable]
        descriptor = create_exclusively(f"{self._root}/{path}", mode)
        try:
            for piece in member.data:
                size += len(piece)
                self._guard.write(len(piece), member.name)
                hasher.update(piece)
                _write(descriptor, piece)
        finally:
            os.close(descriptor)
        return Planted(path, "file", size, hasher.hexdigest(), member.executable)

    def _copy(self, path: str, member: Member) -> Planted:
        """Copy an earlier file, which the archive has a second name for."""
        try:
            source = self._planted.get(self._roster.path_of(member.target))
        except UnsafeArchiveError:
            source = None  # no member is called so; told is which link leads there
        if source is None or source.kind != "file":
            raise self._guard.unsafe(
                f"it is a hard link to {_shown(member.target)}, which is no earlier file of the archive",
                "hard links to earlier files",
                member.name,
            )
        self._guard.write(source.size, member.name)
        mode = self._modes[source.executable]
        copy_anew(f"{self._root}/{source.path}", f"{self._root}/{path}", mode)
        return source._replace(path=path)

    def _make_links(self) -> None:
        kinds = {path: one.kind for path, one in self._planted.items()}
        for path, target in checked_links(self._targets, kinds, self._guard).items():
            os.symlink(target, f"{self._root}/{path}")  # noqa: PTH211 - text, for thousands
            self._planted[path] = Planted(path, "link", content=target)


def _write(descriptor: int, piece: Data) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(descriptor, left) :]


def _shown(target: str) -> str:
    return repr(target.encode(errors="backslashreplace").decode()[:200])
