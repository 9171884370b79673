"""Parts go up several at once where that is faster, else one by one."""

from __future__ import annotations

import hashlib
import io
import math
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from store.errors import TransportError
from store.transports.base import TransferOptions
from store.transports.http.asker import Answer
from store.transports.objects import widening
from store.transports.objects.multipart import AT_ONCE, Upload
from store.transports.objects.opening import open_objects
from store.transports.objects.signed import SignedObjects
from store.transports.objects.sources import PART, Summed, opened
from store.transports.objects.widening import ALONE

DATA = hashlib.sha256(b"data").digest() * (8 * PART // 32 + 1)


class Watched:
    """Asks a real server, and counts how many parts are under way; it may hold the first ones back."""

    def __init__(self, client: SignedObjects, held: int) -> None:
        self._ask = client.ask
        self._lock = threading.Lock()
        self._gate = threading.Barrier(held) if held > 1 else None
        self._held = held
        self._seen = 0
        self._now = 0
        self.most = 0
        self.under_way: list[int] = []

    def __call__(self, method: str, *given: Any, **more: Any) -> Answer:
        """Send a request; the first parts wait for one another."""
        if method != "PUT":
            return self._ask(method, *given, **more)
        with self._lock:
            self._now += 1
            self._seen += 1
            self.most = max(self.most, self._now)
            self.under_way.append(self._now)
            waits = self._seen <= self._held
        try:
            if waits and self._gate is not None:
                self._gate.wait(10)
            return self._ask(method, *given, **more)
        finally:
            with self._lock:
                self._now -= 1


@pytest.fixture
def client(rclone_server: Any) -> Iterator[SignedObjects]:
    """Open an empty bucket."""
    found = open_objects(f"s3://{rclone_server.new_bucket()}", connection=rclone_server.connection)
    reader = found.reader()
    assert isinstance(reader, SignedObjects)
    yield reader
    found.close()


def put(client: SignedObjects, ask: Watched) -> None:
    """Put the object, and see that it is there."""
    upload = Upload(ask, TransferOptions(), client.address, "key")
    with opened(DATA) as source:
        upload.put(source, {}, None, None, held=lambda: None)
    got, count = memoryview(bytearray(len(DATA) + 1)), 0
    with client.get("key") as body:
        while more := body.readinto(got[count:]):
            count += more
    assert got[:count] == DATA


def test_parts_go_up_one_by_one_where_several_are_hardly_faster(
    client: SignedObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried with as many as there may be, once those before have told how fast one is."""
    monkeypatch.setattr(widening, "WORTH", math.inf)
    monkeypatch.setattr(widening, "PATIENCE", 60.0)
    ask = Watched(client, held=1)

    put(client, ask)

    assert ask.under_way[:ALONE] == [1] * ALONE
    assert ask.under_way[ALONE + AT_ONCE :] == [1, 1]
    assert ask.most <= AT_ONCE


def test_what_is_slow_goes_up_in_several_parts_at_once(client: SignedObjects) -> None:
    """As soon as one has taken too long, and no more than there may be."""
    ask = Watched(client, held=AT_ONCE)

    put(client, ask)

    assert ask.most == AT_ONCE


class Checking(Watched):
    """Asks a real server, and holds what is sent to its sum, as Ceph's gateway does."""

    def __init__(self, client: SignedObjects) -> None:
        super().__init__(client, held=1)
        self.sums: list[str | None] = []

    def __call__(self, method: str, *given: Any, **more: Any) -> Answer:
        """Refuse what is not what it is said to be."""
        if method == "PUT":
            said = more["sha256"]
            self.sums.append(said)
            if said not in {None, hashlib.sha256(given[-1]).hexdigest()}:
                raise TransportError("XAmzContentSHA256Mismatch", status=400)
        return super().__call__(method, *given, **more)


def sums_of(data: bytes) -> list[str]:
    """Return the SHA-256 of each part."""
    return [
        hashlib.sha256(data[begin : begin + PART]).hexdigest()
        for begin in range(0, len(data), PART)
    ]


def put_summed(client: SignedObjects, ask: Checking, sums: list[str]) -> None:
    """Put the object of which the sums are said to be known."""
    upload = Upload(ask, TransferOptions(), client.address, "key")
    with Summed(io.BytesIO(DATA), PART, sums) as file, opened(file) as source:  # type: ignore[arg-type]
        upload.put(source, {}, None, None, held=lambda: None)


def test_parts_are_signed_with_sums_that_are_known(client: SignedObjects) -> None:
    """None is computed again."""
    ask, sums = Checking(client), sums_of(DATA)

    put_summed(client, ask, sums)

    assert sorted(map(str, ask.sums)) == sorted(sums)
    assert client.head("key").size == len(DATA)


def test_a_part_that_changed_since_it_was_hashed_goes_up_as_it_is(client: SignedObjects) -> None:
    """Whoever reads it finds that out at its end, and says it better than a refused signature."""
    ask, sums = Checking(client), ["0" * 64, *sums_of(DATA)[1:]]

    put_summed(client, ask, sums)

    assert ask.sums.count(None) == 1
    assert client.head("key").size == len(DATA)


def test_a_part_that_fails_for_another_reason_is_not_sent_under_another_sum(
    client: SignedObjects,
) -> None:
    """It is what it was: the failure is the store's."""
    ask = Checking(client)
    upload = Upload(ask, TransferOptions(), client.address, "key")
    upload._upload = "none"

    with pytest.raises(TransportError):
        upload._part(1, DATA[:PART], sums_of(DATA)[0])

    assert len(ask.sums) == 1
