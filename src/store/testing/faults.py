"""Faults: what breaks on purpose, so that a test sees what follows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store.addresses import public
from store.cache.backends.base import DEFAULT_TIMEOUT, Cache
from store.errors import CacheError, StoreError, TransportError
from store.records import Provenance
from store.transports.base import Conditions, Stream, Transport


class RaisingCache(Cache):
    """A cache of which every method raises `CacheError`, while its content works.

    Attributes:
        asked: How often one of them was called.
    """

    asked = 0

    def get(self, uid: str, default: Any = None) -> Any:  # noqa: ANN401, ARG002 - the interface's
        """Raise."""
        raise self._error(f"get {uid!r}")

    def set(self, uid: str, value: Any, timeout: float = DEFAULT_TIMEOUT) -> bool:  # noqa: ANN401, ARG002 - the interface's
        """Raise."""
        raise self._error(f"set {uid!r}")

    def delete(self, uid: str) -> None:
        """Raise."""
        raise self._error(f"delete {uid!r}")

    def clear(self) -> None:
        """Raise."""
        raise self._error("clear")

    def record(self, uid: str, provenance: Provenance) -> None:  # noqa: ARG002 - the interface's
        """Raise."""
        raise self._error(f"record {uid!r}")

    def _error(self, wish: str) -> CacheError:
        self.asked += 1
        return CacheError(f"this cache is broken on purpose: it was to {wish}")


class FailingStream(Stream):
    """A body that breaks off.

    Args:
        stream: The body that is handed on.
        after: How many bytes come before the error.
        error: Makes the error.
    """

    def __init__(self, stream: Stream, after: int, error: Callable[[], StoreError]) -> None:
        self._stream = stream
        self._left = after
        self._error = error
        for name in (
            "address",
            "offset",
            "size",
            "etag",
            "last_modified",
            "accepts_ranges",
            "filename",
        ):
            setattr(self, name, getattr(stream, name))

    def readinto(self, buffer: memoryview) -> int:
        """Hand bytes on until it is time to fail."""
        if self._left <= 0:
            raise self._error()
        count = self._stream.readinto(buffer[: self._left])
        self._left -= count
        return count

    def close(self) -> None:
        """Close the body."""
        self._stream.close()


class FailingTransport(Transport):
    """A transport whose first bodies break off; later ones are whole.

    Args:
        transport: Who opens the addresses.
        after: How many bytes of a body come before the error.
        times: How many bodies break off; None for all.
        error: Makes the error; None makes a `TransportError`.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        after: int,
        times: int | None = None,
        error: Callable[[], StoreError] | None = None,
    ) -> None:
        super().__init__(transport.options)
        self._transport = transport
        self._after = after
        self._times = times
        self._error = error

    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open a body, which may break off."""
        stream = self._transport.open_stream(address, offset, conditions=conditions)
        if self._times == 0:
            return stream
        if self._times is not None:
            self._times -= 1
        return FailingStream(stream, self._after, self._error or (lambda: _broken(address)))


def _broken(address: str) -> TransportError:
    shown = public(address)
    return TransportError(f"{shown}: the connection broke, on purpose", url=shown)


def flip_bit(path: str | Path) -> None:
    """Change one bit in the middle of a file, and put size, mode and modification time back.

    Raises:
        ValueError: The file is empty.
    """
    status = os.stat(path)  # noqa: PTH116 - beside the other calls of its kind
    if status.st_size == 0:
        raise ValueError(f"{path} is empty: it has no bit to flip")
    middle = status.st_size // 2
    _writable(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        byte = os.pread(descriptor, 1, middle)[0]
        os.pwrite(descriptor, bytes([byte ^ 1]), middle)
    finally:
        os.close(descriptor)
    _put_back(path, status)


def cut_short(path: str | Path) -> None:
    """Cut a file to half of its size, and put mode and modification time back."""
    status = os.stat(path)  # noqa: PTH116 - beside the other calls of its kind
    _writable(path)
    os.truncate(path, status.st_size // 2)
    _put_back(path, status)


def scramble(path: str | Path) -> None:
    """Write garbage over a file in place, its size kept; mode and modification time are put back."""
    status = os.stat(path)  # noqa: PTH116 - beside the other calls of its kind
    _writable(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, (b"\xff\x00garbage" * status.st_size)[: status.st_size], 0)
    finally:
        os.close(descriptor)
    _put_back(path, status)


def overwrite(path: str | Path, content: bytes) -> None:
    """Replace the content of a file in place: the same inode, another content."""
    _writable(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def _writable(path: str | Path) -> None:
    Path(path).chmod(0o644)


def _put_back(path: str | Path, status: os.stat_result) -> None:
    Path(path).chmod(status.st_mode & 0o7777)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
