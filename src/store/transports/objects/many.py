"""Spells signed requests for many small objects, read by one thread."""

from __future__ import annotations

from urllib.parse import urlsplit

from store.errors import StoreError
from store.transports.base import TransferOptions
from store.transports.http.asking import asked_with
from store.transports.objects.account import Account
from store.transports.objects.signing import EMPTY, signed, spelled


class SignedRequests:
    """Spells the GET of a whole object, signed when it is sent; `Asked.address` is its key.

    Args:
        account: How S3 is reached.
        where: The bucket's address, without a slash at the end.
        options: The time that is signed, and what is said of ourselves.
    """

    def __init__(self, account: Account, where: str, options: TransferOptions) -> None:
        parts = urlsplit(where)
        self._account = account
        self._where = where
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.netloc
        self._said = asked_with(0, None, options.user_agent)
        self._clock = options.clock

    def spelled(self, address: str) -> bytes | None:
        """Return the request for a key; None where it is none."""
        try:
            asked = f"{self._where}/{spelled(address)}"
        except StoreError:
            return None
        headers = signed(
            "GET",
            asked,
            {},
            keys=self._account.keys,
            region=self._account.region,
            payload=EMPTY,
            now=self._clock.now(),
        )
        headers |= self._said
        headers.setdefault("host", self._host)
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"GET {asked.removeprefix(self._origin)} HTTP/1.1\r\n{text}\r\n".encode("ascii")
