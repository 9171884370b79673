"""The manifest beside a tree: what is known of each thing in it."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import attrs

from store import jsontext
from store.cache.records import read_small
from store.cache.tree_records import text_in
from store.files.atomic import write_bytes

log = logging.getLogger(__name__)

MANIFEST: Final = "manifest.json"
"""What is known of each thing in a tree, beside it."""

TREE: Final = "tree"
"""The name of the directory that an archive was unpacked into."""

_VERSION: Final = 1

_LARGEST: Final = 1 << 30
"""The largest manifest that is read, in bytes; a thing in a tree takes some two hundred."""

_KINDS: Final = frozenset({"file", "directory", "link"})

_KEPT: Final = 16
"""How many manifests are kept in memory."""

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

    @property
    def size(self) -> int:
        """A file's size in bytes, else 0."""
        return self.identity[2] if self.kind == "file" else 0


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


_read: dict[str, tuple[Identity, Manifest]] = {}


def read_manifest(entry: str) -> Manifest | None:
    """Read a tree's manifest; one that is missing or damaged is None, the latter logged.

    Some that were read before are kept in memory for as long as the file is the same. That costs no
    trust: what a manifest says of a tree is held against the tree.
    """
    path = f"{entry}/{MANIFEST}"
    try:
        mark = identity_of(os.lstat(path))
    except OSError:
        return None
    known = _read.get(entry)
    if known is not None and known[0] == mark:
        return known[1]
    found = read_small(path, _LARGEST)
    manifest = None if found is None else _parsed(found[0])
    if manifest is None:
        log.warning("the manifest of %s is damaged", entry)
        return None
    if len(_read) >= _KEPT:
        _read.clear()
    _read[entry] = (mark, manifest)
    return manifest


def identity_of(status: os.stat_result) -> Identity:
    """Return what stat says of a file that changes with any change of it."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _parsed(data: bytes) -> Manifest | None:
    try:
        value = jsontext.loads(data)
        if value["v"] != _VERSION:
            return None
        return Manifest(
            boot=text_in(value["boot"]),
            durable=value["durable"] is True,
            steady=value["steady"] is True,
            leaves=_leaves(value["leaves"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
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
