"""The record beside a tree: what listings show of it.

A small JSON file, whose modification time is when the tree was last used; what is known of each thing in the
tree stands in its manifest.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Final

import attrs

from store import jsontext
from store.cache.layout import TREE_RECORD
from store.cache.records import digests_in, number_in, read_small
from store.files.atomic import write_bytes
from store.integrity.digest import Digest

log = logging.getLogger(__name__)

_VERSION: Final = 1


@attrs.define(kw_only=True)
class TreeRecord:
    """What is known of a tree as a whole.

    Attributes:
        digests: Those of the archive.
        archive: The archive's file name.
        archive_size: The archive's size in bytes.
        making: How it was unpacked.
        size: The bytes of all files in it.
        added: When it was made, in seconds since 1970 UTC.
        used: When it was last used, in seconds since 1970 UTC; lies in the file's time, not in it.
    """

    digests: frozenset[Digest]
    archive: str
    archive_size: int
    making: str
    size: int
    added: float
    used: float = attrs.field(default=0.0, eq=False)


def read_tree_record(entry: str) -> TreeRecord | None:
    """Read a tree's record; one that is missing or damaged is None, the latter logged."""
    found = read_small(f"{entry}/{TREE_RECORD}")
    if found is None:
        return None
    try:
        value = jsontext.loads(found[0])
        if value["v"] != _VERSION:
            return None
        return TreeRecord(
            digests=digests_in(value["digests"]),
            archive=text_in(value["archive"]),
            archive_size=number_in(value["archive_size"], int),
            making=text_in(value["making"]),
            size=number_in(value["size"], int),
            added=number_in(value["added"], int, float),
            used=found[1],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        log.warning("the record of %s is damaged", entry)
        return None


def write_tree_record(entry: str, record: TreeRecord) -> None:
    """Write a tree's record in one step.

    Raises:
        OSError: It cannot be written.
    """
    value = {
        "v": _VERSION,
        "digests": {one.algorithm: one.hex for one in sorted(record.digests)},
        "archive": record.archive,
        "archive_size": record.archive_size,
        "making": record.making,
        "size": record.size,
        "added": record.added,
    }
    write_bytes(f"{entry}/{TREE_RECORD}", json.dumps(value).encode())


def text_in(value: Any) -> str:  # noqa: ANN401 - whatever a file held
    """Return a text of JSON.

    Raises:
        ValueError: It is none.
    """
    if type(value) is not str:
        raise ValueError("text")
    return value
