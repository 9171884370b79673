"""The registry as its users see it, put together from what it does."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Literal, Self

from store.clock import SYSTEM_CLOCK, Clock
from store.registry.cleaning import Cleaning
from store.registry.opened import BUSY_TIMEOUT, options_of
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient


class Cache(Cleaning):
    """A registry of versioned files, in SQLite in a directory or on a PostgreSQL server.

    Safe for 32 threads and many processes at once, after a fork, and pickled (its options alone travel).
    Nothing is opened or made before it is needed. Reads neither write nor wait for a writer.

    Args:
        path: The directory of the registry and its files.
        pkg: The name of a package whose cache directory it is to be (platformdirs). Neither: the user's
            directory of ``store``.
        url: The address of the registry on PostgreSQL (``postgresql://user@host/database``), for many
            machines.
        files: With ``url``: the directory of the files, which all of the machines share; or a bucket and
            prefix (``s3://bucket/prefix``), of which what is used here is copied below ``cache_dir``.
        objects: With a bucket for ``files``: its client, where it is not to be opened by the address.
        transfer: With a bucket for ``files``: how bytes are to be moved, and the connections that the
            settings name (`TransferOptions.from_settings`).
        read_only: Write nothing at all. What is handed out is still told to who cleans, by locks on the
            directories of the files, where the file system shares locks with him.
        busy_timeout: How long another's write is waited for, in seconds.
        durability: ``full``: what is READY survives a power cut; ``relaxed``: what is young may be lost.
        max_bytes: How much the files may take in all, in bytes: what was used least recently goes.
        min_free: How much is to stay free on the disk, in bytes; with a bucket for ``files`` copies go for
            that, and no items.
        clock: The time.

    Raises:
        LocatorError: ``files`` is the address of no bucket.
        ConfigurationError: The arguments contradict each other, or one cannot be what it says.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        pkg: str | None = None,
        *,
        url: str | None = None,
        files: str | os.PathLike[str] | None = None,
        objects: ObjectClient | None = None,
        transfer: TransferOptions | None = None,
        read_only: bool = False,
        busy_timeout: float = BUSY_TIMEOUT,
        durability: Literal["full", "relaxed"] = "full",
        max_bytes: int | None = None,
        min_free: int | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(
            options_of(
                path,
                pkg,
                url=url,
                files=files,
                objects=objects,
                transfer=transfer,
                read_only=read_only,
                busy_timeout=busy_timeout,
                durability=durability,
                max_bytes=max_bytes,
                min_free=min_free,
                clock=clock,
            )
        )

    @property
    def dir(self) -> str:
        """The directory of the files."""
        return os.fspath(self.places.root)

    @property
    def path(self) -> str:
        """Where the registry lies: a file, or the address of a server without secrets."""
        return self.database.where

    def __repr__(self) -> str:
        """Return ``Cache('<where the registry lies>')``."""
        return f"Cache({self.database.where!r})"

    def __enter__(self) -> Self:
        """Return the registry itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
