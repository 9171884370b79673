"""Removes what processes of ours left unfinished for good."""

from __future__ import annotations

import os
from itertools import islice
from typing import Final

from store.clock import SYSTEM_CLOCK
from store.files.atomic import discard
from store.files.names import PART_PREFIX
from store.files.unfinished import is_ours, will_be_finished

MOST: Final = 10_000
"""How many names of a directory are looked at: some milliseconds' worth."""

FORGOTTEN: Final = 7 * 86400.0
"""How long what came of a large body is kept to be gone on with, in seconds: a week."""

_KEPT: Final = 1000
"""How many directories are remembered."""


def _is_forgotten(entry: os.DirEntry[str]) -> bool:
    """Whether something keeps a part that nobody has gone on with for long: its object may be gone."""
    if not entry.name.startswith(PART_PREFIX):
        return False
    if not entry.is_dir(follow_symlinks=False):
        return False
    times = [entry.stat(follow_symlinks=False).st_mtime]
    with os.scandir(entry.path) as kept:  # who goes on writes into what is there
        times += [one.stat(follow_symlinks=False).st_mtime for one in kept]
    return SYSTEM_CLOCK.now() - max(times) > FORGOTTEN


class Sweeper:
    """Goes through directories that users chose, each once; the cache's own are swept by `cache.pruning`."""

    def __init__(self) -> None:
        self._swept: set[str] = set()

    def sweep(self, directory: str) -> None:
        """Remove it, once a process and directory; never anything else, and never an error.

        A directory of more than `MOST` names is not looked through to its end: that would cost more than
        it is worth.
        """
        if directory in self._swept:
            return
        if len(self._swept) >= _KEPT:
            self._swept.clear()
        self._swept.add(directory)
        try:
            with os.scandir(directory) as entries:
                left = [
                    one.path
                    for one in islice(entries, MOST)
                    if is_ours(one.name) and (not will_be_finished(one.name) or _is_forgotten(one))
                ]
        except OSError:
            return
        for path in left:
            discard(path)


SWEEPER: Final = Sweeper()
"""The sweeper of this process."""
