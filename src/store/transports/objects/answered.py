"""The body of an object, as our own HTTP gives it."""

from __future__ import annotations

from store.transports.http.asker import Answer
from store.transports.objects.base import Body, ObjectMeta


class SignedBody(Body):
    """A body on its way over our own HTTP.

    Args:
        meta: What the store says of the object.
        answer: The answer.
        start: The first byte that comes.
        end: Behind the last one.
    """

    def __init__(self, meta: ObjectMeta, answer: Answer, start: int, end: int) -> None:
        self.meta, self.start, self.end = meta, start, end
        self._stream = answer.stream

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes."""
        return self._stream.readinto(buffer)

    def close(self) -> None:
        """Give the connection back, or close it."""
        self._stream.close()

    def abort(self) -> None:
        """Shut the connection down, from any thread."""
        self._stream.abort()
