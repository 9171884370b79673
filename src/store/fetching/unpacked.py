"""Gives what is in an archive: all of it, or one member."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from store.backends.destinations import claim, leaving_no_directory, refuse_inside
from store.backends.failures import tell_past_the_cache
from store.backends.placing import Delivery
from store.backends.resources import digests_of, filename_of, size_of, uid_of
from store.backends.telling import (
    label_of,
    tell_bypassed,
    tell_cached,
    tell_hit,
    tell_unpacked,
    waiting_for,
)
from store.cache.content import Content
from store.cache.growing import Growing, Seed
from store.cache.trees import Tree, Trees
from store.config.model import Settings
from store.errors import QueryError, StorageError
from store.fetching.asking import Answer
from store.fetching.parts import Part, part_of, place_part
from store.fetching.results import Result
from store.fetching.wishes import Filling, Wish, limits_of
from store.files.atomic import private_directory
from store.files.failures import storage_errors
from store.files.names import safe_name
from store.files.unpacking.members import Thing
from store.integrity.digest import digests_from
from store.transports.base import TransferOptions
from store.transports.deadlines import current

log = logging.getLogger(__name__)

Bring = Callable[[Delivery | None], Result]
"""Fetches the archive itself, verified."""


class Unpacking:
    """Unpacks one archive, or finds what it was unpacked into.

    Args:
        answer: What the locator stands for.
        wish: What is wanted of it; None for the member alone.
        content: The cache's files.
        settings: What the user decided.
        options: The time, and who is told.

    Raises:
        QueryError: The wish contradicts itself or the locator.
    """

    def __init__(
        self,
        answer: Answer,
        wish: Wish | None,
        *,
        content: Content,
        settings: Settings,
        options: TransferOptions,
    ) -> None:
        wish = wish or Wish()
        self._answer = answer
        self._wish = wish
        self._content = content
        self._trees = Trees(content)
        self._options = options
        self._member = answer.locator.member or ""
        self._filling = Filling(wish, limits_of(settings), current(options.clock), self._label())
        named = answer.locator.member is not None
        if wish.decompress and (wish.unpack or named):
            raise QueryError(
                "decompress is for one compressed file: leave out unpack and the member"
            )
        if wish.symlinks and not (wish.unpack or named):
            raise QueryError("symlinks is for archives: add unpack, or name a member")

    def fetch(self, bring: Bring, delivery: Delivery | None) -> Result:
        """Give what is wanted, from the cache where that has it; the archive is verified first.

        Args:
            bring: Fetches the archive, and tells no good end.
            delivery: Where it is to be placed; None leaves it in the cache.

        Raises:
            StoreError: It cannot be had, unpacked, kept or placed; or there is no such member.
        """
        tree, archive = self._known(), None
        if tree is None:
            try:
                archive = bring(None)
                tree, there = self._grown(archive.path)
            except StorageError as error:
                if delivery is None:
                    tell_past_the_cache(error, self._label(), self._content.layout.root)
                    raise
                log.warning("the cache cannot keep what is in %s: %s", self._label(), error)
                return self._past_the_cache(bring, delivery, error)
            result = archive._replace(cached=there)
            if not there:
                self._tell_unpacked(tree.path, tree.manifest.leaves)
        else:
            result = self._hit(tree)
        part = self._part(tree)
        path = part.path
        if delivery is not None:
            path = self._placed(part, delivery)
            if delivery.link:
                self._trees.linked(tree)
        self._tell_end(tree, archive)
        return result._replace(path=Path(path), size=part.size)

    def cached(self) -> str | None:
        """Return where the cache has what is wanted, looked at just now; None where it does not.

        Raises:
            ResourceNotFoundError: There is no such member.
        """
        tree = self._known()
        if tree is None:
            return None
        return self._part(tree).path

    def _known(self) -> Tree | None:
        """Return the tree where the digests alone lead to it, whether the archive is still here or not."""
        metadata = self._answer.metadata
        digests, name = digests_of(metadata), filename_of(metadata)
        if self._answer.pins or not digests or (self._wish.decompress and name is None):
            return None
        making = self._wish.making(safe_name(name or ""))
        tree = self._trees.find(digests, making, within=self._member)
        if tree is None or size_of(metadata) not in {None, tree.record.archive_size}:
            return None
        return tree

    def _grown(self, path: Path) -> tuple[Tree, bool]:
        """Unpack a verified archive, unless another did so meanwhile."""
        metadata = self._answer.metadata
        digests = digests_from([*digests_of(metadata), *self._answer.pins], allow_weak=True)
        address = self._content.layout.address(str(path))
        if address is None:  # a stranger's cache has it: who knows who else writes there
            kept = self._content.keep(path, digests=digests)
            path, digests = kept.path, kept.digests
            digest = next(one for one in digests if not one.weak)
        else:
            digest = address.digest
            digests = digests_from({**dict(digests), digest.algorithm: digest.hex}, allow_weak=True)
        name = safe_name(filename_of(metadata) or path.name)
        seed = Seed(
            digest=digest,
            digests=digests,
            name=name,
            size=path.stat().st_size,
            making=self._wish.making(name),
        )
        log.info("unpacking %s", name)
        return Growing(self._content, self._trees).grow(
            seed,
            lambda root: self._filling.fill(path, name, root),
            waiting=waiting_for(self._options.listener, metadata),
            patience=current(self._options.clock).left(),
        )

    def _past_the_cache(self, bring: Bring, delivery: Delivery, reason: StorageError) -> Result:
        """Unpack beside the target, then into place, where the cache cannot take it."""
        with (
            leaving_no_directory(delivery.directory),
            private_directory(delivery.directory) as scratch,
        ):
            result = bring(Delivery(directory=str(scratch / "archive")))
            root = scratch / "tree"
            with storage_errors(root):
                root.mkdir()
                planted = self._filling.fill(result.path, result.path.name, str(root))
            member = next(iter(planted)) if self._wish.decompress else self._member
            part = part_of(str(root), planted, member, result.path.name)
            path = self._placed(part, delivery)
        self._tell_unpacked(path, planted)
        tell_bypassed(self._options.listener, self._answer.metadata, path, reason)
        return result._replace(path=Path(path), size=part.size)

    def _tell_unpacked(self, path: str, planted: Mapping[str, Thing]) -> None:
        """Tell of a tree that is new."""
        inside = [one for where, one in planted.items() if where]
        size = sum(one.size for one in inside)
        tell_unpacked(self._options.listener, self._answer.metadata, path, len(inside), size)

    def _tell_end(self, tree: Tree, archive: Result | None) -> None:
        """Tell that all is well: where the archive was fetched it is in the cache now, else it is a hit."""
        listener, metadata = self._options.listener, self._answer.metadata
        if archive is None:
            tell_hit(listener, metadata, tree.path, tree.record.size)
        else:
            (tell_hit if archive.cached else tell_cached)(listener, metadata, str(archive.path))

    def _placed(self, part: Part, delivery: Delivery) -> str:
        refuse_inside(self._content.layout.root, delivery.directory)
        target = Path(delivery.directory) / (delivery.name or part.name)
        uid = f"{uid_of(self._answer.metadata)} {self._wish} {self._member}"
        claim(delivery.claims, target, uid, self._label())
        with leaving_no_directory(delivery.directory):
            durable = self._content.durability == "full"
            place_part(part, target, link=delivery.link, durable=durable)
        return str(target)

    def _hit(self, tree: Tree) -> Result:
        answer = self._answer
        return Result(
            locator=answer.locator.text,
            driver=answer.locator.driver,
            uid=uid_of(answer.metadata),
            path=Path(tree.path),
            size=tree.record.size,
            digests=tuple(str(one) for one in digests_of(answer.metadata)),
            verified=bool(getattr(answer.metadata, "verified", True)),
            cached=True,
        )

    def _part(self, tree: Tree) -> Part:
        """Return what is wanted of a tree; of what was decompressed it is the one file there is.

        Raises:
            ResourceNotFoundError: There is no such member.
        """
        leaves, member = tree.manifest.leaves, self._member
        if self._wish.decompress:
            member = next(path for path in leaves if path)
        return part_of(tree.path, leaves, member, tree.record.archive)

    def _label(self) -> str:
        return label_of(self._answer.metadata)
