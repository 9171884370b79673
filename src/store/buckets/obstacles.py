"""Refuses a download where something lies that it does not replace."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from store.buckets.keys import directories_of
from store.buckets.plan import Step
from store.buckets.planning import going
from store.buckets.scanning import Scan
from store.files.failures import storage_failure
from store.files.names import inside
from store.files.regular import refuse_to_replace


def check_free(root: str, steps: Sequence[Step], found: Scan) -> None:
    """Refuse where what stays, and no download replaces, lies where a file or a directory is to be.

    Raises:
        UnsafeNameError: It is a link.
        RefusedError: It is a device or a FIFO, where a file is to be.
        StorageError: It is a directory, or none where one is to be; its ``path`` is what is in the way.
    """
    gone = going(steps)
    staying = {*found.seen, *found.odd} - gone
    emptied = directories_of(gone)
    lasting = [room for room in found.rooms if room not in emptied]
    directories = {*directories_of([*staying, *lasting]), *lasting}
    odd = set(found.odd)
    for step in steps:
        if step.action not in {"download", "duplicate"} or step.there:
            continue
        parent = step.path.rpartition("/")[0]
        while parent:
            if parent in staying:
                inside(root, parent)
                raise storage_failure(errno.ENOTDIR, Path(root, parent))
            parent = parent.rpartition("/")[0]
        if step.path in odd:
            refuse_to_replace(inside(root, step.path))
        if step.path in directories:
            raise storage_failure(errno.EISDIR, Path(root, step.path))
