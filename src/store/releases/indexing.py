"""What the records of an archive say, kept beside them."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from store import jsontext
from store.files.appending import append
from store.files.atomic import write_bytes
from store.integrity.regular import read_regular
from store.releases.layout import OURS, record_name
from store.releases.values import Listed

log = logging.getLogger(__name__)

NAME: Final = f"{OURS}/index.jsonl"
"""Where it lies: a line of JSON a record, the newest line of a record counting."""

_FIELDS: Final = 7


class Index:
    """The index of one archive.

    A line holds for the very file that it was written of: name, size, time and inode are compared.

    Args:
        archive: The archive's directory.
    """

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._path = f"{archive}/{NAME}"

    def detailed(self, found: list[Listed], read: Callable[[Listed], Listed]) -> list[Listed]:
        """Return a listing with files, sizes and digests; only records that are not known are read.

        Args:
            found: The listing.
            read: Returns a line with what its record says.
        """
        known, lines = self._load()
        detailed, new = [], []
        for one in found:
            name = record_name(one.workspace, one.title, one.version)
            stamp = self._stamp(name)
            said = known.get(name)
            if said is None or stamp is None or said[:3] != stamp:
                filled = read(one)
                if stamp is not None and filled.digest is not None:
                    said = [*stamp, filled.files, filled.size, filled.digest]
                    known[name] = said
                    new.append([name, *said])
            else:
                filled = one._replace(files=said[3], size=said[4], digest=said[5])
            detailed.append(filled)
        if new:
            self._keep(known, new, lines + len(new))
        return detailed

    def _load(self) -> tuple[dict[str, list[Any]], int]:
        """Return what is known by the names of the records, and how many lines tell it."""
        try:
            text = read_regular(self._path)
        except (OSError, ValueError):
            return {}, 0
        lines = text.split(b"\n")[:-1]
        try:
            rows = jsontext.loads(b"[" + b",".join(lines) + b"]")
        except (ValueError, RecursionError):
            rows = [_row(line) for line in lines]
        known = {
            row[0]: row[1:]
            for row in rows
            if isinstance(row, list) and len(row) == _FIELDS and isinstance(row[0], str)
        }
        return known, len(lines)

    def _keep(self, known: dict[str, list[Any]], new: list[list[Any]], lines: int) -> None:
        """Add lines, or write all of them anew where many have been outdated."""
        try:
            Path(self._path).parent.mkdir(exist_ok=True)
            if lines > 2 * len(known) + 100:
                new = [[name, *said] for name, said in known.items()]
                write_bytes(self._path, _lines(new))
            else:
                append(self._path, _lines(new))
        except OSError as error:
            log.debug("%s: the index is not kept: %s", self._archive, error)

    def _stamp(self, name: str) -> list[int] | None:
        try:
            status = os.lstat(f"{self._archive}/{name}")
        except OSError:
            return None
        return [status.st_size, status.st_mtime_ns, status.st_ino]


def _lines(rows: list[list[Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _row(line: bytes) -> Any:  # noqa: ANN401 - whatever stands there
    try:
        return jsontext.loads(line)
    except (ValueError, RecursionError):
        return None
