"""What may name an object."""

from __future__ import annotations

from typing import Final

from store.errors import UnsafeNameError

LONGEST: Final = 1024
"""The longest key that S3, Google's and Azure's stores take, in bytes of UTF-8."""

TRIAL_PREFIX: Final = ".store-condition-"
"""How the objects are called that try out whether a store honours conditions; 16 hex digits follow."""

_SHOWN: Final = 60
"""How much of a key that is too long is shown, in characters."""


def named(key: str) -> str:
    """Return a key that is not empty: a request for the empty one would be for the bucket itself.

    Raises:
        UnsafeNameError: It is empty, so that what is meant for an object would befall the bucket, or no
            UTF-8 text.
    """
    if not key:
        raise UnsafeNameError(
            "an empty key names no object, but the bucket itself: name an object", name=key
        )
    return spellable(key)


def spellable(key: str) -> str:
    """Return a key, or the beginning of some, that a store can be asked for.

    Raises:
        UnsafeNameError: It is no UTF-8 text.
    """
    if not key.isascii():
        try:
            key.encode()
        except UnicodeEncodeError:
            raise UnsafeNameError(
                f"{key!r} cannot be a key: it is no UTF-8 text; rename it", name=key
            ) from None
    return key


def writable(key: str) -> str:
    """Return a key under which an object may be written; of what is there already nothing is asked.

    Raises:
        UnsafeNameError: It is longer than `LONGEST`, or see `named`.
    """
    length = len(named(key).encode())
    if length > LONGEST:
        raise UnsafeNameError(
            f"the key {key[:_SHOWN]!r}… is {length} bytes long, and {LONGEST} is the most that object stores"
            " take: shorten it",
            name=key,
            limit=LONGEST,
        )
    return key
