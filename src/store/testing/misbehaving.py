"""The ways in which the loopback server of the testing kit goes wrong."""

from __future__ import annotations

import gzip

import attrs

from store.testing.answering import Exchange, Fault


@attrs.frozen
class Status(Fault):
    """Answers with a status and a short text.

    Attributes:
        status: The status.
        retry_after: A ``Retry-After``: seconds or an HTTP date, or None.
    """

    status: int
    retry_after: int | str | None = None

    def answer(self, exchange: Exchange) -> None:
        """Send the status."""
        body = b"this is not the content"
        headers = {"Content-Length": str(len(body))}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        exchange.head(self.status, headers)
        exchange.send(body)


@attrs.frozen
class Redirect(Fault):
    """Leads elsewhere.

    Attributes:
        location: Where, absolute or relative; None leaves the header out.
        status: The status.
    """

    location: str | None
    status: int = 302

    def answer(self, exchange: Exchange) -> None:
        """Send the redirect, with a body that nobody should take for content."""
        body = b"this is not the content"
        headers = {"Content-Length": str(len(body))}
        if self.location is not None:
            headers["Location"] = self.location
        exchange.head(self.status, headers)
        exchange.send(body)


@attrs.frozen
class ShortBody(Fault):
    """Announces the whole, sends a part, and closes the connection.

    Attributes:
        after: How many bytes are sent.
    """

    after: int

    def answer(self, exchange: Exchange) -> None:
        """Send a part."""
        _announce(exchange)
        exchange.send(exchange.served.data[: self.after])
        exchange.hang_up()


@attrs.frozen
class LongBody(Fault):
    """Sends more than was announced.

    Attributes:
        extra: What is sent after the data.
        announced: Whether a length is announced; else the end of the connection is the end.
    """

    extra: bytes = b"and more"
    announced: bool = True

    def answer(self, exchange: Exchange) -> None:
        """Send the data and more."""
        if self.announced:
            _announce(exchange)
        else:
            exchange.head(200, {**exchange.content_headers(), "Connection": "close"})
        exchange.send(exchange.served.data + self.extra)
        exchange.hang_up()


@attrs.frozen
class Lengths(Fault):
    """Sends one or several ``Content-Length`` headers, whatever they say; none ends with the connection.

    Attributes:
        values: What they say.
    """

    values: tuple[str, ...] = ()

    def answer(self, exchange: Exchange) -> None:
        """Send the data under these headers."""
        pairs = [*exchange.content_headers().items(), ("Connection", "close")]
        exchange.head(200, [*pairs, *(("Content-Length", value) for value in self.values)])
        exchange.send(exchange.served.data)
        exchange.hang_up()


@attrs.frozen
class Chunked(Fault):
    """Sends the data in chunks (RFC 9112, section 7.1): no fault in itself.

    Attributes:
        size: The size of a chunk in bytes.
        stop_after: Breaks off after so many chunks, without the last one; None sends all.
        damaged: Sends a chunk size that is no number after the first chunk.
        with_length: Sends a ``Content-Length`` too, which is forbidden.
    """

    size: int = 1000
    stop_after: int | None = None
    damaged: bool = False
    with_length: bool = False

    def answer(self, exchange: Exchange) -> None:
        """Send chunks."""
        data = exchange.served.data
        headers = {**exchange.content_headers(), "Transfer-Encoding": "chunked"}
        if self.with_length:
            headers["Content-Length"] = str(len(data))
        exchange.head(200, headers)
        for number, begin in enumerate(range(0, len(data), self.size)):
            if number == self.stop_after:
                exchange.hang_up()
                return
            if self.damaged and number == 1:
                exchange.send(b"not a number\r\n")
                exchange.hang_up()
                return
            chunk = data[begin : begin + self.size]
            exchange.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        exchange.send(b"0\r\n\r\n")


