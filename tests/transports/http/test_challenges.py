"""A server that asks for credentials makes the keyring be asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.credentials
import pytest

from store.config.credential import Credential
from store.config.credentials import Credentials
from store.errors import CredentialsError
from store.testing.cas import CasServer
from store.testing.servers import Server
from store.transports.base import TransferOptions
from store.transports.http.putting import holds, put
from store.transports.http.transport import HttpTransport


class FakeKeyring(keyring.backend.KeyringBackend):
    """A keyring in memory that counts how often it is asked."""

    priority = -1  # type: ignore[assignment, unused-ignore] # never chosen by itself, in another test

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.asked: list[str] = []
        self.password = "right"

    def get_credential(
        self, service: str, username: str | None
    ) -> keyring.credentials.Credential | None:
        """Return one entry for every origin."""
        self.asked.append(service)
        return keyring.credentials.SimpleCredential("me", self.password)

    def get_password(self, service: str, username: str) -> str | None:
        """Return the password."""
        return self.password

    def set_password(self, service: str, username: str, password: str) -> None:
        """Replace the password."""
        self.password = password


@pytest.fixture
def fake_keyring() -> Iterator[FakeKeyring]:
    """Put a keyring in memory in the place of the system's."""
    before = keyring.get_keyring()
    fake = FakeKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(before)


def open_with(url: str, given: Credential | None = None) -> bytes:
    """Open an address with the keyring, and explicit credentials where given, and return its body."""
    explicit = {} if given is None else {url: given}
    credentials = Credentials(explicit, use_environment=False, use_netrc=False)
    transport = HttpTransport(TransferOptions(credentials=credentials))
    with transport, transport.open_stream(url) as stream:
        buffer = bytearray(100)
        return bytes(buffer[: stream.readinto(memoryview(buffer))])


def test_a_server_that_asks_for_nothing_leaves_the_keyring_alone(fake_keyring: FakeKeyring) -> None:
    """No person is asked to unlock it for a public file."""
    with Server() as server:
        assert open_with(server.serve("/a", b"data")) == b"data"

    assert fake_keyring.asked == []


def test_a_401_is_answered_with_what_the_keyring_has(fake_keyring: FakeKeyring) -> None:
    """The request is repeated once, with it."""
    with Server(user="me", password="right") as server:
        assert open_with(server.serve("/a", b"data")) == b"data"

        assert fake_keyring.asked == [server.url]
        assert len(server.requests) == 2


def test_the_keyring_may_know_better_than_what_was_refused(fake_keyring: FakeKeyring) -> None:
    """What is explicit goes first."""
    wrong = Credential(user="me", secret="old", source="explicit")
    with Server(user="me", password="right") as server:
        assert open_with(server.serve("/a", b"data"), given=wrong) == b"data"

    assert len(fake_keyring.asked) == 1


def test_a_wrong_entry_of_the_keyring_is_refused_once(fake_keyring: FakeKeyring) -> None:
    """The server's second no is final."""
    fake_keyring.password = "wrong"
    with Server(user="me", password="right") as server:
        with pytest.raises(CredentialsError):
            open_with(server.serve("/a", b"data"))

        assert len(server.requests) == 2


def test_what_is_put_is_put_again_with_what_the_keyring_has(
    fake_keyring: FakeKeyring, tmp_path: Path
) -> None:
    """From its beginning, and once; a HEAD is asked again in the same way."""
    data = bytes(range(256)) * 1000
    name = hashlib.sha256(data).hexdigest()
    file = tmp_path / "file"
    file.write_bytes(data)
    credentials = Credentials({}, use_environment=False, use_netrc=False)
    options = TransferOptions(credentials=credentials)

    with CasServer() as cas:
        cas.mood = "asking"
        put(f"{cas.url}/cas/{name}", file, options)
        there = holds(f"{cas.url}/cas/{name}", options)

    assert there
    assert cas.kept == {name: data}
    assert [method for method, _ in cas.requests] == ["PUT", "PUT", "HEAD", "HEAD"]
    assert len(fake_keyring.asked) == 1
