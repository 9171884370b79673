"""Redirects are followed, and secrets stay where they belong."""

from __future__ import annotations

import attrs
import pytest

from store.config.credential import Credential
from store.config.credentials import Credentials
from store.errors import (
    CredentialsError,
    RedirectError,
)
from store.testing.answering import Exchange, Fault
from store.testing.misbehaving import (
    Redirect,
)
from store.testing.servers import Server
from store.testing.transports import read, read_from
from store.transports.base import TransferOptions
from store.transports.http import HttpTransport

DATA = bytes(range(256)) * 20


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, transport: HttpTransport, status: int) -> None:
    """To relative and absolute places; the stream tells where it came from in the end."""
    server.serve("/ü", DATA)
    server.redirect("/b", "/%C3%BC?x=1", status)
    url = server.redirect("/a", f"{server.url}/b", status)
    server.serve("/%C3%BC", DATA)

    with transport.open_stream(url) as stream:
        assert stream.address == f"{server.url}/%C3%BC"
        assert read(stream) == DATA


def test_a_location_in_utf8_is_understood(server: Server, transport: HttpTransport) -> None:
    """Bytes that are not ASCII are taken for UTF-8, as browsers do."""
    server.serve("/%C3%BC", DATA)

    url = server.serve("/a", fault=Redirect("/ü".encode().decode("latin-1")))

    assert read_from(transport, url) == DATA


def test_too_many_redirects_are_refused(server: Server, transport: HttpTransport) -> None:
    """Five are followed, and the sixth is not."""
    for number in range(6):
        server.redirect(f"/{number}", f"/{number + 1}")
    server.serve("/6", DATA)

    assert read_from(transport, f"{server.url}/1") == DATA
    with pytest.raises(RedirectError):
        transport.open_stream(f"{server.url}/0")


@attrs.frozen
class Endless(Fault):
    """Leads elsewhere, with a body that never comes."""

    location: str

    def answer(self, exchange: Exchange) -> None:
        """Announce much and send nothing."""
        exchange.head(302, {"Location": self.location, "Content-Length": "1000000000"})
        exchange.stopping.wait(30)
        exchange.hang_up()


def test_bodies_of_redirects_are_not_read(server: Server, transport: HttpTransport) -> None:
    """A redirect is followed at once, whatever it announces."""
    server.serve("/b", DATA)

    assert read_from(transport, server.serve("/a", fault=Endless("/b"))) == DATA


def test_credentials_stay_with_their_origin(server: Server, other: Server) -> None:
    """An address's user and password, and an origin's token, go to that origin alone."""
    given = Credentials(
        {other.url: Credential(secret="theirs", source="explicit")},
        use_environment=False,
        use_keyring=False,
        use_netrc=False,
    )
    transport = HttpTransport(TransferOptions(credentials=given))
    third = Server()
    with third:
        third.serve("/c", DATA)
        other.redirect("/b", f"{third.url}/c")
        server.redirect("/a", f"{other.url}/b")
        server.redirect("/start", "/a")

        read_from(transport, server.url.replace("//", "//me:mine@") + "/start")

        sent = [one.headers.get("authorization") for one in server.requests]
        assert sent == ["Basic bWU6bWluZQ=="] * 2
        assert other.requests[0].headers["authorization"] == "Bearer theirs"
        assert "authorization" not in third.requests[0].headers


def test_user_and_password_of_the_address_are_shown_to_the_server(
    transport: HttpTransport,
) -> None:
    """With them a server that asks for them gives the body, and refuses without."""
    with Server(user="me", password="m:ne") as server:
        url = server.serve("/a", DATA)

        assert read_from(transport, url.replace("//", "//me:m%3Ane@")) == DATA
        with pytest.raises(CredentialsError, match="STORE_TOKEN_HTTP_127_0_0_1"):
            transport.open_stream(url)
