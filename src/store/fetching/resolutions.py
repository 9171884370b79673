"""Remembers what a query resolved to, so that a pin is looked up once."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from store import jsontext
from store.addresses import public
from store.backends.known import KnownResource
from store.backends.resources import Digested
from store.cache.layout import Layout
from store.clock import SYSTEM_CLOCK, Clock
from store.errors import StoreError
from store.files.names import derived_name
from store.integrity.digest import digests_from

log = logging.getLogger(__name__)

DIRECTORY: Final = "resolutions/v1"
"""Where the answers lie below the cache's directory."""


class Resolutions:
    """Answers of stores, by driver, query, configuration and context; one small JSON file each.

    Only what `Digested` declares is remembered, and no address that holds a secret (a user, a
    password, a query).

    Args:
        directory: `DIRECTORY` below a cache's directory; made when first written to.
        clock: The time.
    """

    def __init__(self, directory: str | Path, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._directory = os.fspath(directory)
        self._layout = Layout(self._directory.removesuffix(f"/{DIRECTORY}"))
        self._clock = clock

    def get(self, key: str, max_age: float, *, lasting: bool = False) -> KnownResource | None:
        """Return the answer that is at most ``max_age`` seconds old, or None; if asked so, one that lasts.

        Damage is a miss, and so is an answer from the future.
        """
        try:
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            data = jsontext.loads(os.read(descriptor, 1 << 20))
            age = self._clock.now() - data["at"]
            if not 0 <= age <= max_age or (lasting and not data.get("lasting", True)):
                return None
            return _resource(data)
        except (OSError, ValueError, KeyError, TypeError, StoreError):
            log.warning("the remembered answer %s is damaged and is asked for anew", key)
            return None
        finally:
            os.close(descriptor)

    def put(self, key: str, resource: Digested, *, lasting: bool = True) -> None:
        """Remember an answer, and whether it lasts; failing to is logged, never raised."""
        from store.cache.quarantine import made_way
        from store.files.atomic import write_bytes

        path = self._path(key)
        made_way(self._layout, path, self._clock)
        data = {
            "at": self._clock.now(),
            "digests": [str(digest) for digest in resource.digests],
            "size": resource.size,
            "filename": resource.filename,
            "urls": [url for url in resource.urls if public(url) == url],
            "lasting": lasting,
        }
        try:
            write_bytes(path, json.dumps(data).encode())
        except StoreError as error:
            log.debug("the answer is not remembered: %s", error)

    def forget(self, key: str) -> None:
        """Forget an answer, if it is there and can be removed."""
        with contextlib.suppress(OSError):
            os.unlink(self._path(key))  # noqa: PTH108 - no Path on the warm path

    def _path(self, key: str) -> str:
        return f"{self._directory}/{key[:2]}/{key}.json"


def _resource(data: Mapping[str, Any]) -> KnownResource:
    digests = digests_from(data["digests"])
    if not digests:
        raise ValueError("it has no digests")
    return KnownResource(
        digests=digests, size=data["size"], filename=data["filename"], urls=tuple(data["urls"])
    )


def resolution_key(
    driver: str,
    query: Mapping[str, Any],
    configuration: Any,  # noqa: ANN401 - each driver has its own
    context: Mapping[str, str],
) -> str:
    """Return 64 hexadecimal digits that stand for all that decides an answer.

    Types are told apart; the order of keys is not. No secret can be read from it.
    """
    whole = [driver, query, configuration, context]
    return derived_name(json.dumps(whole, sort_keys=True, default=_spelled))


def _spelled(value: object) -> Any:  # noqa: ANN401 - what JSON can hold
    if isinstance(value, Mapping):
        return dict(value)
    return [type(value).__name__, str(value)]
