"""Services are asked, and what they are sent is streamed."""

from __future__ import annotations

import email.parser
from pathlib import Path
from typing import Any

import pytest

from store.clock import SYSTEM_CLOCK
from store.config.credential import Credential
from store.errors import (
    CredentialsError,
    ResourceNotFoundError,
    TransportError,
    TransportTimeoutError,
)
from store.testing.misbehaving import Status
from store.testing.servers import Server, unused_address
from store.transports.base import TransferOptions
from store.transports.deadlines import Deadline, keeping
from store.transports.http.errors import HTTPRequestError
from store.transports.http.exchanging import Answer, Exchange
from store.transports.http.posting import Form, Json, Nothing, Upload


def test_an_answer_is_read_whole(server: Server, options: TransferOptions) -> None:
    """As JSON, where it is some."""
    url = server.serve("/a", b'{"b": [1, 2]}')

    answer = Exchange(options).ask("GET", f"{url}?secret=hidden")

    assert answer.value() == {"b": [1, 2]}
    assert answer.address == url


@pytest.mark.parametrize("content", [b"<html>", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_told(server: Server, options: TransferOptions, content: bytes) -> None:
    """And what is nested too deep to be read: the address may be another service's."""
    answer = Exchange(options).ask("GET", server.serve("/a", content))

    with pytest.raises(HTTPRequestError, match="is no JSON"):
        answer.value()


def test_what_is_transient_is_asked_again(server: Server, options: TransferOptions) -> None:
    """Where asking twice is as good as once."""
    url = server.serve("/a", b"{}", fault=[Status(503), Status(503), None])

    assert Exchange(options).ask("GET", url).status == 200
    assert server.count("/a") == 3


def test_what_is_not_repeatable_is_asked_once(server: Server, options: TransferOptions) -> None:
    """Unless the server says that it did nothing, or was not there."""
    url = server.serve("/a", b"{}", fault=[Status(503), None])
    with pytest.raises(TransportError, match="503"):
        Exchange(options).ask("GET", url, repeatable=False)

    url = server.serve("/b", b"{}", fault=[Status(429), None])
    assert Exchange(options).ask("GET", url, repeatable=False).status == 200
    with pytest.raises(TransportError):
        Exchange(options).ask("POST", unused_address(), posted=Json({}))


def test_statuses_are_errors_or_answers(server: Server, options: TransferOptions) -> None:
    """As the caller has it."""
    exchange = Exchange(options)
    for status, error in ((404, ResourceNotFoundError), (403, CredentialsError)):
        url = server.serve(f"/{status}", fault=Status(status))
        with pytest.raises(error):
            exchange.ask("GET", url)
        assert exchange.ask("GET", url, taken={status}).status == status


def test_a_size_is_told_without_the_body(server: Server, options: TransferOptions) -> None:
    """By HEAD, which is asked again and follows redirects as GET does; its connection serves on."""
    exchange = Exchange(options)
    url = server.serve("/a", b"hello", fault=[Status(503), None, None, None])
    moved = server.redirect("/b", url)

    answers = [exchange.ask("HEAD", one, posted=Nothing(1.0)) for one in (url, moved)]

    assert [(one.size, one.content) for one in answers] == [(5, b""), (5, b"")]
    assert exchange.ask("GET", url).content == b"hello"


def test_only_http_can_be_asked(options: TransferOptions, tmp_path: Path) -> None:
    """A file answers nothing."""
    with pytest.raises(TransportError, match="only http"):
        Exchange(options).ask("GET", f"file://{tmp_path}/a")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"message": "no\\n  room"}', '{"message": "no\\n room"}'),
        (b"see https://host/a?token=s3cret \x1b[0m", "see https://host/a [0m"),
        (b"<html>Welcome", ""),
        (b"a" * 999, "a" * 300 + "\u2026"),
    ],
)
def test_words_of_a_failure_may_be_shown(content: bytes, words: str) -> None:
    """Short, printable, and without the secrets of addresses."""
    assert Answer(400, content, "https://host/a").words() == words


def test_a_form_is_spelled_as_browsers_do() -> None:
    """And its secrets are not shown."""
    form = Form({"a": "b c", "password": "s3cret&\u00e9"})

    assert form.data() == b"a=b+c&password=s3cret%26%C3%A9"
    assert "s3cret" not in repr(form)


def test_a_file_is_sent_among_fields(tmp_path: Path) -> None:
    """In pieces, and as long as was announced; a name cannot break out of its quotes."""
    file = tmp_path / "file"
    file.write_bytes(bytes(200_000))
    told: list[int] = []
    upload = Upload(
        path=file,
        length=200_000,
        field="blob",
        filename='a"b\r\nc',
        fields={"filename": "a"},
        counted=told.append,
    )

    for _ in range(2):
        pieces = list(upload.data())

    body = b"".join(pieces)
    assert len(body) == upload.size == len(upload.data())  # type: ignore[arg-type]
    head = f"Content-Type: {upload.headers['Content-Type']}\r\n\r\n".encode()
    message: Any = email.parser.BytesParser().parsebytes(head + body)
    first, second = message.get_payload()
    assert first.get_payload() == "a"
    assert second.get_filename() == "a%22b%0D%0Ac"
    assert second.get_payload(decode=True) == bytes(200_000)
    assert max(map(len, pieces)) <= 1 << 16
    assert sum(told) == 200_000


def test_a_file_is_not_sent_beyond_the_deadline(tmp_path: Path) -> None:
    """Whoever waits for it gets an error."""
    file = tmp_path / "file"
    file.write_bytes(bytes(10))
    upload = Upload(path=file, length=10, field="blob", filename="a")
    deadline = Deadline(SYSTEM_CLOCK, None)
    deadline.expire()

    with keeping(deadline), pytest.raises(TransportTimeoutError, match="deadline"):
        list(upload.data())


def test_a_token_goes_by_the_name_that_the_service_wants() -> None:
    """Bearer where nothing else is said (RFC 6750)."""
    assert Credential(secret="a", source="explicit").header == "Bearer a"
    assert Credential(secret="a", source="explicit", scheme="Token").header == "Token a"
