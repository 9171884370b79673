"""Finds the entry points of plugins, and remembers what was found.

To look through all installed distributions takes some 35 ms, so the answer is kept in the user's cache
directory, in ``plugins-v1.json``, for the interpreter and the import path that it holds for. Installing or
removing a distribution changes the time of a directory on that path, and the answer is sought anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from store import jsontext
from store.clock import SYSTEM_CLOCK, Clock
from store.config.directories import cache_directory
from store.errors import StorageError
from store.files.atomic import write_bytes
from store.hooks import NAME
from store.plugins.brought import FOREIGN, Found

if TYPE_CHECKING:
    from importlib.metadata import Distribution

log = logging.getLogger(__name__)

GROUPS: Final = (NAME, *FOREIGN)
"""The groups that are looked for."""

_FILE: Final = "plugins-v1.json"
_KEPT: Final = 16
"""How many import paths are remembered."""
_METADATA: Final = (".dist-info", ".egg-info")
_RACY_NS: Final = 2_000_000_000
"""A directory changed so short a time ago, in nanoseconds, may change again under the same time."""


def find_entry_points(
    directory: str | Path | None = None, *, clock: Clock = SYSTEM_CLOCK
) -> tuple[Found, ...]:
    """Return the entry points of our groups, from memory where the import path is as it was.

    Args:
        directory: Where the answer is remembered; None takes the user's cache directory. One that
            cannot be written to costs a look through all distributions each time, and no error.
        clock: The time.
    """
    file = (cache_directory() if directory is None else Path(directory)) / _FILE
    path = _import_path()
    key = _key(path)
    known = _read(file)
    if key in known:
        with contextlib.suppress(TypeError):
            return tuple(Found(*row) for row in known[key])
    found = tuple(scan())
    latest = max((time for _, time in path), default=0)
    if clock.now_ns() - latest > _RACY_NS:
        known.pop(key, None)
        rows = {**known, key: [list(one) for one in found]}
        _write(file, dict(list(rows.items())[-_KEPT:]))
    return found


def scan() -> Iterator[Found]:
    """Look through all installed distributions; one that is damaged is passed over and logged.

    Where two on the import path have one name, the first counts, as it does for imports.
    """
    from importlib import metadata

    names = dict.fromkeys(filter(None, map(_name_if_ours, metadata.distributions())))
    for name in names:
        try:
            distribution = metadata.distribution(name)
            for one in distribution.entry_points:
                if one.group in GROUPS:
                    yield Found(one.group, one.name, one.value, name, distribution.version)
        except Exception:  # a stranger's files may be damaged in any way
            log.warning("the entry points of %s cannot be read", name, exc_info=True)


def _name_if_ours(distribution: Distribution) -> str | None:
    try:
        text = distribution.read_text("entry_points.txt")
        if text is None or not any(f"[{group}]" in text for group in GROUPS):
            return None
        return str(distribution.metadata["Name"])
    except Exception:  # a stranger's files may be damaged in any way
        log.warning("a damaged distribution is passed over", exc_info=True)
        return None


def _import_path() -> list[tuple[str, int]]:
    """Return each place that distributions lie in, with its time of change (0 where there is none).

    The working directory and a script's own change often, so of places that are not made for
    distributions each distribution is a place of its own.
    """
    places: list[tuple[str, int]] = []
    for entry in sys.path:
        path = os.path.abspath(entry)  # noqa: PTH100 - an empty entry is the working directory
        if path.endswith("-packages") or not os.path.isdir(path):  # noqa: PTH112 - thousands of entries
            places.append((path, _time_of_change(path)))
            continue
        places.append((path, 0))
        with contextlib.suppress(OSError):
            names = sorted(name for name in os.listdir(path) if name.endswith(_METADATA))  # noqa: PTH208
            inner = [f"{path}/{name}" for name in names]
            places += [(one, _time_of_change(one)) for one in inner]
    return places


def _time_of_change(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - thousands of entries
    except (OSError, ValueError):
        return 0


def _key(path: list[tuple[str, int]]) -> str:
    whole = json.dumps([sys.executable, sys.prefix, sys.version, path])
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _read(file: Path) -> dict[str, Any]:
    """Return what was remembered; nothing where it is damaged or another user could have written it.

    It decides which modules are imported, so it is believed only where it is ours alone.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor, not a path
            status = os.fstat(descriptor)
            others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or others:
                log.warning("%s is not used: it is not yours alone", file)
                return {}
            known = jsontext.loads(stream.read())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.debug("%s is not used: %s", file, error)
        return {}
    if not isinstance(known, dict) or not all(map(_well_formed, known.values())):
        log.debug("%s is not used: it is damaged", file)
        return {}
    return known


def _well_formed(rows: Any) -> bool:  # noqa: ANN401 - whatever the file held
    return isinstance(rows, list) and all(
        isinstance(row, list)
        and len(row) == len(Found._fields)
        and all(isinstance(text, str) for text in row)
        for row in rows
    )


def _write(file: Path, rows: dict[str, Any]) -> None:
    try:
        write_bytes(file, json.dumps(rows).encode(), mode=0o600)
    except StorageError as error:
        log.debug("the plugins that were found are not remembered: %s", error)
