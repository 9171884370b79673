"""Keeps what is known of items that came together, in one file.

A journal stands for the sidecars of a batch. It is written in one step, before the batch is committed, and
never changed. Each line has the item's key and version (``<key>-<version>``), a tab, and what its sidecar
would hold. A line counts only where the item's file lies in place and no sidecar does, so that it need not
be touched when an item is changed or removed; what two journals tell, the younger tells.
"""

from __future__ import annotations

import contextlib
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
from store.files.exclusive import create_whole
from store.files.failures import storage_errors
from store.files.small import write_small
from store.files.syncing import sync_many
from store.files.unfinished import partial_name
from store.registry.batches import Note
from store.registry.places import Places
from store.registry.sidecars import LARGEST, write_sidecar

log = logging.getLogger(__name__)

FEWEST: Final = 8
"""From how many items on a batch has a journal."""

_SPARSE: Final = 4
"""A journal of which less than one in so many lines counts is made sidecars of."""

_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NAME: Final = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_LINE: Final = re.compile(rb"([0-9a-f]{32,64})-([1-9][0-9]{0,9})\t")

Names = set[tuple[str, int]]
"""Keys and versions."""


class Line(NamedTuple):
    """Where a line lies: in which journal, from which byte on, and how many bytes of JSON it has."""

    journal: str
    start: int
    length: int


def write_notes(
    places: Places,
    notes: Mapping[tuple[str, int], Note | None],
    clock: Clock,
    *,
    durable: bool,
) -> str | None:
    """Write down what a batch noted: in one journal what has a file and no sidecar, the rest apart.

    Args:
        places: Where the registry lies.
        notes: What the sidecars are to hold, by key and version; what is None is passed over.
        clock: The time.
        durable: Whether directories that are made must survive a power cut.

    Returns:
        The path of the journal; None where there was too little for one.

    Raises:
        StorageError: Something cannot be written.
    """
    some = [(name, note) for name, note in notes.items() if note is not None]
    together = {
        name: note.text
        for name, note in some
        if note.has_file and not os.path.lexists(places.sidecar(*name))
    }
    if len(together) < FEWEST:
        together = {}
    for name, note in some:
        if name not in together:
            write_sidecar(places, *name, note.text, durable=durable)
    return _written(places, together, clock, durable=durable) if together else None


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
        with _opened(journal) as file:
            start = 0
            while data := file.readline(LARGEST):
                found = _LINE.match(data)
                if found is not None:
                    begin = found.end()
                    line = Line(journal, start + begin, len(data) - begin)
                    yield found[1].decode(), int(found[2]), line
                start += len(data)
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


def tidy(places: Places, *, dry_run: bool = False) -> int:
    """Remove the journals of which nothing counts any more; of one with little left, make sidecars.

    Args:
        places: Where the registry lies.
        dry_run: Only say how many would go.

    Returns:
        How many journals were removed.

    Raises:
        StorageError: A sidecar cannot be written; its journal stays.
    """
    removed = 0
    # Before the files: what comes later has files that are not seen here.
    seen = journals(places)
    bare = _without_sidecar(places) if seen else set()
    told: Names = set()
    for journal in reversed(seen):
        lines = {(key, version): line for key, version, line in lines_of(journal)}
        living = {name: line for name, line in lines.items() if name in bare and name not in told}
        told |= living.keys()
        if len(living) * _SPARSE >= len(lines) > 0 or not places.is_ours(journal):
            continue
        removed += 1
        if not dry_run:
            _spread(places, living)
            discard(journal)
    return removed


def _without_sidecar(places: Places) -> Names:
    files: Names = set()
    told: Names = set()
    for one in places.walk():
        (told if one.sidecar else files).add((one.key, one.version))
    return files - told


def _spread(places: Places, living: Mapping[tuple[str, int], Line]) -> None:
    """Give items the sidecars that their lines stood for, unless they have got one meanwhile."""
    made = []
    for (key, version), line in living.items():
        text = read_line(line)
        path = places.check(places.sidecar(key, version))
        if text is not None:
            with contextlib.suppress(FileExistsError):
                create_whole(path, text, via=places.writing, durable=False)
                made.append(path)
    sync_many(made)


def _written(
    places: Places, texts: Mapping[tuple[str, int], str], clock: Clock, *, durable: bool
) -> str:
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
