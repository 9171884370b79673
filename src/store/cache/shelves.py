"""Walks through what a cache holds, by what lies there and not by what records say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

import attrs

from store.cache.layout import Layout
from store.cache.records import Record, read_record
from store.files.atomic import PARTIAL_PREFIX
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
    """Go through all digests that have a directory or a record; links are not followed."""
    for algorithm, size in SIZES.items():
        for top in sorted(
            {*_names(layout.content + algorithm, 2), *_names(layout.records + algorithm, 2)}
        ):
            held = {*_names(f"{layout.content}{algorithm}/{top}", 2 * size)}
            known = {
                name.removesuffix(".json")
                for name in _listed(f"{layout.records}{algorithm}/{top}")
                if len(name) == 2 * size + len(".json") and name.endswith(".json")
            }
            for number in sorted(held | known):
                if number.startswith(top) and _HEX.fullmatch(number):
                    digest = Digest(algorithm, number)
                    record = read_record(layout.record(digest)) if number in known else None
                    yield Shelf(
                        digest, _files(layout.directory(digest)) if number in held else {}, record
                    )


def _names(directory: str, length: int) -> list[str]:
    return [name for name in _listed(directory) if len(name) == length and _HEX.fullmatch(name)]


def _listed(directory: str) -> list[str]:
    if os.path.islink(directory):  # noqa: PTH114 - text, for thousands of them
        return []
    try:
        return os.listdir(directory)  # noqa: PTH208 - names, for thousands of them
    except OSError:
        return []


def _files(directory: str) -> dict[str, os.stat_result]:
    found = {}
    for name in _listed(directory):
        if name.startswith(PARTIAL_PREFIX):
            continue
        try:
            found[name] = os.lstat(f"{directory}/{name}")
        except OSError:
            continue
    return found
