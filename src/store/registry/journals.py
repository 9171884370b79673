"""Keeps what is known of items that came together, in one file.

A journal stands for the sidecars of a batch. It is written in one step, before the batch is committed, and
never changed. Each line has the item's key and version (``<key>-<version>``), a tab, and what its sidecar
would hold. A line counts only where the item's file lies in place and no sidecar does, so that it need not
be touched when an item is changed or removed; what two journals tell, the younger tells.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final, NamedTuple

from store.clock import Clock
from store.errors import StorageError
from store.files.atomic import discard, make_directories, rename
from store.files.failures import storage_errors
from store.files.small import write_small
from store.files.unfinished import partial_name
from store.registry.batches import Note
from store.registry.places import Places
from store.registry.sidecars import LARGEST

log = logging.getLogger(__name__)

FEWEST: Final = 8
"""From how many items on a batch has a journal."""

_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NAME: Final = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_LINE: Final = re.compile(rb"([0-9a-f]{32,64})-([1-9][0-9]{0,9})\t")


class Line(NamedTuple):
    """Where a line lies: in which journal, from which byte on, and how many bytes of JSON it has."""

    journal: str
    start: int
    length: int


def fit_for_journal(
    places: Places, notes: Mapping[tuple[str, int], Note | None]
) -> dict[tuple[str, int], str]:
    """Return what of a batch's notes one journal may tell: of what has a file, and no sidecar.

    Args:
        places: Where the registry lies.
        notes: What the sidecars are to hold, by key and version; what is None is passed over.

    Returns:
        The JSON by key and version; nothing where that is too little for a journal.
    """
    found = {
        name: note.text
        for name, note in notes.items()
        if note is not None and note.has_file and not os.path.lexists(places.sidecar(*name))
    }
    return found if len(found) >= FEWEST else {}


def write_journal(
    places: Places, texts: Mapping[tuple[str, int], str], clock: Clock, *, durable: bool
) -> str:
    """Write a journal, and return its path.

    Args:
        places: Where the registry lies.
        texts: What the sidecars would hold, by key and version.
        clock: The time.
        durable: Whether the directory, where it is new, must survive a power cut.

    Raises:
        StorageError: It cannot be written; nothing of it is left.
    """
    directory, via = places.journals, places.writing
    places.make_writing()
    make_directories(directory, durable=durable)
    path = places.check(f"{directory}/{_after(journals(places), clock)}-{secrets.token_hex(4)}")
    temporary = f"{via}/{partial_name()}"
    data = "".join(f"{key}-{version}\t{text}\n" for (key, version), text in texts.items())
    try:
        with storage_errors(path):
            write_small(temporary, data.encode())
        rename(temporary, path)
    except StorageError:
        discard(temporary)
        raise
    return path


def journals(places: Places) -> list[str]:
    """Return the paths of all journals, the oldest first."""
    directory = places.journals
    if not places.is_ours(f"{directory}/"):
        return []
    try:
        names = sorted(filter(_NAME.fullmatch, os.listdir(directory)))  # noqa: PTH208 - text
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [f"{directory}/{name}" for name in names]


def lines_of(journal: str) -> Iterator[tuple[str, int, Line]]:
    """Go through the lines of a journal as (key, version, where); what is damaged is passed over."""
    try:
        yield from checked_lines_of(journal)
    except OSError as error:
        log.warning("the journal %s cannot be read, and is passed over: %s", journal, error)


def read_line(line: Line) -> bytes | None:
    """Return the JSON of a line; None where its journal is gone."""
    try:
        with _opened(line.journal) as file:
            file.seek(line.start)
            return file.read(line.length)
    except OSError:
        return None


def checked_lines_of(journal: str) -> Iterator[tuple[str, int, Line]]:
    """Go through the lines of a journal: see `lines_of`.

    Raises:
        OSError: It is missing, no regular file, or cannot be read.
    """
    with _opened(journal) as file:
        start = 0
        while data := file.readline(LARGEST):
            found = _LINE.match(data)
            if found is not None:
                begin = found.end()
                line = Line(journal, start + begin, len(data) - begin)
                yield found[1].decode(), int(found[2]), line
            start += len(data)


def _after(there: list[str], clock: Clock) -> str:
    """Return how the name of a journal begins that is younger than those that are there."""
    newest = os.path.basename(there[-1])[:20] if there else "0"  # noqa: PTH119 - text
    return f"{max(clock.now_ns(), int(newest) + 1):020d}"


def _opened(journal: str) -> IO[bytes]:
    """Open a journal for reading.

    Raises:
        OSError: It is missing, no regular file, or cannot be read.
    """
    descriptor = os.open(journal, _OPEN)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(f"{Path(journal).name} is no regular file")
