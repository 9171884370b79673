"""What the tests of transports share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.config.credentials import Credentials
from store.testing.servers import Server
from store.transports.base import Bounds, Retrying, TransferOptions
from store.transports.opening import close_all

LONELY = Credentials(use_environment=False, use_keyring=False, use_netrc=False)
"""No secrets but those of the address itself."""


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the proxies and certificates of this machine out, and connections out of the next test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    close_all()
    yield
    close_all()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    with Server() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Server]:
    """Another server, that is another origin."""
    with Server() as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An empty directory to receive into."""
    made = tmp_path / "received"
    made.mkdir()
    return made


@pytest.fixture
def options() -> TransferOptions:
    """Options that wait for nothing long, and ask for no secret of this machine."""
    return TransferOptions(
        credentials=LONELY,
        bounds=Bounds(connect_timeout=2.0, read_timeout=0.3, deadline=20.0),
        retrying=Retrying(attempts=3, base=0.001, longest=0.002),
    )
