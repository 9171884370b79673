"""What readers of archives hand on, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

Data = bytes | memoryview
"""A piece of a member's content, good until the next one is asked for."""


class Member(NamedTuple):
    """One member, as the archive tells of it.

    Attributes:
        name: As the archive spells it; not checked yet.
        kind: What it is to become; ``copy`` is of an earlier file.
        target: What a link leads to, or the name of the file that is copied.
        executable: Whether its owner may run it.
        data: The content of a file, piece by piece, to be taken before the next member is asked for.
    """

    name: str
    kind: Literal["file", "directory", "link", "copy"]
    target: str = ""
    executable: bool = False
    data: Iterable[Data] = ()


class Planted(NamedTuple):
    """A file, directory or symbolic link that was made.

    Attributes:
        path: Where it lies, with ``/`` between components, below the directory that was chosen.
        kind: What it is.
        size: A file's size in bytes, else 0.
        content: A file's SHA-256 in hexadecimal, or what a link leads to, or an empty string.
        executable: Whether a file is for running.
    """

    path: str
    kind: Literal["file", "directory", "link"]
    size: int = 0
    content: str = ""
    executable: bool = False


class Thing(Protocol):
    """What others tell of something that was planted; see `Planted`."""

    @property
    def path(self) -> str:
        """Where it lies."""
        ...

    @property
    def kind(self) -> Literal["file", "directory", "link"]:
        """What it is."""
        ...

    @property
    def size(self) -> int:
        """A file's size in bytes, else 0."""
        ...

    @property
    def content(self) -> str:
        """A file's SHA-256, or what a link leads to."""
        ...

    @property
    def executable(self) -> bool:
        """Whether a file is for running."""
        ...
