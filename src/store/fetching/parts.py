"""Finds a member in what was unpacked, and places it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from store.errors import ResourceNotFoundError
from store.files.names import safe_name
from store.files.unpacking.limits import Guard, Limits
from store.files.unpacking.links import EscapeError, checked_links, resolve
from store.files.unpacking.members import Planted, Thing
from store.files.unpacking.suffixes import stem_of

_LOOKED_THROUGH: Final = 2000
"""How many names are compared with one that is not there."""


class Part(NamedTuple):
    """What is wanted of a tree: all of it, a directory or a file.

    Attributes:
        path: Where it lies.
        name: What it is called where it is placed.
        size: The bytes of its files.
        planted: What is in it, where it is a directory; None for a file.
    """

    path: str
    name: str
    size: int
    planted: tuple[Thing, ...] | None


def part_of(root: str, planted: Mapping[str, Thing], member: str, archive: str) -> Part:
    """Return the part of a tree that a member's path names; links are followed inside the tree.

    Args:
        root: Where the tree lies.
        planted: What is in it, itself apart or under an empty path.
        member: The path; an empty text for all.
        archive: The archive's file name.

    Raises:
        ResourceNotFoundError: There is no such member.
    """
    links = {path: one.content for path, one in planted.items() if one.kind == "link"}
    kinds = {path: one.kind for path, one in planted.items()} if links else {}
    try:
        path = resolve(member, links, kinds) if links else member
    except EscapeError:
        path = "\0"  # nothing is called so
    if not path:
        name = safe_name(stem_of(archive))
        everything = tuple(one for one in planted.values() if one.path)
        return Part(root, name, _bytes(everything), everything)
    one = planted.get(path)
    if one is None:
        raise _missing(planted, member, archive)
    name = member.rpartition("/")[2]
    where = f"{root}/{path}"
    if one.kind != "directory":
        return Part(where, name, one.size, None)
    below = f"{path}/"
    inside = tuple(
        Planted(each.path.removeprefix(below), each.kind, each.size, each.content, each.executable)
        for each in planted.values()
        if each.path.startswith(below)
    )
    return Part(where, name, _bytes(inside), inside)


def place_part(part: Part, target: Path, *, link: bool, durable: bool) -> None:
    """Make a part of a tree appear at a path, whole or not at all.

    Args:
        part: What.
        target: Where.
        link: Make hard links where that is possible.
        durable: Return only when a power cut can no longer take it away.

    Raises:
        UnsafeArchiveError: It is a directory with a link to what is not in it.
        StorageError: It cannot be placed, or something else is in the way.
    """
    if part.planted is None:
        from store.files.placing import place

        place(part.path, target, link=link, durable=durable)
        return
    from store.files.placing_trees import place_tree

    links = {one.path: one.content for one in part.planted if one.kind == "link"}
    kinds = {one.path: one.kind for one in part.planted}
    checked_links(links, kinds, Guard(part.name, 0, Limits()))
    place_tree(part.path, part.planted, target, link=link, durable=durable)


def _bytes(planted: Iterable[Thing]) -> int:
    return sum(one.size for one in planted)


def _missing(planted: Mapping[str, Thing], member: str, archive: str) -> ResourceNotFoundError:
    """Return the error for a member that is not there, which names those that are nearly called so."""
    base = os.path.basename(member)  # noqa: PTH119 - text
    near = [path for path in planted if path.rpartition("/")[2] == base][:3]
    if not near:
        from difflib import get_close_matches
        from itertools import islice

        near = get_close_matches(member, list(islice(planted, _LOOKED_THROUGH)), n=3)
    hint = f": did you mean {' or '.join(near)}?" if near else ""
    return ResourceNotFoundError(f"{archive} has no member {member!r}{hint}", query=member)
