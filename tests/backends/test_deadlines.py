"""Waiting for another's download is a part of the call, and ends with its deadline."""

from __future__ import annotations

import hashlib
import threading

import pytest

from store.backends.http_store import HTTPStore
from store.cache.backends.base import Cache
from store.clock import SYSTEM_CLOCK
from store.errors import TransportTimeoutError
from store.testing.misbehaving import Stall
from store.testing.servers import Server
from store.transports.base import Bounds, TransferOptions

DATA = b"data" * 100


def test_a_call_waits_for_another_no_longer_than_its_deadline(cache: Cache) -> None:
    """The lock's timeout is a minute, the call's deadline far less."""
    store = HTTPStore(None, cache)
    store.options = TransferOptions(bounds=Bounds(deadline=0.5))
    held, done = threading.Event(), threading.Event()

    def hold(uid: str) -> None:
        with cache.content.flight(uid):
            held.set()
            done.wait(20)

    with Server() as server:
        url = server.serve("/a", DATA, fault=Stall(after=10))
        metadata = store.get_resource_metadata(
            {"url": url, "sha256": hashlib.sha256(DATA).hexdigest()}
        )
        holder = threading.Thread(target=hold, args=(metadata.uid,))
        holder.start()
        held.wait(10)
        begun = SYSTEM_CLOCK.monotonic()

        with pytest.raises(TransportTimeoutError):
            store.download_resource(metadata)

        taken = SYSTEM_CLOCK.monotonic() - begun
        done.set()
        holder.join()
    assert 0.4 < taken < 2
