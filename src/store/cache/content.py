"""The files a cache owns: each whole, verified, known by its stamp."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from store.cache.holding import Holding, Kept, Verdict, VerifyPolicy
from store.cache.layout import Layout
from store.cache.opening import directory_of, options_from
from store.cache.quarantine import obstacle, set_aside
from store.cache.uses import Uses
from store.clock import SYSTEM_CLOCK, Clock
from store.files.names import safe_name
from store.integrity.digest import Digest, Digests

if TYPE_CHECKING:
    # A hit keeps nothing and waits for nobody: what does is loaded when it is asked for.
    from store.cache.flight import Waiting
    from store.cache.intake import Intake
    from store.cache.keeping import Keeper

__all__ = ["Content", "Kept", "VerifyPolicy", "open_content"]


class Content:
    """The files below one cache directory.

    Safe for many threads and processes at once; survives forks and pickling, neither of which takes the
    lease along.

    Args:
        root: The cache's directory; made when first written to.
        durability: ``full``: what was kept survives a power cut; ``relaxed``: it may be lost when young,
            and damage is found.
        verify: The default of what a hit costs.
        lock_timeout: Seconds to wait for another's download before going on without the lock.
        clock: The time.

    Attributes:
        layout: Where each thing lies; the other attributes are as given.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        durability: Literal["full", "relaxed"] = "full",
        verify: VerifyPolicy = "stamp",
        lock_timeout: float = 60.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.layout = Layout(root)
        self.durability: Literal["full", "relaxed"] = durability
        self.verify: VerifyPolicy = verify
        self.lock_timeout = lock_timeout
        self.clock = clock
        self._now = clock.now
        self._begin()

    def _begin(self) -> None:
        """Start anew: at first, after a fork, after `close`."""
        self._process = os.getpid()
        self._uses = Uses(self.layout, self.clock)
        self._holding = Holding(self.layout, self.verify, self._uses, self.clock)
        self._proven = self._holding.proven
        self._prepared = False
        self._keeping: Keeper | None = None
        self._lock = threading.Lock()

    def _mine(self) -> None:
        if self._process != os.getpid():
            self._begin()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle how it was opened, not what is open."""
        options: dict[str, Any] = {"verify": self.verify, "lock_timeout": self.lock_timeout}
        options |= {"durability": self.durability, "clock": self.clock}
        return functools.partial(Content, self.layout.root, **options), ()

    @property
    def root(self) -> Path:
        """The cache's directory, absolute."""
        return Path(self.layout.root)

    def owns(self, path: str) -> bool:
        """Whether a path lies, by its text, below ``content/`` and nowhere else."""
        # What was found right here before is ours, and a hit asks for that.
        return path in self._proven or self.layout.address(path) is not None

    def holds(self, path: str, digests: Digests) -> bool:
        """Whether an owned file is still what these digests say: the hit, to be had for one ``lstat``.

        The stamp of the last full check decides (in memory, else from the record beside the content);
        another stamp or a digest that was never computed for it costs a hash, after which the new stamp
        is recorded. A wrong, foreign or irregular file (link, FIFO, directory) goes to quarantine
        unopened. A stamp of another boot is trusted only where the file was known to be durable. Takes
        the lease and marks the use (at most daily) on success.

        Never raises for what it finds: unreadable is False.
        """
        proven = self._proven.get(path)
        if proven is not None:
            inode, ctime_ns, mtime_ns, size, device, known, due = proven
            try:
                status = os.lstat(path)
            except OSError:
                self._proven.pop(path, None)
                return False
            if (
                status.st_ino == inode
                and status.st_ctime_ns == ctime_ns
                and status.st_mtime_ns == mtime_ns
                and status.st_size == size
                and status.st_dev == device
                and known.issuperset(digests)
                and self._now() < due
                and self._process == os.getpid()
            ):
                return True
        self._mine()
        return self._holding.check(path, digests)

    def examine(self, path: str) -> Verdict:
        """Hash an owned file, whatever its stamp says; what is damaged is set aside. It is no use of it."""
        self._mine()
        return self._holding.judge(path, (), policy="always", marked=False)

    def why_set_aside(self, path: str) -> str | None:
        """Say, once, why this process has set an owned file aside; None where it has not."""
        return self._holding.damaged.pop(path, None)

    def note_use(self, path: str) -> None:
        """Take the lease and mark the use of an owned file or tree that was verified by other means."""
        self._mine()
        record = self.layout.record_of(path)
        if record is not None:
            self._uses.mark(record, None)

    def linked(self, path: str) -> None:
        """Take the new stamp of an owned file that was just hard-linked elsewhere, where only that moved."""
        self._mine()
        self._keeper().linked(path)

    def find(self, digests: Digests, name: str | None = None) -> Kept | None:
        """Return an owned file that has all of these digests, whatever uid brought it; hashed if need be.

        Args:
            digests: At least one.
            name: The file name that is wanted: a file of the same content under another name is placed
                beside it under this one. Where that fails (a read-only cache) the other is returned.
        """
        from store.cache.finding import candidates

        self._mine()
        for path in candidates(self.layout, digests, name):
            if self.holds(path, digests):
                wanted = os.path.basename(path) if name is None else safe_name(name)  # noqa: PTH119 - text
                return self._keeper().beside(path, wanted, digests)
        return None

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a private directory on the cache's own file system, and remove it afterwards.

        Raises:
            CacheError: The cache cannot be written to.
        """
        from store.cache.workspaces import opened

        self._prepare()
        with opened(self.layout, self.clock) as directory:
            yield directory

    def keep(self, path: Path, *, name: str | None = None, digests: Digests = ()) -> Kept:
        """Take over a verified file from a workspace: durable, read-only, in place, stamped.

        What is not the caller's only copy in a workspace is copied, not moved.

        Args:
            path: A regular file.
            name: The file's name in the cache, made safe; None keeps its own.
            digests: What is known of it; SHA-256 is computed where nothing strong is.

        Raises:
            CacheError: It cannot be kept: no room, no permission.
            IntegrityError: It is not what ``digests`` say; noticed only where it had to be read.
        """
        self._prepare()
        return self._keeper().keep(path, safe_name(name or path.name), digests)

    def intake(self) -> Intake:
        """Return what takes many small bodies in at once; see `cache.intake.Intake`.

        Raises:
            CacheError: The cache cannot be written to.
        """
        from store.cache.intake import Intake

        self._prepare()
        durable = self.durability == "full"
        return Intake(self.layout, self._holding, self._uses, self.clock, durable=durable)

    def glance(self, digest: Digest, name: str) -> tuple[str, int] | None:
        """Return path and size of an owned file that is right beyond doubt, at the least cost.

        None says nothing: whoever gets it asks `find` or `holds`.
        """
        if self._process != os.getpid():
            return None
        return self._holding.glance(digest, name)

    def batch(self) -> contextlib.AbstractContextManager[None]:
        """Make what is kept in a block last, and stamp it, together at its end.

        Until then a kept file is in place, but is hashed whenever it is asked for. Threads share a batch.

        Raises:
            CacheError: What was kept cannot be made to last.
        """
        self._mine()
        return self._keeper().batch()

    def joins_batch(self, path: str) -> bool:
        """Let an entry be made to last at the batch's end; False without one: the caller does it."""
        return self._keeper().joins(path)

    def quarantine(self, path: str, reason: str) -> Path | None:
        """Set an owned file aside; return where it lies now, or None where it was gone or is not owned."""
        self._mine()
        self._proven.pop(path, None)
        if self.layout.address(path) is None:
            return None
        blocked = obstacle(self.layout, path)
        return set_aside(self.layout, blocked or path, reason, self.clock)

    def flight(
        self,
        uid: str,
        *,
        waiting: Waiting | None = None,
        ready: Callable[[], bool] | None = None,
        patience: float = math.inf,
    ) -> contextlib.AbstractContextManager[bool]:
        """Be the one who fetches ``uid``, or wait for the one who does: see `cache.flight.flying`."""
        from store.cache.flight import flying

        limit = max(0.0, min(self.lock_timeout, patience))
        return flying(
            self.layout, uid, timeout=limit, clock=self.clock, waiting=waiting, ready=ready
        )

    def close(self) -> None:
        """Give the lease back; the content may be used again."""
        self._mine()
        self._proven.clear()
        self._uses.close()

    def _keeper(self) -> Keeper:
        """Return who keeps files, loaded when there is something to keep: a hit has no need of it."""
        from store.cache.keeping import Keeper

        with self._lock:
            if self._keeping is None:
                durable = self.durability == "full"
                self._keeping = Keeper(
                    self.layout, self._holding, self._uses, self.clock, durable=durable
                )
            return self._keeping

    def _prepare(self) -> None:
        """Make the cache's directory, and once a process sweep what our own dead left behind."""
        self._mine()
        if self._prepared:
            return
        from store.cache.workspaces import prepare

        prepare(self.layout, self.clock, durable=self.durability == "full")
        self._prepared = True


def open_content(configuration: Any, *, clock: Clock = SYSTEM_CLOCK) -> Content:  # noqa: ANN401
    """Return the content that a cache's configuration speaks of.

    Args:
        configuration: A mapping with ``cache_dir``, ``durability``, ``verify``, ``lock_timeout``, all
            optional; None or anything that is no mapping takes the defaults and the user's directory.
        clock: The time.

    Raises:
        ConfigurationError: One of them cannot be what it says.
    """
    return Content(directory_of(configuration), clock=clock, **options_from(configuration))
