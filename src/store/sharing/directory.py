"""A directory as a shared tier: of this machine, or mounted."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Final, TypeVar

from store.errors import (
    IntegrityError,
    ResourceNotFoundError,
    StorageError,
    StoreError,
    TransportTimeoutError,
)
from store.files.atomic import make_directories, replacing
from store.files.failures import storage_errors
from store.files.sweeping import SWEEPER
from store.integrity.hashing import CHUNK, Hashing
from store.integrity.regular import open_regular
from store.sharing.base import SharedTier
from store.sharing.hands import Hands, HungError
from store.transports.base import Conditions, Stream
from store.transports.bulk import Answer, Asked, Bulk, Came, Tell
from store.transports.local import LocalTransport

T = TypeVar("T")

_ALGORITHM: Final = "sha256"
_READ: Final = 0o444
_ALL: Final = 0o7777


_HANDS: Final = Hands()


class DirectoryTier(SharedTier):
    """Files below a directory that is there already, such as a mounted share.

    A content lies at ``cas/<2 hex>/<sha256>``, as in the directory of Bazel's ``--disk_cache``, so that one
    can be the other. The directory itself is never made: where a share is not mounted, its place on the
    local disk is not filled.
    """

    needs_network: ClassVar[bool] = False

    def address_of(self, name: str) -> str:
        """Return the path of a content."""
        return f"{self.tier.address}/cas/{name[:2]}/{name}"

    def open_stream(
        self, name: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open a file; a share that does not answer is waited for no longer than the tier's timeout."""

        def opened() -> Stream:
            """Open it, in a thread that may be left; look at a share that lacks it."""
            transport = LocalTransport(self.options)
            try:
                return transport.open_stream(self.address_of(name), offset, conditions=conditions)
            except ResourceNotFoundError:
                self._look()
                raise

        return _Patient(self._within(opened), self._within)

    def bulk(self, *, connections: int, largest: int) -> Bulk | None:
        """Return what reads many small files, one after the other."""
        del connections
        return _Files(self, largest)

    def read(self, path: str, largest: int) -> memoryview | None:
        """Return the bytes of a small file below the directory; None of a large one, or of what is no file.

        Args:
            path: The file.
            largest: How many bytes are few.

        Raises:
            ResourceNotFoundError: There is none.
            StorageError: It cannot be read.
            TransportTimeoutError: The share does not answer.
        """

        def small() -> memoryview | None:
            """Read it, in a thread that may be left; look at a share that lacks it."""
            try:
                descriptor = open_regular(path, follow_links=True)
            except FileNotFoundError as error:
                self._look()
                raise ResourceNotFoundError(f"{path}: there is no such file", url=path) from error
            except ValueError:
                return None
            try:
                data = os.read(descriptor, largest + 1)
            finally:
                os.close(descriptor)
            return None if len(data) > largest else memoryview(data)

        with storage_errors(path):
            return self._within(small)

    def holds(self, name: str) -> bool:
        """Return whether there is a regular file of that name."""

        def there() -> bool:
            """Ask for it, in a thread that may be left; look at a share that lacks it."""
            try:
                return stat.S_ISREG(os.stat(self.address_of(name)).st_mode)  # noqa: PTH116 - text
            except FileNotFoundError:
                self._look()
                return False

        with storage_errors(self.tier.address):
            return self._within(there)

    def put(self, name: str, path: Path) -> None:
        """Copy a file into the directory, under a hidden name until it is whole, and hashed on the way.

        Raises:
            IntegrityError: The file is no longer what its name says.
            StorageError: It cannot be read or written.
        """
        self._look()
        target = Path(self.address_of(name))
        with storage_errors(target):
            rights = os.stat(self.tier.address).st_mode & _ALL  # noqa: PTH116 - text
            self._make(target.parent, rights)
            SWEEPER.sweep(str(target.parent))
            with replacing(target) as descriptor:
                found = _copied(path, descriptor)
                if found != name:
                    raise IntegrityError(
                        f"{path} is no longer what it was when it was checked: it is not shared",
                        path=str(path),
                        expected=f"{_ALGORITHM}:{name}",
                        found=f"{_ALGORITHM}:{found}",
                    )
                # Whoever may read the directory may read what lies in it, whatever our umask.
                os.fchmod(descriptor, rights & _READ | stat.S_IRUSR)

    def reach(self) -> None:
        """Look whether the directory is there."""
        self._within(self._look)

    def _look(self) -> None:
        """Make sure that the directory is there.

        Raises:
            StorageError: It is not.
        """
        with storage_errors(self.tier.address):
            if not stat.S_ISDIR(os.stat(self.tier.address).st_mode):  # noqa: PTH116 - text
                raise NotADirectoryError(errno.ENOTDIR, "is no directory", self.tier.address)

    def _make(self, directory: Path, rights: int) -> None:
        """Make what lacks below the tier's directory, with the rights that the team gave to that."""
        for one in (directory.parent, directory):
            if one.is_symlink():  # whoever may write here might lead us elsewhere
                raise OSError(errno.ELOOP, "is a link, which is not followed", str(one))
            if not one.is_dir():
                make_directories(one)
                with contextlib.suppress(OSError):
                    one.chmod(rights)

    def _within(self, call: Callable[[], T]) -> T:
        """Return what a call returns that may hang in the system, as one on a dead share does.

        Raises:
            TransportTimeoutError: It has not come back in time; it is left behind.
        """
        try:
            return _HANDS.do(call, self.tier.timeout)
        except HungError:
            raise TransportTimeoutError(
                f"{self.address}: the directory did not answer within {self.tier.timeout:g} s",
                url=self.address,
            ) from None


class _Files(Bulk):
    """Reads small files, one after the other."""

    def __init__(self, tier: DirectoryTier, largest: int) -> None:
        self._tier = tier
        self._largest = largest

    def run(self, wanted: Iterator[Asked], tell: Tell) -> None:
        """Read all that is wanted; see `Bulk.run`."""
        clock = self._tier.options.clock
        for asked in wanted:
            began = clock.monotonic()
            answer: Answer
            try:
                data = self._tier.read(asked.address, self._largest)
                answer = None if data is None else Came(data, clock.monotonic() - began)
            except ResourceNotFoundError as error:
                answer = error
            except StoreError:  # whoever asks in the usual way is told why
                answer = None
            if not tell(asked, answer):
                return


class _Patient(Stream):
    """A file that is waited for no longer than its tier's timeout, read by read."""

    def __init__(self, stream: Stream, within: Callable[[Callable[[], int]], int]) -> None:
        self._stream = stream
        self._within = within
        self.address = stream.address
        self.offset = stream.offset
        self.size = stream.size
        self.last_modified = stream.last_modified
        self.accepts_ranges = stream.accepts_ranges

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes; see `Stream.readinto`."""
        return self._within(lambda: self._stream.readinto(buffer))

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _copied(path: Path, target: int) -> str:
    """Copy a file into an open one, and return the SHA-256 of what was copied.

    Raises:
        OSError: It cannot be read or written.
        StorageError: It is no regular file any more.
    """
    try:
        source = open_regular(path)
    except ValueError as error:
        raise StorageError(str(error), path=str(path)) from error
    try:
        hashing = Hashing((_ALGORITHM,))
        buffer = memoryview(bytearray(min(CHUNK, os.fstat(source).st_size + 1)))
        while count := os.readv(source, [buffer]):
            piece = buffer[:count]
            hashing.update(piece)
            while piece:
                piece = piece[os.write(target, piece) :]
    finally:
        os.close(source)
    return hashing.digests()[0].hex
