"""The files that a cache owns: each whole, verified and known by its stamp.

On disk, below the cache's directory::

    CACHEDIR.TAG                                     so that backups pass it over (bford.info/cachedir)
    content/v1/<algorithm>/<2 hex>/<hex>/<name>      the files, read-only
    records/v1/<algorithm>/<2 hex>/<hex>.json        stamp, digests, size of each; its mtime is the last use
    partial/<random>/                                private directories of downloads under way
    quarantine/<time>-<name>                         what was not what it should be
    locks/<derived name>.lock                        one download among many askers
    leases/<pid>-<random>                            who may be using what was handed out
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import attrs

from store.clock import SYSTEM_CLOCK, Clock
from store.integrity.digest import Digests

VerifyPolicy = Literal["stamp", "always", "never"]
"""What a hit costs: a stat, a hash, or nothing at all."""


@attrs.frozen(kw_only=True)
class Kept:
    """A file that the cache owns.

    Attributes:
        path: Where it lies.
        digests: What was computed of it or is known of it, strongest first.
        size: Its size in bytes.
    """

    path: Path
    digests: Digests
    size: int


class Content:
    """The files below one cache directory.

    Safe for many threads and processes at once; survives forks.

    Args:
        root: The cache's directory; made when first written to.
        durability: ``full``: what was kept survives a power cut; ``relaxed``: it may be lost when young,
            and damage is found.
        verify: The default of what a hit costs.
        lock_timeout: Seconds to wait for another's download before going on without the lock.
        clock: The time.
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
        raise NotImplementedError

    def owns(self, path: str) -> bool:
        """Whether a path lies, by its text, below ``content/`` and nowhere else."""
        raise NotImplementedError

    def holds(self, path: str, digests: Digests) -> bool:
        """Whether an owned file is still what these digests say: the hit, to be had for one ``lstat``.

        The stamp of the last full check decides (in memory, else from the record beside the content);
        another stamp or a digest that was never computed for it costs a hash, after which the new stamp
        is recorded. A wrong, foreign or irregular file (link, FIFO, directory) goes to quarantine
        unopened. A stamp of another boot is trusted only where the file was known to be durable. Takes
        the lease and marks the use (at most daily) on success.

        Never raises for what it finds: unreadable is False.
        """
        raise NotImplementedError

    def note_use(self, path: str) -> None:
        """Take the lease and mark the use of an owned file that was verified by other means."""
        raise NotImplementedError

    def find(self, digests: Digests, name: str | None = None) -> Kept | None:
        """Return an owned file that has all of these digests, whatever uid brought it; hashed if need be.

        Args:
            digests: At least one.
            name: The file name that is wanted: a file of the same content under another name is placed
                beside it under this one.
        """
        raise NotImplementedError

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a private directory on the cache's own file system, and remove it afterwards.

        Raises:
            CacheError: The cache cannot be written to.
        """
        raise NotImplementedError
        yield Path()

    def keep(self, path: Path, *, name: str | None = None, digests: Digests = ()) -> Kept:
        """Take over a verified file from a workspace: durable, read-only, in place, stamped.

        What is not the caller's only copy in a workspace is copied, not moved.

        Args:
            path: A regular file.
            name: The file's name in the cache, made safe; None keeps its own.
            digests: What is known of it; SHA-256 is computed where nothing strong is.

        Raises:
            CacheError: It cannot be kept: no room, no permission.
        """
        raise NotImplementedError

    def quarantine(self, path: str, reason: str) -> Path | None:
        """Set an owned file aside by a rename; return where it lies now, or None where it was gone."""
        raise NotImplementedError

    @contextlib.contextmanager
    def flight(self, uid: str, *, waiting: Any = None) -> Iterator[bool]:  # noqa: ANN401
        """Be the one who fetches ``uid``, or wait for the one who does: see `cache.flight`.

        Args:
            uid: What is to be fetched.
            waiting: Is told the holder's name once, when the caller has to wait.

        Yields:
            Whether others were waited for, so that the cache should be asked again first.
        """
        raise NotImplementedError
        yield False

    def close(self) -> None:
        """Give the lease back; the content may be used again."""
        raise NotImplementedError


def open_content(configuration: Any, *, clock: Clock = SYSTEM_CLOCK) -> Content:  # noqa: ANN401
    """Return the content that a cache's configuration speaks of.

    Args:
        configuration: A mapping with ``cache_dir``, ``durability``, ``verify``, ``lock_timeout``, all
            optional; None or anything that is no mapping takes the defaults and the user's directory.
        clock: The time.
    """
    raise NotImplementedError
