"""The body of an object, as the library obstore gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from store.transports.base import TransferOptions
from store.transports.deadlines import current
from store.transports.limiting import limiter_for
from store.transports.objects.base import Body, ObjectMeta
from store.transports.objects.failures import late, mapped, truncated

_CHUNK: Final = 64 << 10
"""How much a body is waited for at least before it is handed on, in bytes."""


class ObstoreBody(Body):
    """A body on its way through the library.

    Args:
        result: What the library returned.
        meta: What the store says of the object.
        address: The bucket's address.
        options: The bounds and the bandwidth.
    """

    def __init__(
        self,
        result: Any,  # noqa: ANN401 - the library's
        meta: ObjectMeta,
        *,
        address: str,
        options: TransferOptions,
    ) -> None:
        self.meta = meta
        self.start, self.end = result.range
        self._shown = f"{address}/{meta.key}"
        self._address = address
        self._chunks: Iterator[Any] | None = iter(result.stream(min_chunk_size=_CHUNK))
        self._chunk = memoryview(b"")
        self._rest = self.end - self.start
        self._deadline = current(options.clock)
        self._limiter = limiter_for(options.limit_rate, options.clock)

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes."""
        if self._rest == 0:
            return 0
        if not len(self._chunk):
            self._chunk = memoryview(self._next()).cast("B")
        count = min(len(buffer), len(self._chunk))
        if self._limiter is not None:
            count = min(count, self._limiter.piece)
        buffer[:count] = self._chunk[:count]
        self._chunk = self._chunk[count:]
        self._rest -= count
        if self._limiter is not None:
            self._limiter.take(count, self._deadline)
        return count

    def _next(self) -> Any:  # noqa: ANN401 - the library's bytes
        """Return the next chunk; never an empty one."""
        if self._chunks is None or self._deadline.left() <= 0:
            self.close()
            raise late(self._shown, self._deadline)
        try:
            chunk = next(self._chunks, b"")
        except Exception as error:  # noqa: BLE001 - the library's own
            self.close()
            raise mapped(error, self._address, key=self.meta.key) from None
        if not len(chunk) or len(chunk) > self._rest:
            self.close()
            raise truncated(
                self._shown,
                expected=self.end - self.start,
                found=self.end - self.start - self._rest + len(chunk),
            )
        return chunk

    def close(self) -> None:
        """Let the connection go."""
        self._chunks = None
        self._chunk = memoryview(b"")
