"""Makes trees: one asker unpacks, and all of it appears at once."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from store.cache.content import Content
from store.cache.examining import grain_of, wait_out_the_grain
from store.cache.failures import cache_errors
from store.cache.flight import Waiting
from store.cache.manifests import (
    TREE,
    Leaf,
    Manifest,
    write_manifest,
)
from store.cache.quarantine import clear_way
from store.cache.tending import leaves_of, youngest
from store.cache.tree_records import TreeRecord, write_tree_record
from store.cache.trees import Tree, Trees
from store.files.atomic import make_directories
from store.files.syncing import sync_directory, sync_many
from store.files.unpacking.members import Planted
from store.integrity.digest import Digest, Digests
from store.integrity.stamp import LOCAL_GRAIN_NS
from store.machine import boot_id

_OCCUPIED: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})
"""What ``rename(2)`` says where something lies at a tree's place."""

Unpack = Callable[[str], Mapping[str, Planted]]
"""Fills an empty directory, and says what it made there."""


@attrs.frozen(kw_only=True)
class Seed:
    """What a tree grows from.

    Attributes:
        digest: What the archive is named by.
        digests: All that is known of it.
        name: Its file name, for listings.
        size: Its size in bytes.
        making: How it is unpacked: whatever makes another tree of it.
    """

    digest: Digest
    digests: Digests
    name: str
    size: int
    making: str


class Growing:
    """Makes the trees of a cache.

    Args:
        content: The files of the same cache.
        trees: Its trees.
    """

    def __init__(self, content: Content, trees: Trees) -> None:
        self._content = content
        self._trees = trees
        self._layout = content.layout
        self._clock = content.clock
        self._durable = content.durability == "full"

    def grow(
        self,
        seed: Seed,
        unpack: Unpack,
        *,
        waiting: Waiting | None = None,
        patience: float = math.inf,
    ) -> tuple[Tree, bool]:
        """Return the tree of an archive, made by one of many askers while the rest wait.

        Args:
            seed: What it grows from.
            unpack: Fills it.
            waiting: Is told whom is being waited for.
            patience: The most seconds to wait for another.

        Returns:
            The tree, and whether it was there.

        Raises:
            CacheError: It cannot be kept: no room, no permission.
            StoreError: What ``unpack`` raised.
        """
        entry = self._layout.tree(seed.digest, seed.making)
        flight = self._content.flight(
            f"tree {seed.digest} {seed.making}",
            waiting=waiting,
            ready=lambda: os.path.lexists(entry),
            patience=patience,
        )
        with flight:
            if os.path.lexists(entry):
                tree = self._trees.find((seed.digest,), seed.making)
                if tree is not None:
                    return tree, True
            return self._made(seed, unpack), False

    def _made(self, seed: Seed, unpack: Unpack) -> Tree:
        with self._content.workspace() as workspace, cache_errors(workspace):
            entry = f"{workspace}/entry"
            root = f"{entry}/{TREE}"
            for directory in (entry, root):
                os.mkdir(directory, 0o755)  # noqa: PTH102 - as those within are made
            planted = unpack(root)
            leaves = leaves_of(root, planted.values())
            record = TreeRecord(
                digests=frozenset(seed.digests),
                archive=seed.name,
                archive_size=seed.size,
                making=seed.making,
                size=sum(one.size for one in planted.values()),
                added=self._clock.now(),
            )
            manifest = self._settled(entry, record, leaves)
            tree = self._put(entry, Tree("", record, manifest), seed)
        self._content.note_use(tree.path)
        return tree

    def _settled(self, entry: str, record: TreeRecord, leaves: Mapping[str, Leaf]) -> Manifest:
        """Write down what is known of a new tree, make it last, and wait until its stamps can be trusted."""
        grain = grain_of(leaves[""].identity[0])
        manifest = Manifest(
            boot=boot_id(), durable=self._durable, steady=grain <= LOCAL_GRAIN_NS, leaves=leaves
        )
        write_tree_record(entry, record)
        write_manifest(entry, manifest)
        if self._durable:
            sync_many(_everything(entry, leaves))
        wait_out_the_grain(youngest(leaves), grain, self._clock)
        return manifest

    def _put(self, entry: str, tree: Tree, seed: Seed) -> Tree:
        """Move a new tree to its place, unless a whole one lies there by now."""
        target = self._layout.tree(seed.digest, seed.making)
        parent = os.path.dirname(target)  # noqa: PTH120 - text
        for last in (False, False, True):
            clear_way(self._layout, target, self._clock)
            make_directories(parent, durable=self._durable)
            try:
                Path(entry).rename(target)
                break
            except FileNotFoundError:  # a pruning took the empty directory away
                if last or not os.path.lexists(entry):
                    raise
            except OSError as error:
                if last or error.errno not in _OCCUPIED:
                    raise
                there = self._trees.standing(target)
                if there is not None:
                    return there
                self._trees.set_aside(target, "it cannot be checked")
        if self._durable:
            sync_directory(parent)
        return tree._replace(path=f"{target}/{TREE}")


def _everything(entry: str, leaves: Mapping[str, Leaf]) -> Iterator[str]:
    """Go through all files and directories of a new tree and beside it; a link is its directory's."""
    yield from (entry, *(f"{entry}/{one}" for one in os.listdir(entry)))  # noqa: PTH208 - names, not paths
    for leaf in leaves.values():
        if leaf.path and leaf.kind != "link":
            yield f"{entry}/{TREE}/{leaf.path}"
