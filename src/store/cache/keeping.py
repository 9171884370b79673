"""Keeps files: taken over, put in place, settled alone or in a batch."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from store.cache.failures import cache_errors
from store.cache.holding import Holding, Kept, VerifyPolicy
from store.cache.layout import Address, Layout
from store.cache.quarantine import obstacle, set_aside
from store.cache.records import read_record
from store.cache.settling import Placed, settle
from store.cache.taking import take_over
from store.cache.uses import Uses
from store.clock import Clock
from store.files.atomic import discard, make_directories
from store.files.placing import place
from store.files.syncing import sync_directory, sync_many
from store.integrity.digest import Digests, digests_from
from store.integrity.stamp import Stamp

log = logging.getLogger(__name__)


class Keeper:
    """Does the work of `Content.keep` and its like.

    Args:
        layout: Where the cache lies.
        holding: Says whether what lies in place already is right.
        uses: Is told that this process uses the cache.
        clock: The time.
        durable: Whether what is kept must survive a power cut.
    """

    def __init__(
        self, layout: Layout, holding: Holding, uses: Uses, clock: Clock, *, durable: bool
    ) -> None:
        self._layout = layout
        self._holding = holding
        self._uses = uses
        self._clock = clock
        self._durable = durable
        self._lock = threading.Lock()
        self._batches = 0
        self._placed: list[Placed] = []
        self._joining: list[str] = []

    def keep(self, path: Path, name: str, digests: Digests) -> Kept:
        """Do the work of `Content.keep`; ``name`` is safe."""
        self._uses.begin()
        durable = self._durable and not self._batches
        with cache_errors(path):
            own, known, stamp = take_over(self._layout, path, digests, durable=durable)
            address = Address(next(one for one in known if not one.weak), name)
            mine = Placed(address=address, digests=known, stamp=stamp, synced=durable)
            try:
                placed = self._put(own, mine)
                if placed is not None:
                    self._settle_now_or_later(placed)
            except BaseException:
                self._give_back(own, path, mine)
                raise
            discard(own)
        return Kept(path=Path(self._layout.file(address)), digests=known, size=stamp.size)

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Do the work of `Content.batch`."""
        with self._lock:
            self._batches += 1
        try:
            yield
        finally:
            with self._lock:
                self._batches -= 1
                placed, self._placed = self._placed, []
                joining, self._joining = self._joining, []
            with cache_errors(self._layout.root):
                self._settle(placed, durable=self._durable)
                if self._durable:
                    sync_many(path for path in joining if os.path.lexists(path))

    def joins(self, path: str) -> bool:
        """Do the work of `Content.joins_batch`."""
        with self._lock:
            if self._batches:
                self._joining.append(path)
            return self._batches > 0

    def beside(self, path: str, name: str, digests: Digests) -> Kept | None:
        """Place an owned file that was just verified under another name, too, and return that one.

        Where that fails, it is returned under the name it has; None where it has gone meanwhile.
        """
        address = self._layout.address(path)
        if address is None:
            return None
        record = read_record(self._layout, address.digest)
        known = dict(digests if record is None else record.digests)
        if name != address.name:
            path = self._place_beside(address, Address(address.digest, name), known)
        try:
            size = os.lstat(path).st_size
        except OSError:
            return None
        return Kept(path=Path(path), digests=digests_from(known, allow_weak=True), size=size)

    def linked(self, path: str) -> None:
        """Do the work of `Content.linked`."""
        address = self._layout.address(path)
        record = None if address is None else read_record(self._layout, address.digest)
        known = None if address is None or record is None else record.files.get(address.name)
        if address is None or record is None or known is None or known.stamp is None:
            return
        with contextlib.suppress(OSError):
            stamp = Stamp.of(os.lstat(path))
            # Judged as if the change time had not moved: the caller moved it.
            if known.vouches_for(stamp._replace(ctime_ns=known.stamp.ctime_ns)):
                linked = Placed(
                    address=address,
                    digests=tuple(record.digests),
                    stamp=stamp,
                    synced=True,
                    lasting=known.durable,
                )
                self._settle([linked], durable=False)

    def _put(self, own: Path, placed: Placed) -> Placed | None:
        """Move a file to its place; what is right there already stays.

        Returns:
            What is still to be settled, or None.
        """
        target = self._layout.file(placed.address)
        blocked = obstacle(self._layout, target)
        if blocked is not None:
            set_aside(self._layout, blocked, "no directory", self._clock)
        elif os.path.lexists(target):
            policy: VerifyPolicy = "always" if self._holding.policy == "always" else "stamp"
            if self._holding.check(target, (placed.address.digest,), policy=policy):
                return self._unsettled(placed)
            if os.path.lexists(target):
                set_aside(self._layout, target, "it cannot be checked", self._clock)
        for last in (False, False, True):
            _make_directory(self._layout.directory(placed.address.digest), durable=placed.synced)
            try:
                own.replace(target)
                break
            except FileNotFoundError:  # a pruning took the empty directory away
                if last or not os.path.lexists(own):
                    raise
        return placed

    def _give_back(self, own: Path, path: Path, placed: Placed) -> None:
        """Leave the caller the file that could not be kept."""
        if own is not path:
            discard(own)
            return
        target = Path(self._layout.file(placed.address))
        with contextlib.suppress(OSError):
            if not path.exists() and os.lstat(target).st_ino == placed.stamp.inode:
                target.rename(path)

    def _unsettled(self, placed: Placed) -> Placed | None:
        """Return what is to be settled of a file that was in place before, or None."""
        path = self._layout.file(placed.address)
        stamp = Stamp.of(os.lstat(path))
        record = read_record(self._layout, placed.address.digest)
        known = None if record is None else record.files.get(placed.address.name)
        if record is None or known is None or not known.vouches_for(stamp):
            return placed._replace(stamp=stamp, synced=False)
        settled = (known.durable or not self._durable) and record.digests.issuperset(placed.digests)
        return None if settled else placed._replace(stamp=stamp, synced=False)

    def _place_beside(self, there: Address, wanted: Address, digests: dict[str, str]) -> str:
        """Link or copy an owned file to another name of the same content; return the path to be used."""
        source, target = self._layout.file(there), self._layout.file(wanted)
        known = digests_from(digests, allow_weak=True)
        try:
            if os.path.lexists(target) and self._holding.check(
                target, (wanted.digest,), policy="stamp"
            ):
                return target
            if place(source, target, link=True, durable=self._durable) in {"reflink", "copy"}:
                Path(target).chmod(os.lstat(source).st_mode & 0o777)
            self._settle(
                [
                    Placed(
                        address=one, digests=known, stamp=Stamp.of(os.lstat(self._layout.file(one)))
                    )
                    for one in (there, wanted)
                ],
                durable=self._durable,
            )
        except OSError as error:
            log.debug("%s is handed out instead of %s: %s", source, target, error)
            return source
        return target

    def _settle_now_or_later(self, placed: Placed) -> None:
        with self._lock:
            if self._batches:
                self._placed.append(placed)
                return
        self._settle([placed], durable=self._durable)

    def _settle(self, placed: Sequence[Placed], *, durable: bool) -> None:
        if not placed:
            return
        trusted = settle(self._layout, placed, self._clock, durable=durable)
        for path, (stamp, digests) in trusted.items():
            self._holding.remember(path, stamp, digests, marked=False)


def _make_directory(path: str, *, durable: bool) -> None:
    try:
        os.mkdir(path)  # noqa: PTH102 - text, for thousands of them
    except FileExistsError:
        return
    except FileNotFoundError:
        make_directories(path, durable=durable)
        return
    if durable:
        sync_directory(path.rpartition("/")[0])
