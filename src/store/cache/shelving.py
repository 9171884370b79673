"""Takes many small bodies into the cache at once."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from store.cache.examining import grain_of
from store.cache.failures import cache_errors
from store.cache.holding import Holding
from store.cache.layout import Address, Layout
from store.cache.quarantine import obstacle
from store.cache.records import Known, Record, read_record, spelled
from store.cache.settling import Placed, settle
from store.cache.uses import Uses
from store.cache.workspaces import workspace_name
from store.clock import Clock
from store.files.atomic import discard
from store.files.small import put_small
from store.files.syncing import sync_many
from store.integrity.digest import Digest, Digests
from store.integrity.stamp import LOCAL_GRAIN_NS, Stamp


class Shelf:
    """Puts small bodies in their places, and records them together; a context manager.

    A body that was put lies in place, whole, but is hashed whenever it is asked for until `settle`.

    Args:
        layout: Where the cache lies.
        holding: Is told what may be trusted.
        uses: Is told that this process uses the cache.
        clock: The time.
        durable: Whether what is settled must survive a power cut.
    """

    def __init__(
        self, layout: Layout, holding: Holding, uses: Uses, clock: Clock, *, durable: bool
    ) -> None:
        self._layout = layout
        self._holding = holding
        self._uses = uses
        self._clock = clock
        self._durable = durable
        self._directory = f"{layout.partial}/{workspace_name()}"
        self._count = self._grain = 0
        self._checked: set[str] = set()
        self._placed: list[Placed] = []

    def __enter__(self) -> Self:
        """Make a private directory on the cache's own file system.

        Raises:
            CacheError: It cannot be made.
        """
        self._uses.begin()
        with cache_errors(self._directory):
            Path(self._directory).mkdir(mode=0o700, parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the private directory."""
        discard(self._directory)

    def has_room_for(self, digest: Digest, name: str) -> bool:
        """Whether nothing lies yet where a body is to go, and the way there is clear."""
        target = self._layout.file(Address(digest, name))
        above = f"{digest.algorithm}/{digest.hex[:2]}/"
        if above not in self._checked:
            for room in (self._layout.content, self._layout.records):
                if obstacle(self._layout, f"{room}{above}") is not None:
                    return False
            self._checked.add(above)
        return not os.path.lexists(target.rpartition("/")[0]) or (
            obstacle(self._layout, target) is None and not os.path.lexists(target)
        )

    def put(self, data: memoryview, digests: Digests, name: str) -> str:
        """Put a verified body in its place.

        Args:
            data: The body.
            digests: What it was verified to be, the strongest first.
            name: Its file name, which is safe.

        Returns:
            Its path.

        Raises:
            CacheError: It cannot be written; nothing of it is left.
        """
        address = Address(digests[0], name)
        target = self._layout.file(address)
        own = self._own()
        with cache_errors(target):
            status = put_small(own, target, data, 0o444)
        self._placed.append(Placed(address=address, digests=digests, stamp=Stamp.of(status)))
        return target

    def settle(self) -> None:
        """Make what was put last, and let it be trusted from now on.

        Raises:
            CacheError: The disk refused; what lies in place is hashed when it is next asked for.
        """
        placed, self._placed = self._placed, []
        if not placed:
            return
        with cache_errors(self._layout.root):
            if self._durable:
                sync_many(self._layout.file(one.address) for one in placed)
            self._grain = grain_of(placed[0].stamp.device)
            if self._grain == LOCAL_GRAIN_NS:
                # A later change must show in the stamps; elsewhere that would take seconds.
                self._clock.sleep(LOCAL_GRAIN_NS / 1e9)
            known: list[Placed] = []
            strangers: list[Placed] = []
            for one in placed:
                (known if self._recorded(one) else strangers).append(one)
            if self._durable:
                sync_many(self._layout.record(one.address.digest) for one in known)
            # What was recorded before under another name or algorithm is joined with care.
            if strangers:
                settle(self._layout, strangers, self._clock, durable=self._durable)

    def _recorded(self, placed: Placed) -> bool:
        """Write the first record of a content; False where there is one, or the file is another by now."""
        path, record_path = (
            self._layout.file(placed.address),
            self._layout.record(placed.address.digest),
        )
        if read_record(record_path) is not None:
            return False
        try:
            stamp = Stamp.of(os.lstat(path))
        except OSError:
            return False
        racy = stamp.racy(self._clock.now_ns(), self._grain)
        if racy or not stamp.only_links_moved(placed.stamp):
            return False
        known = Known(stamp, self._durable)
        digests = frozenset(placed.digests)
        record = Record(
            digests=digests,
            size=stamp.size,
            added=self._clock.now(),
            files={placed.address.name: known},
        )
        own = self._own()
        with contextlib.suppress(OSError):
            put_small(own, record_path, spelled(record).encode())
            self._holding.remember(path, stamp, digests, marked=False)
            return True
        return False

    def _own(self) -> str:
        self._count += 1
        return f"{self._directory}/{self._count}"
