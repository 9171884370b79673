"""Removes what killed processes of ours left unfinished."""

from __future__ import annotations

import os
from itertools import islice
from typing import Final

from store.files.atomic import discard
from store.files.names import PARTIAL_PREFIX
from store.files.unfinished import will_be_finished

MOST: Final = 10_000
"""How many names of a directory are looked at: some milliseconds' worth."""

_KEPT: Final = 1000
"""How many directories are remembered."""


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
                    if one.name.startswith(PARTIAL_PREFIX) and not will_be_finished(one.name)
                ]
        except OSError:
            return
        for path in left:
            discard(path)


SWEEPER: Final = Sweeper()
"""The sweeper of this process."""
