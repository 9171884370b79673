"""Says whether an owned file is still what its digests say."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from store.cache.glancing import glance
from store.cache.layout import Address, Layout
from store.cache.quarantine import obstacle, set_aside
from store.cache.records import Known, Record, read_record, write_record
from store.cache.uses import DAY, Uses
from store.clock import Clock
from store.errors import DigestError
from store.integrity.digest import Digest, Digests
from store.integrity.stamp import Stamp

if TYPE_CHECKING:
    # A hit reads nothing: what does is loaded with the first file that must be hashed.
    from store.cache.examining import Examined

log = logging.getLogger(__name__)

VerifyPolicy = Literal["stamp", "always", "never"]
"""What a hit costs: a stat, a hash, or nothing at all."""


class Kept(NamedTuple):
    """A file that the cache owns."""

    path: Path
    """Where it lies."""
    digests: Digests
    """What was computed of it or is known of it, strongest first."""
    size: int
    """Its size in bytes."""


class Proven(NamedTuple):
    """A file that this process may hand out for as long as its stat is this one."""

    inode: int
    ctime_ns: int
    mtime_ns: int
    size: int
    device: int
    digests: frozenset[Digest]
    due: float
    """When the use is to be marked again, in seconds since 1970 UTC."""

    def stands(self, path: str, digest: Digest, now: float) -> bool:
        """Whether a file is still the one that was found to have a digest."""
        try:
            status = os.lstat(path)
        except OSError:
            return False
        return (
            status.st_ino == self.inode
            and status.st_ctime_ns == self.ctime_ns
            and status.st_mtime_ns == self.mtime_ns
            and status.st_size == self.size
            and status.st_dev == self.device
            and digest in self.digests
            and now < self.due
        )


class Verdict(NamedTuple):
    """What came of checking an owned file."""

    state: Literal["ok", "damaged", "missing", "unread", "other"]
    """``damaged``: set aside; ``unread``: cannot be read; ``other``: whole, but not what was asked for."""
    reason: str | None = None
    """Why it is not ok."""


_GONE: Final = Verdict("missing", "it is gone")


class Holding:
    """Checks owned files, and remembers in this process what was found.

    Args:
        layout: Where the cache lies.
        policy: What a hit costs.
        uses: Is told of hits.
        clock: The time.

    Attributes:
        policy: As given.
        proven: What was found, by path; the hot path of `Content.holds` reads it.
        damaged: Why a path was set aside, until somebody asks.
    """

    def __init__(self, layout: Layout, policy: VerifyPolicy, uses: Uses, clock: Clock) -> None:
        self._layout = layout
        self.policy: VerifyPolicy = policy
        self._uses = uses
        self._clock = clock
        self.proven: dict[str, Proven] = {}
        self.damaged: dict[str, str] = {}

    def check(
        self,
        path: str,
        digests: Digests,
        *,
        policy: VerifyPolicy | None = None,
        marked: bool = True,
    ) -> bool:
        """Do the work of `Content.holds`: see `judge`."""
        return self.judge(path, digests, policy=policy, marked=marked).state == "ok"

    def judge(
        self,
        path: str,
        digests: Digests,
        *,
        policy: VerifyPolicy | None = None,
        marked: bool = True,
    ) -> Verdict:
        """Check an owned file, and set it aside where it is damaged.

        Args:
            path: The file.
            digests: What it should be, beside what its path says.
            policy: What it may cost; None takes the cache's own.
            marked: Whether it counts as a use.
        """
        policy = policy or self.policy
        address = self._layout.address(path)
        if address is None:
            return Verdict("missing", "the cache does not own it")
        self.proven.pop(path, None)
        status = self._regular(path)
        if isinstance(status, Verdict):
            return status
        record_path = self._layout.record(address.digest)
        record = read_record(self._layout, address.digest)
        known = None if record is None else record.files.get(address.name)
        if policy != "never":
            vouched = (
                known is not None and policy == "stamp" and known.vouches_for(Stamp.of(status))
            )
            if record is None or not vouched or not record.digests.issuperset(digests):
                read = self._read(path, address, digests, record)
                if isinstance(read, Verdict):
                    return read
                record, known = read
            if known is not None and known.stamp is not None:
                self.remember(path, known.stamp, record.digests, marked=marked)
        if marked:
            self._uses.mark(record_path, None if record is None else record.used)
            if not os.path.lexists(path):  # pruned while the use was not yet marked
                return _GONE
        return Verdict("ok")

    def glance(self, digest: Digest, name: str) -> tuple[str, int] | None:
        """Do the work of `Content.glance`."""
        if self.policy != "stamp":
            return None
        path = f"{self._layout.directory(digest)}/{name}"
        now = self._clock.now()
        proven = self.proven.get(path)
        if proven is not None and proven.stands(path, digest, now):
            return path, proven.size
        found = glance(self._layout, digest, name, now)
        if found is None:
            return None
        self._uses.begin()
        self.remember(path, found.stamp, found.digests, marked=True)
        return path, found.stamp.size

    def remember(
        self, path: str, stamp: Stamp, digests: frozenset[Digest], *, marked: bool
    ) -> None:
        """Let later hits go by the stamp alone."""
        if self.policy != "stamp":
            return
        self.proven[path] = Proven(
            inode=stamp.inode,
            ctime_ns=stamp.ctime_ns,
            mtime_ns=stamp.mtime_ns,
            size=stamp.size,
            device=stamp.device,
            digests=digests,
            due=self._clock.now() + DAY if marked else 0.0,
        )

    def _regular(self, path: str) -> os.stat_result | Verdict:
        """Return what lstat says of an owned regular file; anything else is set aside."""
        blocked = obstacle(self._layout, path)
        if blocked is not None:
            return self._damaged(blocked, "it is no directory")
        try:
            status = os.lstat(path)
        except (OSError, ValueError):
            return _GONE
        if not stat.S_ISREG(status.st_mode):
            return self._damaged(path, "it is no regular file")
        return status

    def _read(
        self, path: str, address: Address, digests: Digests, record: Record | None
    ) -> tuple[Record, Known] | Verdict:
        """Hash a file; return what is known of it now, unless it is not as asked for."""
        from store.cache.examining import examine

        wanted = {address.digest.algorithm, *(one.algorithm for one in digests)}
        try:
            found = examine(path, sorted(wanted), self._clock)
        except FileNotFoundError:
            return _GONE
        except (OSError, ValueError, DigestError) as error:
            log.warning("%s cannot be checked: %s", path, error)
            return Verdict("unread", str(error))
        if address.digest not in found.digests:
            return self._damaged(path, f"its content is not {address.digest}")
        if not set(digests) <= set(found.digests):
            wished = " and ".join(map(str, digests))
            log.warning("%s is whole, but not what was asked for: %s", path, wished)
            return Verdict("other", "it is whole, but not what was asked for")
        return self._noted(path, address, found, record)

    def _damaged(self, path: str, reason: str) -> Verdict:
        set_aside(self._layout, path, reason, self._clock)
        self.damaged[path] = reason
        return Verdict("damaged", reason)

    def _noted(
        self, path: str, address: Address, found: Examined, record: Record | None
    ) -> tuple[Record, Known]:
        """Record what a full check found."""
        now = self._clock.now()
        old = None if record is None else record.files.get(address.name)
        digests = dict(() if record is None else record.digests)
        digests.update(found.digests)
        fresh = Record(
            digests=frozenset(Digest(*one) for one in digests.items()),
            size=found.stamp.size,
            added=now if record is None else record.added,
            files={} if record is None else dict(record.files),
            used=now if record is None else record.used,
        )
        known = Known(found.stamp if found.steady else None, _outlived(old, found.stamp))
        if old == known and record is not None and record.digests == fresh.digests:
            return fresh, known
        fresh.files[address.name] = known
        try:
            write_record(self._layout, address.digest, fresh, self._clock, used=fresh.used)
        except OSError as error:
            log.debug("the new stamp of %s is not recorded: %s", path, error)
        return fresh, known


def _outlived(old: Known | None, stamp: Stamp) -> bool:
    """Whether a file that was just read and found right is known to be on the disk itself."""
    if old is None or old.stamp is None:
        return False
    if old.durable:
        return old.stamp.only_links_moved(stamp)
    return old.stamp.same_file(stamp) and old.stamp.boot != stamp.boot
