"""PUT and HEAD: what is put lies there whole, and credentials go along."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.clock import SYSTEM_CLOCK
from store.config.credentials import Credentials
from store.errors import (
    CredentialsError,
    OfflineError,
    StorageError,
    TransportError,
    TransportTimeoutError,
)
from store.testing.cas import CasServer
from store.testing.servers import unused_address
from store.transports.base import Bounds, TransferOptions
from store.transports.deadlines import Deadline, keeping
from store.transports.http.putting import holds, put

DATA = bytes(range(256)) * 4000
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def cas() -> Iterator[CasServer]:
    """A server that takes what is put."""
    with CasServer() as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What is put."""
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize("limit", [None, 8_000_000])
def test_a_file_is_put_whole(cas: CasServer, file: Path, limit: int | None) -> None:
    """Whatever the bandwidth that it may take."""
    address = f"{cas.url}/cas/{NAME}"
    options = TransferOptions(limit_rate=limit)
    assert not holds(address, options)

    put(address, file, options)

    assert cas.kept[NAME] == DATA
    assert holds(address, options)


def test_an_empty_file_is_put_with_its_length(cas: CasServer, tmp_path: Path) -> None:
    """And not in chunks."""
    empty = tmp_path / "empty"
    empty.touch()
    name = hashlib.sha256(b"").hexdigest()

    put(f"{cas.url}/cas/{name}", empty, TransferOptions())

    assert cas.kept == {name: b""}


@pytest.mark.parametrize(
    ("mood", "error"), [("read-only", TransportError), ("locked", CredentialsError)]
)
def test_a_server_that_takes_nothing_says_so(
    cas: CasServer, file: Path, mood: str, error: type[Exception]
) -> None:
    """With the status."""
    cas.mood = mood  # type: ignore[assignment]

    with pytest.raises(error) as caught:
        put(f"{cas.url}/cas/{NAME}", file, TransferOptions())

    assert caught.value.status in {403, 405}  # type: ignore[attr-defined]


def test_credentials_go_along(cas: CasServer, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the origin."""
    port = cas.url.rpartition(":")[2]
    monkeypatch.setenv(f"STORE_TOKEN_HTTP_127_0_0_1_{port}", "team:hidden")
    options = TransferOptions(credentials=Credentials(use_keyring=False))

    put(f"{cas.url}/cas/{NAME}", file, options)

    assert cas.authorizations[-1] == "Basic dGVhbTpoaWRkZW4="


def test_a_deadline_ends_a_put(cas: CasServer, file: Path) -> None:
    """In the middle of the body, too."""
    cas.mood = "deaf"
    options = TransferOptions(bounds=Bounds(read_timeout=5))

    with keeping(Deadline(SYSTEM_CLOCK, 0.1)), pytest.raises(TransportTimeoutError):
        put(f"{cas.url}/cas/{NAME}", file, options)
    with keeping(Deadline(SYSTEM_CLOCK, 0)), pytest.raises(TransportTimeoutError):
        put(f"{cas.url}/cas/{NAME}", file, options)


def test_what_cannot_be_read_is_not_put(cas: CasServer, tmp_path: Path) -> None:
    """Nobody is asked."""
    with pytest.raises(StorageError):
        put(f"{cas.url}/cas/{NAME}", tmp_path / "none", TransferOptions())
    with pytest.raises(StorageError):
        put(f"{cas.url}/cas/{NAME}", tmp_path, TransferOptions())

    assert cas.asked() == []


def test_nobody_is_asked_offline(cas: CasServer, file: Path) -> None:
    """As for bodies."""
    with pytest.raises(OfflineError):
        put(f"{cas.url}/cas/{NAME}", file, TransferOptions(offline=True))
    with pytest.raises(OfflineError):
        holds(f"{cas.url}/cas/{NAME}", TransferOptions(offline=True))

    assert cas.asked() == []


def test_a_refused_connection_is_told(file: Path) -> None:
    """As for bodies."""
    with pytest.raises(TransportError):
        put(unused_address("/cas/x"), file, TransferOptions())
