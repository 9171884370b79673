"""The body of an object, as our own HTTP gives it."""

from __future__ import annotations

from typing import Final

from store.errors import StoreError, TransportError, TruncatedError
from store.transports.http.asker import Answer
from store.transports.objects.answers import meta_of
from store.transports.objects.base import Body, ObjectMeta

_PARTIAL: Final = 206


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


def is_misnamed(answer: Answer) -> bool:
    """Whether an answer says of itself that it is a whole, and that it is a part."""
    return answer.status != _PARTIAL and "Content-Range" in answer.headers


def is_part(answer: Answer, start: int, end: int | None) -> bool:
    """Whether an answer is the very part that was asked for, by its range and its length."""
    try:
        answer.part(start, end)
    except ValueError:
        return False
    return True


def body_of(
    answer: Answer,
    address: str,
    key: str,
    start: int,
    end: int | None,
    *,
    misnamed: bool = False,
) -> Body:
    """Make sure of which part comes; a whole that was not asked for is read from its beginning.

    Args:
        answer: The answer; closed where it is refused.
        address: The bucket's address.
        key: The object's name.
        start: The first byte that was asked for.
        end: Behind the last one; None for all that follow.
        misnamed: Whether it is a part in spite of its status.

    Raises:
        TransportError: Another part comes, or nobody says which.
        TruncatedError: The store does not say how long it is.
    """
    size = answer.stream.size
    shown = f"{address}/{key}"
    try:
        if answer.status == _PARTIAL or misnamed:
            size = answer.part(start, end)
            end = size if end is None else min(end, size)
        elif size is None:
            raise TruncatedError(f"{shown}: the store does not say how long it is", url=shown)
        else:
            start, end = 0, size
    except ValueError as error:
        answer.stream.close()
        raise TransportError(
            f"{shown}: the store answered with {error}", url=shown, status=answer.status
        ) from None
    except StoreError:
        answer.stream.close()
        raise
    return SignedBody(meta_of(key, answer.headers, size), answer, start, end)
