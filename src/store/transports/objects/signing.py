"""Signs requests to S3 (AWS Signature Version 4)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from store.transports.objects.account import Keys
from store.transports.objects.naming import named

UNSIGNED: Final = "UNSIGNED-PAYLOAD"
"""Stands for the digest of a body that TLS protects."""

EMPTY: Final = hashlib.sha256(b"").hexdigest()
"""The digest of no body."""


def spelled(key: str) -> str:
    """Return a key as it stands in a path: all but letters, digits, ``-._~`` and ``/`` is escaped.

    Raises:
        UnsafeNameError: See `named`.
    """
    return quote(named(key), safe="/-._~", errors="surrogatepass")


def query_of(parameters: Mapping[str, str]) -> str:
    """Return a query in the order and spelling in which it is signed."""
    pairs = sorted(
        (quote(name, safe="-._~"), quote(value, safe="-._~")) for name, value in parameters.items()
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed(
    method: str,
    address: str,
    headers: Mapping[str, str],
    *,
    keys: Keys | None,
    region: str,
    payload: str = EMPTY,
    now: float,
) -> dict[str, str]:
    """Return the headers of a request, with what signs it.

    Source: "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk"
    of the Amazon S3 API reference.

    Args:
        method: The method.
        address: The address, spelled as `spelled` and `query_of` do.
        headers: What is sent; all of it is signed.
        keys: What is signed with; None signs nothing.
        region: The region.
        payload: The SHA-256 of the body in hex, or `UNSIGNED`.
        now: The time, in seconds since 1970 UTC.
    """
    sent = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    if keys is None:
        return sent
    parts = urlsplit(address)
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    sent |= {"host": _host(parts.netloc, parts.scheme), "x-amz-date": stamp}
    sent["x-amz-content-sha256"] = payload
    if keys.session_token:
        sent["x-amz-security-token"] = keys.session_token
    sent["authorization"] = _authorization(method, address, sent, keys, f"{stamp[:8]}/{region}")
    return sent


def _authorization(
    method: str, address: str, sent: Mapping[str, str], keys: Keys, day_and_region: str
) -> str:
    """Return the header that signs all other headers."""
    parts = urlsplit(address)
    names = sorted(sent)
    listed = ";".join(names)
    lines = [f"{name}:{sent[name]}" for name in names]
    payload = sent["x-amz-content-sha256"]
    canonical = "\n".join([method, parts.path or "/", parts.query, *lines, "", listed, payload])
    scope = f"{day_and_region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{sent['x-amz-date']}\n{scope}\n{digest}"
    signature = hmac.digest(signing_key(keys, scope), text.encode(), "sha256").hex()
    return (
        f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, SignedHeaders={listed},"
        f" Signature={signature}"
    )


def signing_key(keys: Keys, scope: str) -> bytes:
    """Return what is signed with on one day, in one region.

    Args:
        keys: The keys.
        scope: ``<day>/<region>/s3/aws4_request``.
    """
    secret = f"AWS4{keys.secret_key}".encode()
    for step in scope.split("/"):
        secret = hmac.digest(secret, step.encode(), "sha256")
    return secret


def _host(netloc: str, scheme: str) -> str:
    """Return the host as the connection will send it: without its scheme's own port."""
    usual = ":80" if scheme == "http" else ":443"
    return netloc.removesuffix(usual)
