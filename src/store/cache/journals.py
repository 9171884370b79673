"""Finds what was recorded of many files at once, in one file.

A journal holds the records, and the entries, of files that were taken in together; it is written once, in
one step, and never changed. Its first line says so; every other line has three fields, apart by tabs: where
the record would lie and where the entry would, both below the cache's directory (the latter may be empty),
and the JSON that would lie there. What lies in a file of its own counts more than a journal; what two
journals say, the younger says. `store.cache.spreading` makes files of their own of it all.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
from typing import Final

from store.cache.layout import Layout
from store.cache.quarantine import obstacle
from store.clock import SYSTEM_CLOCK

log = logging.getLogger(__name__)

HEADER: Final = "store journal 1"
"""The first line of a journal."""

SUFFIX: Final = ".journal"

LARGEST: Final = 1 << 24
"""The largest journal that is read, in bytes; one of ours has some hundred thousand."""

_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_NEW: Final = 0.001
"""How long what was read counts as new, in seconds: a look costs more than finding a line."""

Lines = dict[str, tuple[str, float]]
"""What journals say: the JSON of a path below the cache's directory, and when it was written."""


class Journals:
    """The journals of one cache, as this process has read them.

    Args:
        layout: Where the cache lies.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._start = len(layout.root) + 1
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._due = 0.0
        self._alone = False
        self._read: dict[str, Lines] = {}
        self._lines: Lines = {}

    def find(self, path: str) -> tuple[str, float] | None:
        """Return what would lie at a path, where nothing does, and since when, in seconds since 1970 UTC.

        What another process wrote shows after a millisecond, what this one did at once.

        Args:
            path: Of a record or an entry.
        """
        self._look()
        return self._lines.get(path[self._start :])

    def alone(self) -> bool:
        """Whether there are no records beside them, as long as all of a cache came many at once."""
        self._look()
        return self._alone

    def changed(self) -> None:
        """Look again when something is next to be found: a journal or record was written, or removed."""
        self._due = 0.0

    def names(self) -> list[str]:
        """Return the names of all journals, the oldest first."""
        directory = self._layout.journals
        if obstacle(self._layout, directory) is not None:
            return []
        try:
            return sorted(one for one in os.listdir(directory) if one.endswith(SUFFIX))  # noqa: PTH208 - names
        except OSError:
            return []

    def _look(self) -> None:
        """Look what has come and gone, at most once a millisecond."""
        now = SYSTEM_CLOCK.monotonic()
        if now >= self._due:
            self._alone = not os.path.lexists(self._layout.records)
            self._refresh()
            self._due = now + _NEW

    def _refresh(self) -> None:
        """Read what has come, and forget what has gone, where the directory says that anything has."""
        try:
            status = os.lstat(self._layout.journals[:-1])
        except OSError:
            self._seen, self._read, self._lines = None, {}, {}
            return
        seen = (status.st_ino, status.st_mtime_ns)
        if seen == self._seen:
            return
        with self._lock:
            self._read = {name: self._read.get(name) or self._said(name) for name in self.names()}
            self._lines = {
                path: one for lines in self._read.values() for path, one in lines.items()
            }
            self._seen = seen

    def _said(self, name: str) -> Lines:
        try:
            return read_journal(f"{self._layout.journals}{name}")
        except OSError as error:
            log.debug("the journal %s cannot be read: %s", name, error)
            return {}


def read_journal(path: str) -> Lines:
    """Read a journal; one that is damaged or no regular file says nothing.

    Raises:
        OSError: It is missing, or cannot be read.
    """
    found: Lines = {}
    descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace", newline="\n") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return {}
        text = file.read()
    header, *lines = text.split("\n")
    if header != HEADER:
        log.warning("the journal %s is damaged: what it told of is hashed before it is used", path)
        return {}
    for line in lines:
        record, _, rest = line.partition("\t")
        entry, _, said = rest.partition("\t")
        if said.startswith("{") and said.endswith("}"):
            found[record] = (said, status.st_mtime)
            if entry:
                found[entry] = (said, status.st_mtime)
    return found


_opened: Final[dict[str, Journals]] = {}


def journals_of(layout: Layout) -> Journals:
    """Return the journals of a cache: one a directory and process."""
    found = _opened.get(layout.root)
    return _opened.setdefault(layout.root, Journals(layout)) if found is None else found


def _forget() -> None:
    """Begin anew in a fork's child: another thread may have held a lock."""
    _opened.clear()


os.register_at_fork(after_in_child=_forget)
