"""Finds out whether a store honours the conditions of a put."""

from __future__ import annotations

import secrets
import threading
from typing import Final

from store.errors import DriftError, TransportError
from store.transports.objects.base import Absent, Condition, ObjectClient, Unchanged

_KEY: Final = ".store-condition-"
"""What the object of a trial is called, with a random word behind."""

_OTHER: Final = "0123456789abcdef0123456789abcdef"
"""An entity tag that no object of a trial has."""

_UNKNOWN: Final = frozenset({400, 501})
"""How a store may say that it knows no such condition."""

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
        first = client.put(key, b"1", condition=Absent())
        if not (_refused(client, key, Absent()) and _refused(client, key, Unchanged(_OTHER))):
            return False
        client.put(key, b"3", condition=Unchanged(first.etag or _OTHER))
    except DriftError:  # it refuses what it should not
        return False
    except TransportError as error:
        if error.status not in _UNKNOWN:
            raise
        return False
    else:
        return True
    finally:
        client.delete([key])


def _refused(client: ObjectClient, key: str, condition: Condition) -> bool:
    try:
        client.put(key, b"2", condition=condition)
    except DriftError:
        return True
    return False
