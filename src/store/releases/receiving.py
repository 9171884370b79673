"""Brings one blob from a CDCS to a file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final

from store.addresses import public
from store.errors import IntegrityError, ResourceNotFoundError, TransportError
from store.events import Event, Progressed
from store.files.atomic import private_directory, rename, write_bytes
from store.files.failures import storage_errors
from store.integrity.digest import Digest
from store.releases.curator import SLOWEST, Curator
from store.releases.pids import EMPTY, addresses_of
from store.releases.values import HEALING
from store.transports.base import TransferOptions
from store.transports.receiving import receive

_NAME: Final = "blob"
"""What it is called until it is whole."""

_LARGE: Final = 64 << 20
"""From which size on a server is given more time, in bytes: 64 MiB."""

_FAILS: Final = 500
"""What a CDCS says of a blob whose file its disk has lost."""

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
    with private_directory(target.parent) as directory, _damage_told(pid, curator):
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


@contextlib.contextmanager
def _damage_told(pid: str, curator: Curator) -> Iterator[None]:
    """Say of a blob that is missing or damaged what may be done: a pin has nothing to do with it."""
    shown = public(pid)
    try:
        yield
    except IntegrityError as error:
        counted = (error.expected or "").isdigit()
        found = f"{error.size} bytes" if counted else error.found
        wanted = f"{error.expected} bytes" if counted else error.expected
        raise IntegrityError(
            f"{shown} is not what was published: the server gives {found}, and it must have {wanted};"
            f" the archive is damaged; {HEALING}",
            url=error.url,
            expected=error.expected,
            found=error.found,
            size=error.size,
        ) from error
    except ResourceNotFoundError as error:
        raise ResourceNotFoundError(
            f"{shown} is missing at the server: the release is not whole; {HEALING}",
            url=error.url,
            status=error.status,
        ) from error
    except TransportError as error:
        if error.status != _FAILS:
            raise
        curator.get_workspaces()  # it answers everything else: its disk has lost this file
        raise ResourceNotFoundError(
            f"{shown} cannot be read by the server (status {_FAILS}): the release is not whole; {HEALING}",
            url=error.url,
            status=error.status,
        ) from error


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
    more = (1 << (size - 1).bit_length()) / SLOWEST
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
