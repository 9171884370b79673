"""Finds out whether a store honours the conditions of a put."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from typing import Final

from store.errors import (
    CredentialsError,
    DriftError,
    MissingKeyError,
    StoreError,
    TransportError,
)
from store.transports.objects.base import ObjectClient, Unchanged
from store.transports.objects.naming import TRIAL_PREFIX

log = logging.getLogger(__name__)

_OTHER: Final = "0123456789abcdef0123456789abcdef"
"""An entity tag that no object of a trial has."""

_UNKNOWN: Final = frozenset({400, 501})
"""How a store may say that it knows no such condition."""

_known: Final[dict[str, bool]] = {}
"""What was found out, by place; a trial writes, so that one a process must do."""

_lock = threading.Lock()


def honours(client: ObjectClient, place: str, within: str) -> bool | None:
    """Return whether a store honours the conditions of a put: tried out once, and remembered.

    Args:
        client: Asks the store.
        place: What stands for the bucket: its address at its server.
        within: What the key of the trial begins with.

    Returns:
        None where the trial is forbidden; another directory may then be tried.
    """
    with _lock:
        found = _known.get(place)
        if found is None:
            found = _tried_out(client, within)
            if found is not None:
                _known[place] = found
        return found


def _tried_out(client: ObjectClient, within: str) -> bool | None:
    """Ask for what a store must refuse that honours conditions; then nothing was written, in no version."""
    key = f"{within}{TRIAL_PREFIX}{secrets.token_hex(8)}"
    try:
        client.put(key, b"1", condition=Unchanged(_OTHER))
    except (DriftError, MissingKeyError):
        return True
    except CredentialsError as error:
        log.info("whether conditions are honoured cannot be tried out: %s", error)
        return None
    except TransportError as error:
        if error.status not in _UNKNOWN:
            raise
        return False
    try:
        client.delete([key])
    except StoreError as error:
        log.warning(
            "%s/%s is left there, since it may not be deleted: %s", client.address, key, error
        )
    return False


def _begin_anew() -> None:
    """Free what a thread of the parent held when a fork began."""
    global _lock  # noqa: PLW0603 - one for the process
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_begin_anew)
