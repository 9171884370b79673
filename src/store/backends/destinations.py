"""The places that callers choose for files, beside the cache."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from store.errors import RefusedError


def claim(claims: dict[str, str] | None, target: Path, uid: str, label: str) -> None:
    """Take a path for a resource, where several are placed together.

    Args:
        claims: The uid that each path was given to so far; None where there are no others.
        target: The path.
        uid: Whose it is to be.
        label: What a person would call it.

    Raises:
        RefusedError: Another resource has it.
    """
    if claims is not None and claims.setdefault(str(target), uid) != uid:
        raise RefusedError(
            f"{target} was just given to another resource: fetch {label} into a directory of its own",
            limit="one resource a path",
        )


def refuse_inside(root: str | Path, directory: str) -> None:
    """Refuse a directory in the cache: what lies there is the cache's, to be moved and removed by it.

    Args:
        root: The cache's own directory.
        directory: Where something is wanted, both absolute.

    Raises:
        RefusedError: It lies there.
    """
    if f"{directory}/".startswith(f"{root}/"):
        raise RefusedError(
            f"{directory} lies in the cache, which owns what is there: choose another directory",
            limit="nothing of others in the cache",
        )


@contextlib.contextmanager
def leaving_no_directory(path: str) -> Iterator[None]:
    """Remove the directories that the block made for a file, where it did not bring the file there."""
    missing = [one for one in (Path(path), *Path(path).parents) if not one.exists()]
    try:
        yield
    finally:
        for one in missing:
            with contextlib.suppress(OSError):  # one that holds something stays
                one.rmdir()