@attrs.frozen
class Reset(Fault):
    """Breaks the connection in the middle of the body, rudely (RST).

    Attributes:
        after: How many bytes are sent; None breaks it before anything is answered.
    """

    after: int | None = 0

    def answer(self, exchange: Exchange) -> None:
        """Send a part and break the connection."""
        if self.after is not None:
            _announce(exchange)
            exchange.send(exchange.served.data[: self.after])
        exchange.hang_up(reset=True)


@attrs.frozen
class HangUp(Fault):
    """Closes the connection without an answer, as a server does that drops an idle one."""

    def answer(self, exchange: Exchange) -> None:
        """Close the connection."""
        exchange.hang_up()


@attrs.frozen
class Stall(Fault):
    """Sends a part and then nothing.

    Attributes:
        after: How many bytes are sent; None sends no headers either.
        seconds: How long nothing is sent before the rest comes; the server's stop ends it.
    """

    after: int | None = 0
    seconds: float = 60.0

    def answer(self, exchange: Exchange) -> None:
        """Send a part, wait, and send the rest."""
        data = exchange.served.data
        if self.after is not None:
            _announce(exchange)
            exchange.send(data[: self.after])
        if exchange.stopping.wait(self.seconds):
            exchange.hang_up()
            return
        if self.after is None:
            _announce(exchange)
        exchange.send(data[self.after or 0 :])


@attrs.frozen
class Drip(Fault):
    """Sends the data a little at a time.

    Attributes:
        size: How many bytes at a time.
        every: The time in between, in seconds.
    """

    size: int = 1
    every: float = 0.05

    def answer(self, exchange: Exchange) -> None:
        """Send drops."""
        data = exchange.served.data
        _announce(exchange)
        for begin in range(0, len(data), self.size):
            exchange.send(data[begin : begin + self.size])
            if exchange.stopping.wait(self.every):
                exchange.hang_up()
                return


@attrs.frozen
class Encoded(Fault):
    """Sends the data gzipped, whatever was asked for.

    Attributes:
        coding: What the ``Content-Encoding`` says.
    """

    coding: str = "gzip"

    def answer(self, exchange: Exchange) -> None:
        """Send the data gzipped."""
        body = gzip.compress(exchange.served.data, mtime=0)
        headers = {**exchange.content_headers(), "Content-Encoding": self.coding}
        exchange.head(200, {**headers, "Content-Length": str(len(body))})
        exchange.send(body)


@attrs.frozen
class Part(Fault):
    """Answers 206, asked or not, under a ``Content-Range`` that may be wrong.

    Attributes:
        content_range: What it says; None leaves it out.
        first: The first byte that is sent.
        last: The last byte that is sent; None sends all that follow.
        status: The status: 200 calls the part a whole, as rclone's server of S3 does.
    """

    content_range: str | None
    first: int = 0
    last: int | None = None
    status: int = 206

    def answer(self, exchange: Exchange) -> None:
        """Send a part."""
        end = None if self.last is None else self.last + 1
        data = exchange.served.data[self.first : end]
        headers = {**exchange.content_headers(), "Content-Length": str(len(data))}
        if self.content_range is not None:
            headers["Content-Range"] = self.content_range
        exchange.head(self.status, headers)
        exchange.send(data)


@attrs.frozen
class Garbage(Fault):
    """Answers with what is not HTTP."""

    text: bytes = b"220 mail.example ESMTP\r\n"

    def answer(self, exchange: Exchange) -> None:
        """Send it."""
        exchange.send(self.text)
        exchange.hang_up()


@attrs.frozen
class OtherContent(Fault):
    """Sends other bytes than those that should be given, in good form.

    Attributes:
        data: What is sent.
    """

    data: bytes = b"something else"

    def answer(self, exchange: Exchange) -> None:
        """Send it."""
        exchange.head(200, {"Content-Length": str(len(self.data))})
        exchange.send(self.data)


def _announce(exchange: Exchange) -> None:
    length = str(len(exchange.served.data))
    exchange.head(200, {**exchange.content_headers(), "Content-Length": length})
