"""Finds out why a server may have failed at a key."""

from __future__ import annotations

from typing import Final

from store.errors import MissingKeyError, StoreError, TransportError
from store.transports.objects.base import ObjectClient
from store.transports.repeating import asking_once

_FAULT: Final = 500


def explained(client: ObjectClient, key: str, error: TransportError) -> TransportError:
    """Return an error of a put that says what stands in the way, where that is found.

    Servers that keep objects as files (``rclone serve s3``) fail at ``a/b`` where there is an ``a``.

    Args:
        client: The bucket's objects.
        key: What was put.
        error: What the server said, after all tries.
    """
    if error.status != _FAULT:
        return error
    try:
        with asking_once():
            other = _in_the_way(client, key)
    except StoreError:
        return error
    if other is None:
        return error
    return TransportError(
        f"{client.address}/{key}: the server answered {_FAULT}, as those do that keep objects as files, where"
        f" one lies in the way of another: {other!r} is there; rename one of them, or exclude it (--exclude)",
        url=error.url,
        status=error.status,
    )


def _in_the_way(client: ObjectClient, key: str) -> str | None:
    """Return the key of an object at the path of a directory of this one."""
    parent = key.rpartition("/")[0]
    while parent:
        try:
            client.head(parent)
        except MissingKeyError:
            parent = parent.rpartition("/")[0]
        else:
            return parent
    return None
