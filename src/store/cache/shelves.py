"""Walks through what lies in a cache, whatever records say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

import attrs

from store.cache.layout import Layout
from store.cache.quarantine import obstacle
from store.cache.records import Record, read_record
from store.cache.spreading import spread
from store.errors import CacheError
from store.files.names import PARTIAL_PREFIX
from store.integrity.digest import SIZES, Digest

_HEX: Final = re.compile("[0-9a-f]+")


@attrs.define
class Shelf:
    """What lies under one digest.

    Attributes:
        digest: What the files are named by.
        files: What lstat says of each, by name; whatever kind of file it is.
        record: What is known of them, or None.
    """

    digest: Digest
    files: dict[str, os.stat_result]
    record: Record | None


def shelves(layout: Layout) -> Iterator[Shelf]:
    """Go through all digests that have a directory or a record; links are not followed.

    Raises:
        CacheError: A directory cannot be read, so that nobody knows what lies there.
    """
    spread(layout)
    for algorithm, size in SIZES.items():
        content, records = f"{layout.content}{algorithm}", f"{layout.records}{algorithm}"
        for top in tops_of(layout, algorithm):
            held = set(_directories(layout, f"{content}/{top}", 2 * size))
            known = {
                name.removesuffix(".json")
                for name in _listed(layout, f"{records}/{top}")
                if len(name) == 2 * size + len(".json") and name.endswith(".json")
            }
            for number in sorted(held | known):
                if number.startswith(top) and _HEX.fullmatch(number):
                    yield shelf_of(layout, Digest(algorithm, number))


def shelf_of(layout: Layout, digest: Digest) -> Shelf:
    """Return what lies under one digest.

    Raises:
        CacheError: Its directory cannot be read.
    """
    record = read_record(layout, digest)
    return Shelf(digest, _files(layout, layout.directory(digest)), record)


def tops_of(layout: Layout, algorithm: str) -> list[str]:
    """Return the first two digits of all digests of an algorithm that have a directory or a record.

    Raises:
        CacheError: A directory cannot be read.
    """
    content, records = f"{layout.content}{algorithm}", f"{layout.records}{algorithm}"
    return sorted({*_directories(layout, content, 2), *_directories(layout, records, 2)})


def tree_entries(layout: Layout) -> Iterator[tuple[Digest, str]]:
    """Go through the directories that trees lie in, with their archives' digests; links are not followed."""
    for algorithm, size in SIZES.items():
        above = f"{layout.trees}{algorithm}"
        for top in sorted(_directories(layout, above, 2)):
            for name in sorted(_listed(layout, f"{above}/{top}")):
                path = f"{above}/{top}/{name}"
                number = name[: 2 * size]
                if layout.tree_of(path) == path and _HEX.fullmatch(number):
                    yield Digest(algorithm, number), path


def _directories(layout: Layout, directory: str, length: int) -> Iterator[str]:
    """Go through the directories, links excepted, whose names are so many hexadecimal digits."""
    if obstacle(layout, f"{directory}/"):
        return
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                fits = len(entry.name) == length and _HEX.fullmatch(entry.name)
                if fits and entry.is_dir(follow_symlinks=False):
                    yield entry.name
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _unread(directory, error) from error


def _listed(layout: Layout, directory: str) -> list[str]:
    try:
        return [] if obstacle(layout, f"{directory}/") else os.listdir(directory)  # noqa: PTH208 - names
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unread(directory, error) from error


def _unread(directory: str, error: OSError) -> CacheError:
    """Return the error for a directory that is there and cannot be read: it is not the same as empty."""
    mapped = CacheError(
        f"{directory}: {error.strerror}: what lies there is not known; allow it to be read, or name another"
        " cache directory",
        path=directory,
    )
    mapped.errno, mapped.strerror, mapped.filename = error.errno, error.strerror, directory
    return mapped


def _files(layout: Layout, directory: str) -> dict[str, os.stat_result]:
    found = {}
    for name in _listed(layout, directory):
        if name.startswith(PARTIAL_PREFIX):
            continue
        try:
            found[name] = os.lstat(f"{directory}/{name}")
        except OSError:
            continue
    return found
