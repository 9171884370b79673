"""A large object comes in parts where the store gives them, and never wrongly."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.buckets.transfers import get_file
from store.testing.answering import Fault
from store.testing.object_servers import ACCESS_KEY, SECRET_KEY
from store.testing.ranging import ForParts, OtherPart, Whole
from store.testing.servers import Server
from store.transports import growth
from store.transports.base import Retrying, TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.objects.connection import Connection
from store.transports.objects.opening import open_objects
from store.transports.ranges import PARTED_FROM

LARGE = hashlib.sha256(b"large").digest() * (PARTED_FROM // 32 + 50_000)
OTHER = LARGE[::-1]
KEPT = {"x-amz-meta-store-sha256": hashlib.sha256(LARGE).hexdigest()}
OPTIONS = TransferOptions(retrying=Retrying(attempts=3, base=0.0))


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    with Server() as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[ObjectClient]:
    """Open a bucket at it."""
    known = Connection(server.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="r")
    with contextlib.closing(open_objects("s3://bucket", OPTIONS, connection=known)) as opened:
        yield opened


def asked(server: Server) -> tuple[int, int]:
    """Return how often the whole was asked for, and how often a part of more than a byte."""
    ranges = [one.headers.get("range") for one in server.asked("/bucket/key")]
    last = f"bytes={len(LARGE) - 1}-{len(LARGE) - 1}"
    return ranges.count(None), len([one for one in ranges if one not in {None, last}])


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine count as fast, whatever else it does."""
    monkeypatch.setattr(growth, "ENOUGH", 1)
    monkeypatch.setattr(growth, "APART_FROM", 1)


@pytest.mark.parametrize("dialect", [None, ForParts(OtherPart(status=200))])
def test_what_follows_its_beginning_is_asked_for_as_a_part(
    server: Server, client: ObjectClient, tmp_path: Path, dialect: Fault | None
) -> None:
    """Whether a part is called one or not."""
    server.serve("/bucket/key", LARGE, headers=KEPT, fault=dialect)

    got = get_file(client, "key", tmp_path / "got", options=OPTIONS)

    assert got.verified
    assert (tmp_path / "got").read_bytes() == LARGE
    whole, parts = asked(server)
    assert whole == 1
    assert parts == 1


def test_parts_that_lie_are_found_out_and_the_whole_is_asked_for(
    server: Server, client: ObjectClient, tmp_path: Path
) -> None:
    """The digest tells; then no answer of status 200 is taken for a part any more."""
    lie = ForParts(OtherPart(status=200, data=OTHER))
    server.serve("/bucket/key", LARGE, headers=KEPT, fault=lie)

    get_file(client, "key", tmp_path / "got", options=OPTIONS)

    assert (tmp_path / "got").read_bytes() == LARGE
    assert asked(server)[0] >= 2


@pytest.mark.parametrize("fault", [ForParts(OtherPart(status=200)), ForParts(Whole())])
def test_without_a_digest_a_part_has_to_be_called_one(
    server: Server, client: ObjectClient, tmp_path: Path, fault: Fault
) -> None:
    """Nothing else could tell that it is one: the whole is taken from its beginning."""
    server.serve("/bucket/key", LARGE, fault=fault)

    got = get_file(client, "key", tmp_path / "got", options=OPTIONS)

    assert not got.verified
    assert (tmp_path / "got").read_bytes() == LARGE
    assert asked(server)[1] == 0
