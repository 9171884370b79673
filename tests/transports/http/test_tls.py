"""https is trusted as the environment says, and never left unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
import requests

from store.errors import RedirectError, TransportError
from store.testing.servers import Server
from store.testing.transports import read
from store.transports.base import TransferOptions
from store.transports.http import HttpTransport

DATA = bytes(range(256)) * 500


class Certified(Protocol):
    """A server that speaks TLS, and the certificate to trust it by."""

    server: Server
    bundle: Path


@pytest.fixture
def trusting(certified: Certified, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server whose certificate the environment names."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certified.bundle))
    return certified.server


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_named_certificate_is_trusted(
    certified: Certified,
    options: TransferOptions,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """Each of the usual variables names it, and the connection is used again."""
    monkeypatch.setenv(variable, str(certified.bundle))
    url = certified.server.serve("/a", DATA)
    transport = HttpTransport(options)

    for _ in range(2):
        with transport.open_stream(url) as stream:
            assert read(stream) == DATA


def test_an_unknown_certificate_is_refused(certified: Certified, options: TransferOptions) -> None:
    """The error says what is wrong and what to do, and is not tried again."""
    url = certified.server.serve("/a", DATA)

    with pytest.raises(requests.exceptions.ConnectionError, match="REQUESTS_CA_BUNDLE") as caught:
        HttpTransport(options).open_stream(f"{url}?token=hidden")

    assert isinstance(caught.value, TransportError)
    assert vars(caught.value)["transient"] is False
    assert certified.server.count() == 0


def test_a_server_without_tls_is_told(server: Server, options: TransferOptions) -> None:
    """Https spoken to an http server is a TLS error."""
    with pytest.raises(TransportError, match="TLS failed"):
        HttpTransport(options).open_stream(server.url.replace("http:", "https:"))


def test_https_is_not_left_for_http(
    trusting: Server, server: Server, options: TransferOptions
) -> None:
    """A redirect to http is refused, and the server there is not asked."""
    url = trusting.redirect("/a", server.serve("/b", DATA))

    with pytest.raises(RedirectError, match="allow_downgrade"):
        HttpTransport(options).open_stream(url)

    assert server.count() == 0


def test_an_allowed_downgrade_carries_no_secret(
    trusting: Server, server: Server, options: TransferOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is allowed, no credentials go along, those of the other origin neither."""
    monkeypatch.setenv(f"STORE_TOKEN_HTTP_127_0_0_1_{server.port}", "theirs")
    bounds = options.bounds._replace(allow_downgrade=True)
    credentials = options.credentials._replace(use_environment=True)
    free = options._replace(bounds=bounds, credentials=credentials)
    url = trusting.redirect("/a", server.serve("/b", DATA)).replace("//", "//me:mine@")

    with HttpTransport(free).open_stream(url) as stream:
        assert read(stream) == DATA

    assert "authorization" in trusting.requests[0].headers
    assert "authorization" not in server.requests[0].headers
