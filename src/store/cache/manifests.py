"""What is known of a tree: where it is from, and each thing in it.

Two JSON files beside the tree. ``record.json`` is small, for listings; its modification time is when the
tree was last used. ``manifest.json`` has a line for each file, directory and link.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import attrs

from store.cache.layout import TREE_RECORD
from store.cache.records import digests_in, number_in, read_plainly
from store.files.atomic import write_bytes
from store.integrity.digest import Digest

log = logging.getLogger(__name__)

MANIFEST: Final = "manifest.json"
"""What is known of each thing in a tree, beside it."""

TREE: Final = "tree"
"""The name of the directory that an archive was unpacked into."""

_VERSION: Final = 1

_LARGEST: Final = 1 << 30
"""The largest manifest that is read, in bytes; a thing in a tree takes some two hundred."""

_LARGEST_RECORD: Final = 1 << 20

_KINDS: Final = frozenset({"file", "directory", "link"})

Identity = tuple[int, int, int, int, int]
"""What stat says of a file that was fully checked: device, inode, size, mtime_ns, ctime_ns."""


class Leaf(NamedTuple):
    """A file, directory or link of a tree.

    Attributes:
        path: Below the tree, with ``/`` between components; the tree itself has an empty one.
        kind: What it is.
        executable: Whether a file is for running.
        content: A file's SHA-256 in hexadecimal, or what a link leads to.
        identity: Its identity when it was last checked.
    """

    path: str
    kind: Literal["file", "directory", "link"]
    executable: bool
    content: str
    identity: Identity


@attrs.frozen(kw_only=True)
class Manifest:
    """What is known of the things in a tree.

    Attributes:
        boot: The boot in which the identities were taken.
        durable: Whether a power cut can no longer have taken anything away.
        steady: Whether any later change will give another identity.
        leaves: The things in it by path, directories before what is in them.
    """

    boot: str
    durable: bool
    steady: bool
    leaves: Mapping[str, Leaf]

    def vouches(self, boot: str) -> bool:
        """Whether identities may be believed in this boot."""
        return self.steady and (self.durable or self.boot == boot != "")


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


def read_manifest(entry: str) -> Manifest | None:
    """Read a tree's manifest; one that is missing or damaged is None, the latter logged."""
    found = read_plainly(f"{entry}/{MANIFEST}", _LARGEST)
    if found is None:
        return None
    try:
        value = json.loads(found[0])
        if value["v"] != _VERSION:
            return None
        return Manifest(
            boot=_text(value["boot"]),
            durable=value["durable"] is True,
            steady=value["steady"] is True,
            leaves=_leaves(value["leaves"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        log.warning("the manifest of %s is damaged", entry)
        return None


def write_manifest(entry: str, manifest: Manifest) -> None:
    """Write a tree's manifest in one step.

    Raises:
        OSError: It cannot be written.
    """
    value = {
        "v": _VERSION,
        "boot": manifest.boot,
        "durable": manifest.durable,
        "steady": manifest.steady,
        "leaves": list(manifest.leaves.values()),
    }
    write_bytes(f"{entry}/{MANIFEST}", json.dumps(value, separators=(",", ":")).encode())


def read_tree_record(entry: str) -> TreeRecord | None:
    """Read a tree's record; one that is missing or damaged is None, the latter logged."""
    found = read_plainly(f"{entry}/{TREE_RECORD}", _LARGEST_RECORD)
    if found is None:
        return None
    try:
        value = json.loads(found[0])
        if value["v"] != _VERSION:
            return None
        return TreeRecord(
            digests=digests_in(value["digests"]),
            archive=_text(value["archive"]),
            archive_size=number_in(value["archive_size"], int),
            making=_text(value["making"]),
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


def _leaf(value: Any) -> Leaf:  # noqa: ANN401 - whatever a file held
    path, kind, executable, content, identity = value
    if (
        type(path) is not str
        or kind not in _KINDS
        or type(executable) is not bool
        or type(content) is not str
        or len(identity) != 5  # noqa: PLR2004 - the fields of an identity
        or not all(type(one) is int for one in identity)
    ):
        raise ValueError("leaf")
    return Leaf(path, kind, executable, content, tuple(identity))


def _leaves(values: Any) -> Mapping[str, Leaf]:  # noqa: ANN401 - whatever a file held
    """Return what a manifest lists, made sure to be plain paths that lie in directories of the tree."""
    leaves = {leaf.path: leaf for leaf in map(_leaf, values)}
    for path in leaves.keys() - {""}:
        parent, _, last = path.rpartition("/")
        plain = not path.startswith("/") and last not in {"", ".", ".."} and "\0" not in last
        if not plain or leaves[parent].kind != "directory":
            raise ValueError("path")
    if leaves[""].kind != "directory":
        raise ValueError("top")
    return leaves


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a file held
    if type(value) is not str:
        raise ValueError("text")
    return value
