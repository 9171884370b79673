"""Brings one blob from a CDCS to a file."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final

from store.errors import IntegrityError
from store.events import Event, Progressed
from store.files.atomic import private_directory, rename, write_bytes
from store.files.failures import storage_errors
from store.integrity.digest import Digest
from store.releases.curator import Curator
from store.releases.pids import EMPTY, addresses_of
from store.transports.base import TransferOptions
from store.transports.receiving import receive

_NAME: Final = "blob"
"""What it is called until it is whole."""

_LARGE: Final = 64 << 20
"""From which size on a server is given more time, in bytes: 64 MiB."""

_SLOWEST: Final = 16 << 20
"""How fast a server reads a blob at least, in bytes a second."""

_EMPTY: Final = Digest("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def receive_blob(
    curator: Curator,
    pid: str,
    target: Path,
    update: MutableMapping[str, Any],
    *,
    size: int | None = None,
    digest: Digest | None = None,
) -> None:
    """Bring a blob, held against what is known of it while it streams.

    Args:
        curator: The session at the archive.
        pid: Its persistent identifier.
        target: Where it comes to lie, whole or not at all.
        update: Its ``size`` is kept up to date; its ``digest`` tells the SHA-256 of what came.
        size: Its bytes, or None.
        digest: What it must be, or None.

    Raises:
        IntegrityError: It is not what it must be.
        StoreError: Nobody has it, or the server or the disk fails.
    """
    if pid == EMPTY:
        _check_empty(target, size, digest)
        with storage_errors(target):
            write_bytes(target, b"")
        update["digest"] = str(_EMPTY)
        return

    def tell(event: Event) -> None:
        """Keep the size up to date; here the update says whether to stop."""
        if isinstance(event, Progressed):
            update["size"] = event.received

    options = patient(curator.options, size or 0)._replace(listener=tell)
    with private_directory(target.parent) as directory:
        received = receive(
            addresses_of(pid, curator, pinned=digest is not None),
            directory,
            options=options,
            name=_NAME,
            digests=() if digest is None else (digest,),
            size=size,
        )
        update["size"] = received.size
        update["digest"] = next(str(one) for one in received.digests if one.algorithm == "sha256")
        rename(received.path, target)


def patient(options: TransferOptions, size: int) -> TransferOptions:
    """Return options that bear the silence of a server that reads a whole blob before it answers.

    A CDCS does so, at 16 MiB a second at least. Steps of doubled size keep the kinds of options few, each of
    which has connections of its own.

    Args:
        options: How bytes are to be moved.
        size: The blob's bytes.
    """
    if size < _LARGE:
        return options
    more = (1 << (size - 1).bit_length()) / _SLOWEST
    bounds = options.bounds
    return options._replace(
        bounds=bounds._replace(
            read_timeout=bounds.read_timeout + more, stall_timeout=bounds.stall_timeout + more
        )
    )


def _check_empty(target: Path, size: int | None, digest: Digest | None) -> None:
    pinned = digest is not None and digest.algorithm == "sha256" and digest != _EMPTY
    if size or pinned:
        raise IntegrityError(
            f"the record contradicts itself: {target.name} has the id of an empty file, and {size} bytes",
            path=str(target),
            expected=str(digest) if pinned else str(size),
            found=str(_EMPTY) if pinned else "0",
        )
