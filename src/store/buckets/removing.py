"""Removes local files that are in the bucket no more."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from store.buckets.moving import Moving
from store.buckets.plan import Plan, Step
from store.buckets.scanning import stamp_at
from store.errors import DriftError
from store.files.failures import storage_errors
from store.files.names import inside


def remove(moving: Moving, plan: Plan, doomed: Iterable[Step]) -> None:
    """Remove files that are what the plan saw, and directories that have become empty.

    Raises:
        DriftError: One is another by now; nothing was removed.
        UnsafeNameError: A link is in the way; nothing was removed.
        StorageError: One cannot be removed.
    """
    root = Path(plan.root)
    steps = [(step, inside(root, step.path)) for step in doomed]
    for step, path in steps:
        found = stamp_at(path)
        if found and found != step.stamp:
            raise DriftError(
                f"{path} was changed since it was looked at: nothing was removed; sync again",
                name=str(path),
            )
    for step, path in steps:
        with storage_errors(path), contextlib.suppress(FileNotFoundError):
            path.unlink()
        for parent in path.parents:
            if parent == root:
                break
            try:
                os.rmdir(parent)  # noqa: PTH106 - only an empty one goes
            except OSError:
                break
        moving.done(step)
