"""Looks over a whole cache by records and stamps alone, on all cores."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from store import jsontext
from store.cache.layout import Layout
from store.cache.records import VERSION
from store.cache.shelves import tops_of
from store.cache.spreading import spread
from store.integrity.digest import SIZES, Digest
from store.machine import boot_id


class Survey(NamedTuple):
    """What a look over a cache has shown."""

    files: int
    """How many files are right by their stamps."""
    size: int
    """Their bytes."""
    doubtful: tuple[Digest, ...]
    """Under which digests anything else lies, or is missing."""


def survey(layout: Layout, *, jobs: int | None = None) -> Survey:
    """Compare the stamp of every owned file with the recorded one.

    Args:
        layout: Where the cache lies.
        jobs: How many processes look; None is one a core. A process that has threads looks alone: a
            fork would find their locks as they are.
    """
    spread(layout)
    todo = [(algorithm, top) for algorithm in SIZES for top in tops_of(layout, algorithm)]
    count = min(jobs or os.cpu_count() or 1, 8, len(todo) // 16)
    if count < 2 or threading.active_count() > 1 or not hasattr(os, "fork"):  # noqa: PLR2004 - two share
        return _looked(layout, todo)
    children = [_forked(layout, todo[number::count]) for number in range(1, count)]
    found = [_looked(layout, todo[::count])]
    for number, child in enumerate(children, 1):
        found.append(_gathered(child) or _looked(layout, todo[number::count]))
    return Survey(
        sum(one.files for one in found),
        sum(one.size for one in found),
        tuple(digest for one in found for digest in one.doubtful),
    )


def _looked(layout: Layout, todo: Iterable[tuple[str, str]]) -> Survey:
    files = size = 0
    doubtful: list[Digest] = []
    boot = boot_id()
    for algorithm, top in todo:
        held, known = f"{layout.content}{algorithm}/{top}/", f"{layout.records}{algorithm}/{top}/"
        numbers = {*_names(held), *(name.removesuffix(".json") for name in _names(known))}
        for number in numbers:
            if len(number) != 2 * SIZES[algorithm] or not number.startswith(top):
                continue
            seen = _seen(f"{held}{number}", f"{known}{number}.json", algorithm, number, boot)
            if seen is None:
                doubtful.append(Digest(algorithm, number))
            else:
                files, size = files + seen[0], size + seen[1]
    return Survey(files, size, tuple(doubtful))


def _seen(
    directory: str, record: str, algorithm: str, number: str, boot: str
) -> tuple[int, int] | None:
    """Return how many files lie under a digest and their bytes; None where one is not plainly right."""
    size = 0
    try:
        descriptor = os.open(record, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            data = jsontext.loads(os.read(descriptor, 1 << 16))
        finally:
            os.close(descriptor)
        files = data["files"]
        names = os.listdir(directory)  # noqa: PTH208 - text, for thousands of them
        if data["v"] != VERSION or data["digests"][algorithm] != number or len(names) != len(files):
            return None
        for name in names:
            known = files[name]
            status = os.lstat(f"{directory}/{name}")
            stamp = [
                status.st_dev,
                status.st_ino,
                status.st_size,
                status.st_mtime_ns,
                status.st_ctime_ns,
            ]
            lasting = known["durable"] is True or known["stamp"][0] == boot != ""
            if not lasting or known["stamp"][1:] != stamp:
                return None
            size += status.st_size
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return len(names), size


def _names(directory: str) -> Sequence[str]:
    try:
        return os.listdir(directory)  # noqa: PTH208 - text, for thousands of them
    except OSError:
        return ()


def _forked(layout: Layout, todo: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Look in a process of its own; return its number, and where it says what it saw."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    try:
        said = json.dumps(_looked(layout, todo)).encode()
        while said:
            said = said[os.write(writing, said) :]
    finally:
        os._exit(0)


def _gathered(child: tuple[int, int]) -> Survey | None:
    """Return what another process saw; None where it came to grief."""
    process, reading = child
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(process, 0)
    try:
        files, size, doubtful = jsontext.loads(text)
        return Survey(files, size, tuple(Digest(*one) for one in doubtful))
    except (ValueError, TypeError):
        return None
