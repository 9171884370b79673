"""The ways in which the kit's server goes wrong with parts of a body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

from store.testing.answering import Exchange, Fault


@attrs.define
class ForParts(Fault):
    """Applies faults where a part is asked for; whole bodies are given well.

    Attributes:
        fault: How each part goes wrong; a sequence is used up, one a part (None for a good answer), after
            which all is well.
        whole: How a whole body goes wrong, or None.
    """

    fault: Fault | Sequence[Fault | None]
    whole: Fault | None = None

    def answer(self, exchange: Exchange) -> None:
        """Answer well, or as the fault has it."""
        fault = self.whole
        if "range" in exchange.request.headers:
            fault = self._next()
        if fault is None:
            exchange.well()
        else:
            fault.answer(exchange)

    def _next(self) -> Fault | None:
        if isinstance(self.fault, Fault):
            return self.fault
        following, self.fault = self.fault[:1], self.fault[1:]
        return following[0] if following else None


@attrs.frozen
class BrokenPart(Fault):
    """Answers a part, or the whole, as it should be, and breaks off.

    Attributes:
        after: How many bytes are sent.
        how: Whether the connection is closed in good form (``short``), broken (``reset``), or held while
            nothing more comes (``stall``).
    """

    after: int = 0
    how: Literal["short", "reset", "stall"] = "short"

    def answer(self, exchange: Exchange) -> None:
        """Send the beginning."""
        first, last = _announce(exchange)
        exchange.send(exchange.served.data[first : min(last + 1, first + self.after)])
        if self.how == "stall":
            exchange.stopping.wait()
        exchange.hang_up(reset=self.how == "reset")


@attrs.frozen
class OtherPart(Fault):
    """Answers a part that is not the one that was asked for, or of another version.

    Attributes:
        etag: Its entity tag; an empty text leaves it as it should be, None sends none.
        shift: How many bytes behind its right place it begins.
        total: What it says of the whole body's size, or None for what is right.
        data: The version that it is of, or None for the right one.
        status: The status: 200 calls the part a whole, as rclone's server of S3 does.
    """

    etag: str | None = ""
    shift: int = 0
    total: int | None = None
    data: bytes | None = None
    status: int = 206

    def answer(self, exchange: Exchange) -> None:
        """Send a part."""
        data = exchange.served.data if self.data is None else self.data
        first, last = exchange.part() or (0, len(data) - 1)
        first, last = first + self.shift, min(last + self.shift, len(data) - 1)
        headers = exchange.content_headers()
        if self.etag is None:
            headers.pop("ETag", None)
        elif self.etag:
            headers["ETag"] = self.etag
        total = len(data) if self.total is None else self.total
        headers["Content-Range"] = f"bytes {first}-{last}/{total}"
        exchange.head(self.status, {**headers, "Content-Length": str(last - first + 1)})
        exchange.send(data[first : last + 1])


@attrs.frozen
class Whole(Fault):
    """Gives the whole, whatever was asked for."""

    def answer(self, exchange: Exchange) -> None:
        """Send everything."""
        data = exchange.served.data
        exchange.head(200, {**exchange.content_headers(), "Content-Length": str(len(data))})
        exchange.send(data)


def _announce(exchange: Exchange) -> tuple[int, int]:
    """Send the head of a right answer; return the first and last byte that it announces."""
    headers, size = exchange.content_headers(), len(exchange.served.data)
    part = exchange.part()
    first, last = part or (0, size - 1)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    exchange.head(200 if part is None else 206, headers)
    return first, last
