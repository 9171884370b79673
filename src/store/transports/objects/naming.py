"""What may name an object."""

from __future__ import annotations

from store.errors import UnsafeNameError


def named(key: str) -> str:
    """Return a key that is not empty: a request for the empty one would be for the bucket itself.

    Raises:
        UnsafeNameError: It is empty, so that what is meant for an object would befall the bucket.
    """
    if not key:
        raise UnsafeNameError(
            "an empty key names no object, but the bucket itself: name an object", name=key
        )
    return key
