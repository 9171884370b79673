"""Holds local files against objects: which are alike."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from store.buckets.identity import presumed, proven, read_digests, single_part_md5
from store.buckets.memory import Known, Memory
from store.buckets.parallel import each
from store.buckets.scanning import Stamped
from store.buckets.summaries import digest_in
from store.clock import SYSTEM_CLOCK, Clock
from store.errors import MissingKeyError, StoreError, UnverifiedError
from store.files.failures import storage_errors
from store.transports.objects.base import ObjectClient, ObjectMeta

_READERS: Final = min(4, os.cpu_count() or 1)
"""How many files are read at once."""

_CHEAP: Final = 1 << 20
"""Up to which size a file is read once more for its MD5 rather than its object asked about, in bytes."""


class Local(NamedTuple):
    """A local file that takes part.

    Attributes:
        name: Its name in the memory: relative to the root, or absolute.
        path: Where it lies.
        stamp: What stat says of it.
    """

    name: str
    path: str
    stamp: Stamped

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.stamp[2]


class Comparison:
    """What is known of both sides, found out as cheaply as can be.

    Args:
        client: The bucket's objects.
        memory: What earlier syncs found out.
        up: Whether the files are the originals.
        jobs: How many objects are asked about at once.
        clock: The time.
        failed: Takes the errors by name, and the rest is gone on with; what cannot be proven is one, and
            nothing is presumed. None to raise the first, and to presume by size and time.

    Attributes:
        notes: What a reader of the plan should know.
    """

    def __init__(
        self,
        client: ObjectClient,
        memory: Memory,
        *,
        up: bool,
        jobs: int,
        clock: Clock = SYSTEM_CLOCK,
        failed: dict[str, StoreError] | None = None,
    ) -> None:
        self._client, self._memory, self._clock = client, memory, clock
        self._up, self._jobs = up, jobs
        self._presumed: list[str] = []
        self._failed = failed

    @property
    def notes(self) -> list[str]:
        """What could not be proven."""
        if not self._presumed:
            return []
        more = f" and {len(self._presumed) - 1} more" if len(self._presumed) > 1 else ""
        return [f"{min(self._presumed)!r}{more} is taken for alike by size and time alone"]

    def alike(
        self, files: Mapping[str, Local], objects: Mapping[str, ObjectMeta]
    ) -> dict[str, Local]:
        """Return the files that are what the objects of their keys are, stamps as they were read.

        Args:
            files: The files by key.
            objects: The objects by key, as a listing tells them.
        """
        found: dict[str, Local] = {}
        unsure: dict[str, Local] = {}
        local, remote = self._memory.local, self._memory.remote
        for key, file in files.items():
            meta = objects.get(key)
            if meta is None or meta.size != file.stamp[2]:
                continue
            theirs, ours = remote(meta), local(file.name, file.stamp)
            if theirs is None or ours is None:
                unsure[key] = file
            elif theirs == ours.sha256:
                found[key] = file
        if unsure:
            found |= self._looked_into(unsure, objects)
        return found

    def read(self, files: Iterable[Local], *, md5: Iterable[str] = ()) -> dict[str, Local]:
        """Read the files whose digests are not known yet, and remember those.

        Args:
            files: The files.
            md5: The names of those whose MD5 is wanted too.

        Returns:
            The files by name, with the stamps they were read at.
        """
        wanted = frozenset(md5)
        read: dict[str, Local] = {}

        def look(file: Local) -> None:
            """Read a local file for its digests, and remember them."""
            try:
                found = read_digests(
                    file.path,
                    file.stamp,
                    md5=file.name in wanted,
                    sums=self._up and self._client.signs_content,
                    clock=self._clock,
                )
            except StoreError as error:
                self._note(file.name, error)
                return
            self._memory.keep_local(file.name, found.stamp, found.known, found.began)
            self._memory.keep_sums(file.name, found.stamp, found.sums)
            read[file.name] = file._replace(stamp=found.stamp)

        pending = []
        for file in files:
            known = self._memory.local(file.name, file.stamp)
            if known is None or (known.md5 is None and file.name in wanted):
                pending.append(file)
            else:
                read[file.name] = file
        each(pending, look, _READERS)
        return read

    def told(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the SHA-256 that the writers of objects have kept with them, as far as they have, by key."""
        found: dict[str, str] = {}

        def ask(key: str) -> None:
            """Ask the store for what is kept with one object."""
            with contextlib.suppress(MissingKeyError):
                kept = digest_in(self._client.head(key).metadata)
                if kept is not None:
                    found[key] = kept.hex

        each(list(keys), ask, self._jobs)
        return found

    def known(self, file: Local) -> Known | None:
        """Return what is known of a file's content."""
        return self._memory.local(file.name, file.stamp)

    def _looked_into(
        self, unsure: Mapping[str, Local], objects: Mapping[str, ObjectMeta]
    ) -> dict[str, Local]:
        tagged = [
            file.name
            for key, file in unsure.items()
            if self._memory.remote(objects[key]) is None
            and single_part_md5(objects[key].etag)
            and (file.size <= _CHEAP or self.known(file) is None)
        ]
        read = self.read(unsure.values(), md5=tagged)
        found: dict[str, Local] = {}
        asked: dict[str, Local] = {}
        for key, file in unsure.items():
            now, meta = read.get(file.name), objects[key]
            if now is None or now.size != meta.size:
                continue
            verdict = self._by_listing(now, meta)
            if verdict:
                found[key] = now
            elif verdict is None:
                asked[key] = now

        def ask(key: str) -> None:
            """Ask the store for what it knows of one object."""
            try:
                if self._by_asking(asked[key], objects[key]):
                    found[key] = asked[key]
            except StoreError as error:
                self._note(asked[key].name, error)

        each(asked, ask, self._jobs)
        return found

    def _note(self, name: str, error: StoreError) -> None:
        if self._failed is None:
            raise error
        self._failed[name] = error

    def _by_listing(self, file: Local, meta: ObjectMeta) -> bool | None:
        """Compare by what a listing tells; None where the object has to be asked about."""
        ours = self._memory.local(file.name, file.stamp)
        theirs = self._memory.remote(meta)
        if ours is None:
            return None
        if theirs is not None:
            return theirs == ours.sha256
        if ours.md5 is not None and single_part_md5(meta.etag) == ours.md5:
            self._memory.keep_remote(meta, ours.sha256)
            return True
        return None

    def _by_asking(self, file: Local, meta: ObjectMeta) -> bool:
        try:
            full = self._client.head(meta.key)
        except MissingKeyError:
            return False
        ours = self._memory.local(file.name, file.stamp)
        if ours is None or full.size != file.size:
            return False
        if self._failed is None and self._is_as_written(full, ours):
            return True  # for now: nothing is remembered that was not proven
        with storage_errors(file.path):
            verdict = proven(
                file.path, ours, full, checksums=lambda: self._client.checksums(meta.key)
            )
        if verdict:
            # As the listing spells it: that is what the next sync sees.
            same = full.etag in {meta.etag, None} or full.last_modified == meta.last_modified
            self._memory.keep_remote(meta if same else full, ours.sha256)
        elif verdict is False:
            self._memory.forget(meta.key)
        if verdict is None and self._failed is not None and single_part_md5(meta.etag) is None:
            self._failed[file.name] = _untold(meta.key)
            return False
        if verdict is None and presumed(file.stamp, meta, up=self._up):
            self._presumed.append(meta.key)
            return True
        return bool(verdict)

    def _is_as_written(self, meta: ObjectMeta, ours: Known) -> bool:
        """Whether an object is what a sync has uploaded a moment ago, and the file is still that."""
        told = digest_in(meta.metadata)
        return told is not None and told.hex == ours.sha256 == self._memory.written(meta)


def _untold(key: str) -> UnverifiedError:
    return UnverifiedError(
        f"{key!r} has the size of its file, and nothing that is kept with it tells its content (it came in"
        " parts of an unusual size, without a checksum): get it and compare, or put it anew",
        limit="digest",
    )
