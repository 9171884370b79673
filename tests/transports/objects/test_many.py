"""Requests for many objects are signed as a single one is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.testing.fakes import FakeClock
from store.transports.base import TransferOptions
from store.transports.objects.account import Account, Keys
from store.transports.objects.many import SignedRequests
from store.transports.objects.signing import EMPTY, signed, spelled

KEYS = Keys("ACCESSKEY0123456", "SECRETKEY0123456789")
TEMPORARY = Keys("ACCESSKEY0123456", "SECRETKEY0123456789", "token")


def account(keys: Keys | None, endpoint: str) -> Account:
    """Return how a server is reached."""
    return Account(endpoint, "eu-west-1", keys, keys is None, path_style=True, bundle=None)


def headers_in(request: bytes) -> dict[str, str]:
    """Return the headers of a request, names in lower case."""
    lines = request.decode("ascii").removesuffix("\r\n\r\n").split("\r\n")[1:]
    pairs = [line.split(": ", 1) for line in lines]
    assert len(pairs) == len({name.lower() for name, _ in pairs})
    return {name.lower(): value for name, value in pairs}


@given(key=st.text(min_size=1, max_size=40), seconds=st.integers(0, 10**9))
@pytest.mark.parametrize("keys", [KEYS, TEMPORARY])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "https://s3.example.org:443/base"])
def test_each_request_has_the_headers_of_a_single_one(
    key: str, seconds: int, keys: Keys, endpoint: str
) -> None:
    """Whatever the key, the time, the keys and the endpoint."""
    clock = FakeClock(seconds)
    where = f"{endpoint}/bucket"
    requests = SignedRequests(account(keys, endpoint), where, TransferOptions(clock=clock))
    requests.spelled("another")

    found = requests.spelled(key)

    if found is None:  # no key at all
        return
    address = f"{where}/{spelled(key)}"
    wanted = signed(
        "GET", address, {}, keys=keys, region="eu-west-1", payload=EMPTY, now=clock.now()
    )
    assert wanted.items() <= headers_in(found).items()
    assert address.endswith(found.split(b" ")[1].decode("ascii"))


def test_nobody_signs_for_who_has_no_keys() -> None:
    """The request is plain, and whole."""
    requests = SignedRequests(account(None, "http://h"), "http://h/bucket", TransferOptions())

    found = requests.spelled("a b")

    assert found is not None
    assert found.startswith(b"GET /bucket/a%20b HTTP/1.1\r\n")
    assert found.endswith(b"\r\n\r\n")
    assert "authorization" not in headers_in(found)
    assert headers_in(found)["host"] == "h"
