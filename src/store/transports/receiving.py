"""The one way in: a body becomes a file that was counted and hashed while it was written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from store.integrity.digest import DEFAULT_ALGORITHM, Digests
from store.transports.base import TransferOptions


@attrs.frozen(kw_only=True)
class Attempt:
    """One try at one address, as told in results and errors.

    Attributes:
        address: Where, without secrets.
        reason: Why it failed, in a sentence; None for the one that succeeded.
        received: Bytes that came.
        seconds: How long it took.
    """

    address: str
    reason: str | None
    received: int
    seconds: float


@attrs.frozen(kw_only=True)
class Received:
    """A file that came in.

    Attributes:
        path: Where it lies.
        size: Its size in bytes.
        digests: What was computed on the way, strongest first.
        address: The address that gave it, without secrets.
        etag: Its entity tag, or None.
        last_modified: Its time of change as an HTTP date, or None.
        filename: A name that the source suggests, as a label, or None.
        attempts: Every try, the last of which succeeded.
    """

    path: Path
    size: int
    digests: Digests
    address: str
    etag: str | None = None
    last_modified: str | None = None
    filename: str | None = None
    attempts: tuple[Attempt, ...] = ()


def receive(
    addresses: str | Sequence[str],
    directory: str | Path,
    *,
    options: TransferOptions,
    name: str | None = None,
    digests: Digests = (),
    size: int | None = None,
    algorithms: Iterable[str] = (DEFAULT_ALGORITHM,),
) -> Received:
    """Bring a resource into a directory, whole and verified, or not at all.

    Transient failures are tried again with jitter, within the deadline; several addresses are asked in
    turn, and the next one is tried on any failure, a wrong digest included. A digest mismatch is tried
    once more from zero, at another address first. The file's stamp and digests are noted in
    ``integrity.verification.LEDGER``, so that it need not be read again to be verified. The digests are
    checked here already, where they are given.

    Args:
        addresses: Where it can be had, the best first.
        directory: Where the file is to lie; it must exist. The file is made under a hidden name and
            renamed when it is whole; on failure nothing is left there.
        options: How bytes are to be moved.
        name: The file's name; None takes the address's last segment, made safe.
        digests: What the content must be.
        size: What it must measure, in bytes.
        algorithms: What to compute beside the algorithms of ``digests``.

    Returns:
        The file and what is known of it.

    Raises:
        StoreError: What the last address said; ``attempts`` holds every try. A wrong digest is an
            `IntegrityError`, no room a `StorageError`, an announced or counted size over ``max_size`` a
            `TooLargeError`.
    """
    raise NotImplementedError
