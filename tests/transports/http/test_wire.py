"""Only what needs no thought is read in the short way."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.transports.http.wire import Head, Requests, read_head, status_of

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5"


def test_a_plain_head_is_read() -> None:
    """Whatever the case of its names, and whatever blanks lie around its values."""
    head = read_head(
        b'HTTP/1.1 200 OK\r\nDate: now\r\ncontent-LENGTH: \t 5 \r\nETag: "a"\r\n'
        b"Last-Modified: Fri, 01 Nov 2024 08:00:00 GMT\r\nAccept-Ranges: Bytes\r\n"
        b"Content-Type: text/plain; a=b:c\r\nConnection: keep-alive, Close\r\nX-Empty:"
    )

    assert head is not None
    assert (head.length, head.etag, head.closes) == (5, '"a"', True)
    assert (head.last_modified, head.ranges) == ("Fri, 01 Nov 2024 08:00:00 GMT", True)
    assert head.content_type == "text/plain; a=b:c"
    assert head.fields[b"date"] == b"now"
    assert head.fields[b"x-empty"] == b""


def test_a_usual_head_is_read_in_one_look() -> None:
    """And its fields when they are asked for; of one that is there twice the last one counts."""
    head = read_head(
        b"HTTP/1.1 200 OK\r\nServer: any\r\nX: 1\r\nConnection: Keep-Alive\r\nContent-Length: 7 \r\nX: 2"
    )

    assert head is not None
    assert (head.length, head.closes, len(head.fields)) == (7, False, 4)
    assert head.fields == {
        b"server": b"any",
        b"x": b"2",
        b"connection": b"Keep-Alive",
        b"content-length": b"7",
    }


def test_little_is_enough() -> None:
    """A length and nothing more."""
    head = read_head(PLAIN)

    assert head == Head(5, closes=False, fields={b"content-length": b"5"})
    assert (head.etag, head.last_modified, head.content_type, head.ranges) == (
        None,
        None,
        None,
        False,
    )
    assert read_head(PLAIN.replace(b" OK", b"")) is not None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\x00",
        b"HTTP/1.1 200 OK",
        PLAIN.replace(b"1.1", b"1.0"),
        PLAIN.replace(b"200 OK", b"2000"),
        PLAIN.replace(b"200", b"206"),
        PLAIN.replace(b"200", b"404"),
        PLAIN.replace(b"200", b"103"),
        PLAIN.replace(b"5", b""),
        PLAIN.replace(b"5", b"-5"),
        PLAIN.replace(b"5", b"+5"),
        PLAIN.replace(b"5", b"5, 5"),
        PLAIN.replace(b"5", b"0x5"),
        PLAIN.replace(b"5", b"5" * 19),
        PLAIN.replace(b"5", "\u0665".encode()),
        PLAIN + b"\r\nContent-Length: 5",
        PLAIN + b"\r\nContent-Length: 6",
        PLAIN + b"\r\nETag: 1\r\netag: 2",
        PLAIN + b"\r\nLast-Modified: 1\r\nX: y\r\nLast-Modified: 1",
        PLAIN + b"\r\nContent-Type: a/b\r\nContent-Type: a/c",
        PLAIN.lower(),
        PLAIN + b"\r\nConnection: close\r\nConnection: close",
        PLAIN + b"\r\nTransfer-Encoding: chunked",
        PLAIN + b"\r\nTransfer-Encoding: identity",
        PLAIN + b"\r\nContent-Encoding: gzip",
        PLAIN + b"\r\nContent-Encoding: identity",
        PLAIN + b"\r\nContent-Range: bytes 0-4/5",
        PLAIN + b"\r\nTrailer: X",
        PLAIN + b"\r\n folded: yes",
        PLAIN + b"\r\nX-Folded: a\r\n b",
        PLAIN + b"\r\nX : blank before the colon",
        PLAIN + b"\r\nno colon",
        PLAIN + b"\r\n: no name",
        PLAIN + b"\r\nX: a\nContent-Length: 6",
        PLAIN + b"\r\nX: a\rContent-Length: 6",
        PLAIN + b"\r\nX: a\0b",
        PLAIN + b"\r\nX: \xe9",
        PLAIN + b"\r\n",
    ],
)
def test_what_needs_thought_is_not_read(head: bytes) -> None:
    """It is asked for again in the usual way."""
    assert read_head(head) is None


@given(st.binary(max_size=200))
@example(PLAIN)
def test_any_head_is_read_or_not(head: bytes) -> None:
    """Nothing is raised, and nothing but a plain one is believed."""
    found = read_head(head)

    assert found is None or head.startswith(b"HTTP/1.1 200")


@given(
    st.lists(
        st.sampled_from(
            [
                b"Content-Length: 5",
                b"content-length:5",
                b"Content-Length : 5",
                b"Transfer-Encoding: chunked",
                b"Content-Encoding: br",
                b"Connection: keep-alive",
                b"ETag: 1",
                b"X: y",
                b"",
                b" X: y",
            ]
        ),
        max_size=5,
    )
)
def test_a_head_is_plain_only_with_exactly_one_length(lines: list[bytes]) -> None:
    """And with none of what makes it another."""
    found = read_head(b"\r\n".join([b"HTTP/1.1 200 OK", *lines]))

    harmless = [b"X: y", b"ETag: 1", b"Connection: keep-alive"]
    lengths = [one for one in lines if one in {b"Content-Length: 5", b"content-length:5"}]
    others = [one for one in lines if one not in {*lengths, *harmless}]
    doubled = any(lines.count(one) > 1 for one in harmless[1:])
    assert (found is not None) == (len(lengths) == 1 and not others and not doubled)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1 404 Not Found\r\nX: y", 404),
        (b"HTTP/1.0 410", 410),
        (b"HTTP/1.1 404\r\nX: y", 404),
        (b"HTTP/2 404", None),
        (b"HTTP/1.1 4040 x", None),
        (b"HTTP/1.1 40", None),
        (b"220 ready", None),
        (b"", None),
    ],
)
def test_the_status_of_any_answer_is_known(head: bytes, status: int | None) -> None:
    """Where it is one of HTTP/1."""
    assert status_of(head) == status


def test_a_request_is_spelled() -> None:
    """Target, host and headers, ended as they should be."""
    requests = Requests("http://host:80", {"Host": "host:80", "Accept": "*/*"})

    assert requests.spelled("http://host:80/a%20b?c=d") == (
        b"GET /a%20b?c=d HTTP/1.1\r\nHost: host:80\r\nAccept: */*\r\n\r\n"
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://host:80",
        "http://host:80?a",
        "http://host:8080/a",
        "http://host/a",
        "https://host:80/a",
        "http://host:80/a b",
        "http://host:80/a#b",
        "http://host:80/\r\nX: y",
        "http://host:80/\u00e9",
        "http://host:80/\x7f",
    ],
)
def test_an_address_that_is_not_plain_is_not_spelled(address: str) -> None:
    """Another origin's, or one with what may not stand in a request."""
    assert Requests("http://host:80", {}).spelled(address) is None


@given(st.text())
def test_no_address_breaks_out_of_its_line(path: str) -> None:
    """Whatever it holds."""
    spelled = Requests("http://host", {"Host": "host"}).spelled(f"http://host/{path}")

    assert spelled is None or spelled.count(b"\n") == 3


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\n", "a\rb"])
def test_no_header_breaks_out_of_its_line(value: str) -> None:
    """It is refused."""
    with pytest.raises(ValueError, match="line break"):
        Requests("http://host", {"Authorization": value})
