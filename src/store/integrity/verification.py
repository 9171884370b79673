"""Holds a file against its digests."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final

from store.errors import IntegrityError
from store.integrity.digest import Digests
from store.integrity.hashing import hash_descriptor
from store.integrity.regular import open_regular
from store.integrity.stamp import Stamp

_LEDGER_SIZE: Final = 4096
"""How many fresh hashes are remembered at most; the oldest are forgotten first."""


class Ledger:
    """What was hashed while it was written, so that it need not be read again at once.

    A note is good for one use, and only while the file's stamp is the one it was taken with. The ledger
    belongs to a process and is empty after a fork.
    """

    def __init__(self) -> None:
        self._notes: OrderedDict[Stamp, Digests] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()

    def note(self, stamp: Stamp, digests: Digests) -> None:
        """Remember the digests of the file that has this stamp."""
        self._forget_the_parents()
        with self._lock:
            self._notes[stamp] = digests
            self._notes.move_to_end(stamp)
            while len(self._notes) > _LEDGER_SIZE:
                self._notes.popitem(last=False)

    def take(self, stamp: Stamp) -> Digests:
        """Return what was noted for the stamp, and forget it; no digests where nothing was."""
        if not self._notes:
            return ()
        self._forget_the_parents()
        with self._lock:
            return self._notes.pop(stamp, ())

    def _forget_the_parents(self) -> None:
        # The lock too: another thread of the parent may have held it at the fork, for ever.
        if self._process != os.getpid():
            self._notes = OrderedDict()
            self._lock = threading.Lock()
            self._process = os.getpid()


LEDGER: Final = Ledger()
"""The ledger of this process, written by ``transports.receiving``."""


def check_file(
    path: str | Path,
    digests: Digests,
    *,
    size: int | None = None,
    url: str | None = None,
    follow_links: bool = False,
    use_ledger: bool = False,
) -> Digests:
    """Hold a regular file against all of its digests, in one read.

    Args:
        path: The file.
        digests: What it should be; all of them must match.
        size: What it should measure, in bytes, or None.
        url: Where it came from, without secrets, for the error.
        follow_links: Accept a symbolic link and check what it leads to.
        use_ledger: Trust, once, what was hashed while the file was written.

    Returns:
        The digests that were computed or noted.

    Raises:
        IntegrityError: The content or its size differ.
        OSError: The file is missing or cannot be read.
        ValueError: It is no regular file.
    """
    descriptor = open_regular(path, follow_links=follow_links)
    try:
        status = os.fstat(descriptor)
        if size is not None and status.st_size != size:
            raise _mismatch(path, str(size), str(status.st_size), status.st_size, url)
        known = LEDGER.take(Stamp.of(status)) if use_ledger else ()
        if not {one.algorithm for one in digests} <= {one.algorithm for one in known}:
            known = hash_descriptor(descriptor, [one.algorithm for one in digests]).digests()
    finally:
        os.close(descriptor)
    compare(digests, known, size=status.st_size, path=path, url=url)
    return known


def compare(
    expected: Digests,
    found: Digests,
    *,
    size: int,
    path: str | Path | None = None,
    url: str | None = None,
) -> None:
    """Compare digests of a content with those it should have.

    Args:
        expected: What was pinned; all of it must be among ``found``.
        found: What the content has.
        size: The content's size in bytes, for the error.
        path: Its file, for the error.
        url: Its address without secrets, for the error.

    Raises:
        IntegrityError: One of them differs or was not computed.
    """
    computed = dict(found)
    for digest in expected:
        if computed.get(digest.algorithm) != digest.hex:
            actual = f"{digest.algorithm}:{computed.get(digest.algorithm, '(not computed)')}"
            raise _mismatch(path, str(digest), actual, size, url)


def _mismatch(
    path: str | Path | None, expected: str, found: str, size: int, url: str | None
) -> IntegrityError:
    subject = url or path or "the content"
    return IntegrityError(
        f"{subject} is not what was pinned: expected {expected}, found {found} ({size} bytes);"
        " if the source has changed on purpose, pin the new digest",
        path=None if path is None else str(path),
        url=url,
        expected=expected,
        found=found,
        size=size,
    )
