"""Sends signed requests to one bucket of S3's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from store.errors import TransportError
from store.transports.base import TransferOptions
from store.transports.http.asker import Answer, Asker
from store.transports.objects.account import Account
from store.transports.objects.failures import advised
from store.transports.objects.signing import EMPTY, UNSIGNED, query_of, signed, spelled

_SLOWEST: Final = 256 << 10
"""How fast a server takes up what it was sent at least, before it answers, in bytes a second."""


class Sender:
    """Signs each request, and sends it.

    Args:
        account: How S3 is reached, with keys or anonymous.
        where: The bucket's address at its server, without a slash at the end.
        options: The time that is signed.
        asker: Sends.
    """

    def __init__(
        self, account: Account, where: str, options: TransferOptions, asker: Asker
    ) -> None:
        self._account = account
        self._where = where
        self._options = options
        self._asker = asker

    @property
    def signs_content(self) -> bool:
        """Whether bodies are signed: what is encrypted on its way need not be."""
        return not self._where.startswith("https:")

    def ask(
        self,
        method: str,
        key: str | None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | memoryview = b"",
        *,
        sha256: str | None = None,
    ) -> Answer:
        """Send one signed request, and return its answer, whatever its status.

        Args:
            method: The method.
            key: The object's name; None asks the bucket itself.
            query: The query's parameters.
            headers: What is sent, and signed, with it.
            body: What is sent along.
            sha256: What the body is said to be, in hex, where its SHA-256 is known.

        Raises:
            StoreError: No answer came.
        """
        path = "/" if key is None else f"/{spelled(key)}"
        asked = f"{self._where}{path}" + (f"?{query_of(query)}" if query else "")
        payload = EMPTY
        if len(body):
            payload = UNSIGNED
            if self.signs_content:
                payload = sha256 or hashlib.sha256(body).hexdigest()
        sent = signed(
            method,
            asked,
            headers or {},
            keys=self._account.keys,
            region=self._account.region,
            payload=payload,
            now=self._options.clock.now(),
        )
        sent["accept-encoding"] = "identity"
        try:
            return self._asker.ask(method, asked, sent, body=body, patience=len(body) / _SLOWEST)
        except TransportError as error:
            raise advised(error) from error.__cause__
