"""Follows symbolic links in thought, before they are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from store.files.names import unsafe_component
from store.files.unpacking.limits import Guard

_MOST_HOPS: Final = 40
"""How many links may be followed for one path, as ``path_resolution(7)`` has it."""

_MOST_STEPS: Final = 1000
"""How many components may be gone through for one path."""

_LONGEST_TARGET: Final = 1024
"""The longest target of a link, in bytes."""


class EscapeError(Exception):
    """A path leads out of the tree, or round in circles; it never leaves ``files/unpacking``."""


def checked_links(
    targets: Mapping[str, str], kinds: Mapping[str, str], guard: Guard
) -> Mapping[str, str]:
    """Return the links, made sure to stay inside the tree whichever links they lead through.

    Args:
        targets: What each link leads to, by its path.
        kinds: What else the tree has, by path.
        guard: Makes the errors.

    Raises:
        UnsafeArchiveError: A target is absolute, leads out of the tree, in circles, or below a file.
    """
    for path, target in targets.items():
        try:
            guard.tick()
            _check(target)
            resolve(path, targets, kinds)
        except EscapeError as error:
            raise guard.unsafe(
                f"it is a symbolic link to {target[:200]!r}: {error}",
                "links that stay inside",
                path,
            ) from None
    return targets


def _check(target: str) -> None:
    if len(target.encode(errors="surrogatepass")) > _LONGEST_TARGET:
        raise EscapeError("it is too long")
    parts = target.split("/")
    if parts[0] == "" or any(
        unsafe_component(part) for part in parts if part not in {"", ".", ".."}
    ):
        raise EscapeError("it is no plain relative path")


def resolve(path: str, targets: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    """Return the path without links that a path of the tree leads to; it need not exist.

    Args:
        path: With ``/`` between its components, from the top of the tree.
        targets: What each link leads to, by its path.
        kinds: What else the tree has, by path.

    Raises:
        EscapeError: It leads out of the tree, in circles, or through what is no directory.
    """
    left = path.split("/")[::-1]
    here: list[str] = []
    hops = steps = 0
    while left:
        part = left.pop()
        steps += 1
        if steps > _MOST_STEPS:
            raise EscapeError("it leads too far")
        if part in {"", "."}:
            continue
        if part == "..":
            if not here:
                raise EscapeError("it leads out of the archive")
            here.pop()
            continue
        here.append(part)
        current = "/".join(here)
        target = targets.get(current)
        if target is not None:
            hops += 1
            if hops > _MOST_HOPS:
                raise EscapeError("it leads round in circles")
            here.pop()
            left += target.split("/")[::-1]
        elif left and kinds.get(current, "directory") != "directory":
            raise EscapeError("it leads below a file")
    return "/".join(here)
