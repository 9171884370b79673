"""Spells signed requests for many small objects, read by one thread."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from store.errors import StoreError
from store.transports.base import TransferOptions
from store.transports.http.asking import asked_with
from store.transports.objects.account import Account
from store.transports.objects.signing import EMPTY, signed, signing_key, spelled

_PROBE: Final = "/probe"
"""A path whose request is signed to see what all requests of a second have in common."""


class SignedRequests:
    """Spells the GET of a whole object, signed when it is sent; `Asked.address` is its key.

    Requests of one second differ in their paths and signatures alone: all else is spelled once.

    Args:
        account: How S3 is reached.
        where: The bucket's address, without a slash at the end.
        options: The time that is signed, and what is said of ourselves.
    """

    def __init__(self, account: Account, where: str, options: TransferOptions) -> None:
        parts = urlsplit(where)
        self._account = account
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path
        self._said = asked_with(0, None, options.user_agent)
        self._clock = options.clock
        self._second = -1
        self._head = self._canonical = self._text = ""
        self._key = b""

    def spelled(self, address: str) -> bytes | None:
        """Return the request for a key; None where it is none."""
        try:
            path = f"{self._path}/{spelled(address)}"
        except StoreError:
            return None
        second = int(self._clock.now())
        if second != self._second:
            self._begin(second)
        signature = ""
        if self._key:
            digest = hashlib.sha256(f"GET\n{path}\n{self._canonical}".encode()).hexdigest()
            signature = hmac.digest(self._key, f"{self._text}{digest}".encode(), "sha256").hex()
        return f"GET {path} HTTP/1.1\r\n{self._head}{signature}\r\n\r\n".encode("ascii")

    def _begin(self, second: int) -> None:
        """Spell what the requests of a second have in common."""
        keys, region = self._account.keys, self._account.region
        sent = signed(
            "GET",
            self._origin + _PROBE,
            {},
            keys=keys,
            region=region,
            payload=EMPTY,
            now=second,
        )
        credential = sent.pop("authorization", "")
        names = sorted(sent)
        host = {"host": self._origin.partition("://")[2]}
        lines = {**host, **sent, **self._said}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        if keys is None:
            self._head = text.removesuffix("\r\n")
        else:
            stamp = sent["x-amz-date"]
            scope = f"{stamp[:8]}/{region}/s3/aws4_request"
            signable = "".join(f"{name}:{sent[name]}\n" for name in names)
            self._canonical = f"\n{signable}\n{';'.join(names)}\n{EMPTY}"
            self._text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n"
            self._key = signing_key(keys, scope)
            self._head = f"{text}authorization: {credential.rpartition('=')[0]}="
        self._second = second
