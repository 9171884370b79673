"""Tells that a server takes no object of some key."""

from __future__ import annotations

from typing import Final

from store.errors import StoreError, UnsafeNameError
from store.transports.objects.told import is_plain

_OF_KEYS: Final = frozenset(
    {
        "InvalidObjectName",
        "InvalidResourceName",
        "InvalidURI",
        "InvalidUri",
        "KeyTooLong",
        "KeyTooLongError",
        "OutOfRangeInput",
        "XMinioInvalidObjectName",
        "XMinioParentIsObject",
    }
)
"""What stores call a request whose key they do not take."""

_PERHAPS: Final = frozenset({"BadRequest", "InvalidArgument", "InvalidRequest", None})
"""What some say of it that say the same of much else."""

_REFUSED: Final = 400
_TOO_LONG: Final = 414


def is_of_key(status: int, key: str | None, code: str | None) -> bool:
    """Whether an answer says that the key itself is refused.

    Args:
        status: The HTTP status.
        key: What was asked for, or None for the bucket itself.
        code: What the store calls the error, or None.
    """
    if key is None:
        return False
    if code in _OF_KEYS or status == _TOO_LONG:
        return True
    return status == _REFUSED and code in _PERHAPS and not is_plain(key)


def untaken(shown: str, key: str, said: str) -> UnsafeNameError:
    """Return the error of a key that a server does not take.

    Args:
        shown: The object's address.
        key: The key.
        said: How the server said so.
    """
    return UnsafeNameError(
        f"{shown}: this server takes no such key ({said}): rename the file, or exclude it (--exclude)",
        name=key,
        limit="key",
        url=shown,
    )


def misread(error: StoreError, shown: str, key: str) -> StoreError:
    """Return what a 404 to a write means: that what is not plain cannot be written there.

    Args:
        error: What was taken for a missing object.
        shown: The object's address.
        key: The key.
    """
    return error if is_plain(key) else untaken(shown, key, "404")
