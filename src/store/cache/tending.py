"""Says whether a tree is still what was unpacked."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Iterable, Mapping

import attrs

from store.cache.examining import examine, grain_of
from store.cache.manifests import Leaf, Manifest, identity_of
from store.clock import Clock
from store.files.unpacking.members import Planted
from store.integrity.stamp import Stamp
from store.machine import boot_id


class DamagedError(Exception):
    """Something in a tree is not what it was; it never leaves ``cache/``."""


def leaves_of(root: str, planted: Iterable[Planted]) -> dict[str, Leaf]:
    """Take note of what was just made, the directory that it lies in included.

    Args:
        root: That directory.
        planted: What was made in it, directories before what is in them.

    Raises:
        OSError: Something cannot be looked at.
    """
    leaves = {"": Leaf("", "directory", False, "", identity_of(os.lstat(root)))}
    for one in planted:
        identity = identity_of(os.lstat(f"{root}/{one.path}"))
        leaves[one.path] = Leaf(one.path, one.kind, one.executable, one.content, identity)
    return leaves


def youngest(leaves: Mapping[str, Leaf]) -> int:
    """Return when the last of these was changed, in nanoseconds since 1970 UTC."""
    return max(leaf.identity[4] for leaf in leaves.values())


def tended(
    root: str, manifest: Manifest, clock: Clock, *, hashing: bool, within: str = ""
) -> Manifest:
    """Look at a tree; whatever has another identity than it had is read again.

    Args:
        root: The tree.
        manifest: What is known of it.
        clock: The time.
        hashing: Read everything, whatever the identities say.
        within: Look only at what lies at or below this path, where identities may be believed.

    Returns:
        What is known of it now: the same manifest where nothing had moved.

    Raises:
        DamagedError: Something is missing, changed or added.
        OSError: Something cannot be read.
    """
    believed = not hashing and manifest.vouches(boot_id())
    if not believed:
        within = ""
    children = functools.cache(lambda: _children(manifest.leaves))
    below = f"{within}/"
    fresh: dict[str, Leaf] = {}
    steady = True
    for path, leaf in manifest.leaves.items():
        if within and path != within and not path.startswith(below):
            continue
        where = f"{root}/{path}" if path else root
        try:
            status = os.lstat(where)
            if believed and identity_of(status) == leaf.identity:
                continue
            names = children().get(path, frozenset()) if leaf.kind == "directory" else frozenset()
            fresh[path], firm = _checked(where, leaf, status, names, clock)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DamagedError(f"{path or 'it'} is gone") from error
        steady = steady and firm
    return _refreshed(manifest, fresh, steady=steady) if fresh else manifest


def relinked(root: str, manifest: Manifest) -> Manifest:
    """Take the new identities of files of which only link count and change time moved."""
    fresh = {}
    for path, leaf in manifest.leaves.items():
        if leaf.kind == "file":
            found = identity_of(os.lstat(f"{root}/{path}"))
            if found[:4] == leaf.identity[:4]:
                fresh[path] = leaf._replace(identity=found)
    return attrs.evolve(manifest, leaves={**manifest.leaves, **fresh})


def _checked(
    where: str, leaf: Leaf, status: os.stat_result, names: frozenset[str], clock: Clock
) -> tuple[Leaf, bool]:
    """Check one thing in full; return what is known of it, and whether a later change will show."""
    shown = leaf.path or "it"
    steady = not Stamp.of(status).racy(clock.file_time_ns(), grain_of(status.st_dev))
    if leaf.kind == "directory":
        if not stat.S_ISDIR(status.st_mode):
            raise DamagedError(f"{shown} is no directory")
        if names != set(os.listdir(where)):  # noqa: PTH208 - names, not paths
            raise DamagedError(f"{shown} does not hold what it held")
    elif leaf.kind == "link":
        if not stat.S_ISLNK(status.st_mode) or os.readlink(where) != leaf.content:  # noqa: PTH115 - text
            raise DamagedError(f"{shown} is another link")
    else:
        if bool(status.st_mode & stat.S_IXUSR) != leaf.executable:
            raise DamagedError(f"{shown} has another mode")
        if not stat.S_ISREG(status.st_mode):
            raise DamagedError(f"{shown} is no regular file")
        found = examine(where, ["sha256"], clock)
        if dict(found.digests)["sha256"] != leaf.content:
            raise DamagedError(f"the content of {shown} is not what it was")
        return leaf._replace(identity=found.stamp[1:]), found.steady
    return leaf._replace(identity=identity_of(status)), steady


def _refreshed(manifest: Manifest, fresh: Mapping[str, Leaf], *, steady: bool) -> Manifest:
    """Return what is known once some of it, or all, was checked in full."""
    old = manifest.leaves
    unmoved = all(leaf.identity == old[path].identity for path, leaf in fresh.items())
    only_links = all(leaf.identity[:4] == old[path].identity[:4] for path, leaf in fresh.items())
    # What was read and found right after another boot took over is on the disk itself.
    outlived = unmoved and manifest.boot != boot_id() != "" and len(fresh) == len(old)
    durable = outlived or (manifest.durable and only_links)
    return Manifest(boot=boot_id(), durable=durable, steady=steady, leaves={**old, **fresh})


def _children(leaves: Mapping[str, Leaf]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for path in leaves:
        if path:
            parent, _, name = path.rpartition("/")
            found.setdefault(parent, set()).add(name)
    return {path: frozenset(names) for path, names in found.items()}
