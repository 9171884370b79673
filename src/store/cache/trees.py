"""The trees a cache owns: what archives were unpacked into, each whole.

On disk, below the cache's directory::

    trees/v1/<algorithm>/<2 hex>/<hex>-<how it was made>/tree/      what was in the archive, read-only
    …                                                   /manifest.json   each thing in it
    …                                                   /record.json     the whole; its mtime is the last use

The digest is the archive's. All of it appears by one rename: see `cache.growing`.
"""

from __future__ import annotations

import logging
import os
from typing import NamedTuple

from store.cache.content import Content
from store.cache.examining import wait_out_the_grain
from store.cache.holding import Verdict
from store.cache.manifests import (
    TREE,
    Manifest,
    read_manifest,
    write_manifest,
)
from store.cache.quarantine import obstacle, set_aside
from store.cache.tending import DamagedError, relinked, tended, youngest
from store.cache.tree_records import TreeRecord, read_tree_record
from store.integrity.digest import Digests
from store.integrity.stamp import LOCAL_GRAIN_NS

log = logging.getLogger(__name__)


class Tree(NamedTuple):
    """A tree that is whole, looked at just now.

    Attributes:
        path: The directory that the archive was unpacked into.
        record: What is known of it as a whole.
        manifest: What is known of each thing in it.
    """

    path: str
    record: TreeRecord
    manifest: Manifest


class Trees:
    """The trees of a cache.

    Args:
        content: The files of the same cache.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._layout = content.layout
        self._clock = content.clock

    def find(self, digests: Digests, making: str, *, within: str = "") -> Tree | None:
        """Return a tree that was made of an archive which has all of these digests.

        It costs a stat for each thing in it, or as the cache's ``verify`` says. A tree in which anything
        was changed, is missing or was added goes to quarantine. Counts as a use.

        Args:
            digests: At least one that is not weak.
            making: How it was made.
            within: Look only at what lies at or below this path of the tree, if that will do.
        """
        for digest in digests:
            if digest.weak:
                continue
            entry = self._layout.tree(digest, making)
            tree = self.standing(entry, within=within, hashing=self._content.verify == "always")
            if tree is None or not tree.record.digests.issuperset(digests):
                continue
            self._content.note_use(tree.path)
            if os.path.lexists(tree.path):  # not pruned while the use was not yet marked
                return tree
        return None

    def linked(self, tree: Tree) -> None:
        """Take the new identities of files that were just hard-linked elsewhere: no hash is needed."""
        entry = os.path.dirname(tree.path)  # noqa: PTH120 - text
        try:
            manifest = relinked(tree.path, tree.manifest)
            wait_out_the_grain(youngest(manifest.leaves), LOCAL_GRAIN_NS, self._clock)
            write_manifest(entry, manifest)
        except OSError as error:
            log.debug("the new stamps of %s are not recorded: %s", tree.path, error)

    def examine(self, path: str, *, quick: bool = False) -> Verdict:
        """Hold a tree against its manifest; what is damaged is set aside. It is no use of it.

        Args:
            path: The tree.
            quick: Read only what has another stamp than it had.
        """
        entry = self._layout.tree_of(path)
        if entry is None or not os.path.lexists(entry):
            return Verdict("missing", "it is gone")
        try:
            self._tended(entry, within="", hashing=not quick)
        except DamagedError as error:
            self.set_aside(entry, str(error))
            return Verdict("damaged", str(error))
        except OSError as error:
            return Verdict("unread", str(error))
        return Verdict("ok")

    def standing(self, entry: str, *, within: str = "", hashing: bool = False) -> Tree | None:
        """Return the tree of a directory of ours; what is damaged is set aside. It is no use of it.

        Args:
            entry: The directory that tree, manifest and record lie in.
            within: See `find`.
            hashing: Read everything, whatever the stamps say.
        """
        if not os.path.lexists(entry):
            return None
        try:
            return self._tended(entry, within=within, hashing=hashing)
        except DamagedError as error:
            self.set_aside(entry, str(error))
        except OSError as error:
            log.warning("%s cannot be checked: %s", entry, error)
        return None

    def _tended(self, entry: str, *, within: str, hashing: bool) -> Tree:
        """Look at a tree, and write down what is known now.

        Raises:
            DamagedError: It is not what it was.
            OSError: It cannot be read.
        """
        path = f"{entry}/{TREE}"
        blocked = obstacle(self._layout, f"{path}/")
        record, manifest = read_tree_record(entry), read_manifest(entry)
        if blocked is not None or record is None or manifest is None:
            raise DamagedError("its manifest is gone or damaged")
        if self._content.verify == "never" and not hashing:
            return Tree(path, record, manifest)
        if any(leaf.kind == "link" for leaf in manifest.leaves.values()):
            within = ""  # a link may lead anywhere in the tree
        fresh = tended(path, manifest, self._clock, hashing=hashing, within=within)
        if fresh is not manifest:
            try:
                write_manifest(entry, fresh)
            except OSError as error:
                log.debug("the new stamps of %s are not recorded: %s", path, error)
        return Tree(path, record, fresh)

    def set_aside(self, entry: str, reason: str) -> None:
        """Move a tree, with all that lies beside it, to quarantine."""
        set_aside(self._layout, obstacle(self._layout, entry) or entry, reason, self._clock)
