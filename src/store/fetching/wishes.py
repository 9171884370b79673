"""What is wanted of an archive, and how a tree is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from store.config.model import Settings
from store.errors import TransportTimeoutError
from store.files.unpacking.archive import VERSION, unpack
from store.files.unpacking.limits import Guard, Limits
from store.files.unpacking.members import Planted
from store.files.unpacking.single import decompress
from store.files.unpacking.suffixes import decompressed_name
from store.transports.deadlines import Deadline


class Wish(NamedTuple):
    """What is wanted of an archive.

    Attributes:
        unpack: All of it is wanted, where no member is named.
        decompress: It is one compressed file, whose content is wanted.
        symlinks: Make the symbolic links that stay inside.
    """

    unpack: bool = False
    decompress: bool = False
    symlinks: bool = False

    def making(self, name: str) -> str:
        """Return what tells the tree from others of the same archive.

        Args:
            name: The archive's file name.
        """
        if self.decompress:
            return f"decompressed, version {VERSION}, as {decompressed_name(name)}"
        return f"unpacked, version {VERSION}{', symlinks' if self.symlinks else ''}"


class Filling:
    """Makes trees as one wish has it.

    Args:
        wish: What is wanted.
        limits: How much an archive may bring.
        deadline: When it must be done.
        label: What a person would call the archive.
    """

    def __init__(self, wish: Wish, limits: Limits, deadline: Deadline, label: str) -> None:
        self._wish = wish
        self._limits = limits
        self._deadline = deadline
        self._label = label

    def fill(self, path: Path, name: str, root: str) -> Mapping[str, Planted]:
        """Unpack an archive, or decompress a file, into an empty directory.

        Args:
            path: The archive, verified.
            name: Its file name.
            root: The directory.

        Returns:
            What was made there, by path; read-only.

        Raises:
            ArchiveError: It is damaged, or nothing that can be unpacked.
            UnsafeArchiveError: It is refused.
            TransportTimeoutError: The deadline has passed.
            OSError: The disk refused.
        """
        guard = Guard(name, path.stat().st_size, self._limits, self._tick)
        if self._wish.decompress:
            one = decompress(path, root, decompressed_name(name), guard, read_only=True)
            return {one.path: one}
        return unpack(path, root, guard, links=self._wish.symlinks, read_only=True)

    def _tick(self, written: int) -> None:
        if self._deadline.left() <= 0:
            raise TransportTimeoutError(
                f"{self._label} was not unpacked within {self._deadline.seconds:g} seconds:"
                f" {written} bytes were written; allow more time with deadline"
            )


def limits_of(settings: Settings) -> Limits:
    """Return how much an archive may bring, as the user decided."""
    return Limits(
        max_bytes=settings.unpack_max_size,
        max_ratio=settings.unpack_max_ratio,
        max_members=settings.unpack_max_members,
    )
