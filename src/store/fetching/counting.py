"""Counts what the events of fetches tell."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

from store.cache.counts import Tally
from store.events import (
    STOPS,
    Attempted,
    Bypassed,
    Cached,
    Event,
    Failed,
    Hit,
    Progressed,
    Resumed,
    Shared,
    Started,
    key_of,
)


class Counter:
    """A listener that counts; safe for many threads."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._failures: dict[str, int] = {}
        self._received: dict[str, int] = {}
        self._hosts: dict[str, str] = {}
        self._started: set[str] = set()
        self._lock = threading.Lock()

    @property
    def tally(self) -> Tally:
        """What was counted until now."""
        return self._tally._replace(failures=dict(self._failures))

    def __call__(self, event: Event) -> None:
        """Count an event."""
        key = key_of(event)
        with self._lock:
            if isinstance(event, Progressed):
                self._moved(key, event.received)
            elif isinstance(event, Hit):
                self._add(hits=1, saved=event.size)
                self._started.discard(key)
            elif isinstance(event, Started):
                self._started.add(key)
            elif isinstance(event, Attempted):
                self._received[key] = 0
                self._hosts[key] = _host(event.address)
            elif isinstance(event, Resumed):
                self._received[key] = event.received
                self._add(resumed=event.received)
            elif isinstance(event, Shared):
                self._add(shared=1)
            elif isinstance(event, Cached | Bypassed):
                self._add(files=1)
                self._ended(key)
            elif isinstance(event, Failed):
                if event.error not in STOPS:
                    self._failed(event)
                self._ended(key)

    def _moved(self, key: str, received: int) -> None:
        more = received - self._received.get(key, 0)
        self._received[key] = received
        self._add(fetched=max(0, more))

    def _failed(self, event: Failed) -> None:
        host = self._hosts.get(key_of(event), "")
        kind = f"{event.error or '-'} {event.driver or '-'} {host or '-'}"
        self._failures[kind] = self._failures.get(kind, 0) + 1

    def _ended(self, key: str) -> None:
        self._add(misses=key in self._started)
        self._started.discard(key)
        self._received.pop(key, None)
        self._hosts.pop(key, None)

    def _add(self, **counts: int) -> None:
        tally = self._tally
        self._tally = tally._replace(
            **{name: getattr(tally, name) + more for name, more in counts.items()}
        )


def _host(address: str) -> str:
    """Return the host of an address, which was shown without its secrets; none for a file."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
