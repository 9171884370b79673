"""Finds out whether a store honours conditions, and what was lost."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Final

from store.errors import DriftError, MissingKeyError, StoreError
from store.transports.base import TransferOptions
from store.transports.objects.answers import bare, quoted
from store.transports.objects.base import (
    Absent,
    Body,
    Condition,
    ObjectClient,
    ObjectMeta,
    Unchanged,
)
from store.transports.objects.failures import drifted, tried

_KEY: Final = ".store-condition-"
"""What the object of a trial is called, with a random word behind."""

_OTHER: Final = "0123456789abcdef0123456789abcdef"
"""An entity tag that no object of a trial has."""

_known: Final[dict[str, bool]] = {}
"""What was found out, by place; a trial writes, so that one a process must do."""

_lock: Final = threading.Lock()


def honours(client: ObjectClient, place: str) -> bool:
    """Return whether a store honours the conditions of a put: tried out once, and remembered.

    Args:
        client: Asks the store.
        place: What stands for the bucket: its address at its server.
    """
    with _lock:
        if place not in _known:
            _known[place] = _tried_out(client)
        return _known[place]


def _tried_out(client: ObjectClient) -> bool:
    key = f"{_KEY}{secrets.token_hex(8)}"
    try:
        client.put(key, b"1", condition=Absent())
        return _refused(client, key, Absent()) and _refused(client, key, Unchanged(_OTHER))
    except DriftError:  # it refuses what it should not
        return False
    finally:
        client.delete([key])


def _refused(client: ObjectClient, key: str, condition: Condition) -> bool:
    try:
        client.put(key, b"2", condition=condition)
    except DriftError:
        return True
    return False


def condition_headers(condition: Condition | None) -> dict[str, str]:
    """Return the headers that a condition is sent as."""
    if condition is None:
        return {}
    if isinstance(condition, Absent):
        return {"If-None-Match": "*"}
    return {"If-Match": quoted(condition.etag)}


def settled(
    client: ObjectClient,
    once: Callable[[], ObjectMeta],
    options: TransferOptions,
    wanted: ObjectMeta,
    condition: Condition | None,
) -> ObjectMeta:
    """Return what a put returns, tried again where that may help.

    Where an answer was lost, what was asked may have been done; the next try then finds that its condition
    does not hold, because of ourselves.

    Args:
        client: Asks the store.
        once: Puts the object.
        options: The bounds and the policy.
        wanted: The object as it is to be: its key, size and metadata.
        condition: Under which condition it is put.
    """
    failures: list[StoreError] = []
    try:
        return tried(once, options, lost=failures.append)
    except DriftError:
        if condition is None or not failures:
            raise
        found = _found(client, wanted.key)
        same = found is not None and (found.size, found.metadata) == (wanted.size, wanted.metadata)
        if found is None or not same or not wanted.metadata:
            raise
        return found


def _found(client: ObjectClient, key: str) -> ObjectMeta | None:
    try:
        return client.head(key)
    except MissingKeyError:
        return None


def checked_tag(body: Body, shown: str, etag: str | None) -> Body:
    """Return a body that is of the version that was wanted; some servers pass ``If-Match`` over.

    Args:
        body: What came; closed where it is another.
        shown: The object's address.
        etag: The entity tag that was wanted, or None.

    Raises:
        DriftError: It is another.
    """
    if etag is None or body.meta.etag is None or bare(etag) == body.meta.etag:
        return body
    body.close()
    raise drifted(shown, body.meta.key, etag)


def refuse_taken(client: ObjectClient, key: str) -> None:
    """Raise a DriftError where something lies under a key already."""
    if _found(client, key) is not None:
        raise drifted(f"{client.address}/{key}", key, None)
