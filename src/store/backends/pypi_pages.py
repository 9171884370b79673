"""Brings an index's pages to pypi-simple, through our own transports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from store import jsontext
from store.addresses import public
from store.backends.patience import in_turn
from store.errors import ResourceNotFoundError, TooLargeError, TransportTimeoutError
from store.transports.base import Conditions, TransferOptions
from store.transports.opening import transport_for

MAX_PAGE_SIZE: Final = 50 * 1024**2
"""The most bytes that a project's page may have: 50 MiB."""

_CHUNK: Final = 1 << 16


@attrs.frozen(kw_only=True)
class Answer:
    """What pypi-simple looks at in an answer.

    Attributes:
        url: Where it comes from in the end, without secrets.
        status_code: 200, or 404 where the index has no such project.
        headers: Its media type, as ``content-type``.
        content: The page.
    """

    url: str
    status_code: int
    headers: Mapping[str, str]
    content: bytes = attrs.field(repr=False)

    def raise_for_status(self) -> None:
        """Do nothing: a status that is an error was raised by the transport."""

    def json(self) -> Any:  # noqa: ANN401 - whatever the page holds
        """Return the content as JSON.

        Raises:
            ValueError: It is no JSON.
        """
        return jsontext.loads(self.content)


class PageSession:
    """Stands in for requests' session in pypi-simple, and asks our transports.

    Their bounds, retries, credentials and errors so hold for pages too. Of a ``file:`` address the
    ``index.html`` below it is read.

    Args:
        options: How bytes are to be moved.
    """

    def __init__(self, options: TransferOptions) -> None:
        self._options = options

    def get(self, url: str, *, timeout: object = None, headers: Mapping[str, str]) -> Answer:
        """Return a project's page; 404 where the index has no such project.

        Args:
            url: The page's address.
            timeout: Not heeded: the options have their own.
            headers: Of them only ``Accept`` is sent.

        Raises:
            StoreError: What the transport said, other than that there is no such page.
            TooLargeError: The page is larger than `MAX_PAGE_SIZE`.
            TransportTimeoutError: It only trickles.
        """
        del timeout
        if url.lower().startswith("file:"):
            url = f"{url}index.html"
        conditions = Conditions(accept=headers.get("Accept"))
        try:
            return in_turn(lambda one: self._read(one, conditions), url, self._options)
        except ResourceNotFoundError:
            return Answer(url=public(url), status_code=404, headers={}, content=b"")

    def _read(self, url: str, conditions: Conditions) -> Answer:
        bounds, clock = self._options.bounds, self._options.clock
        started = clock.monotonic()
        with transport_for(url, self._options).open_stream(url, conditions=conditions) as stream:
            if (stream.size or 0) > MAX_PAGE_SIZE:
                raise _too_large(url, stream.size)
            content = bytearray()
            buffer = memoryview(bytearray(_CHUNK))
            while count := stream.readinto(buffer):
                content += buffer[:count]
                if len(content) > MAX_PAGE_SIZE:
                    raise _too_large(url, len(content))
                elapsed = clock.monotonic() - started
                if elapsed > bounds.grace and len(content) < bounds.minimum_rate * elapsed:
                    raise _too_slow(url, len(content), elapsed)
            local = url.lower().startswith("file:")
            return Answer(
                url=url if local else stream.address,
                status_code=200,
                headers={"content-type": stream.content_type or "text/html"},
                content=bytes(content),
            )


def _too_slow(url: str, size: int, elapsed: float) -> TransportTimeoutError:
    shown = public(url)
    return TransportTimeoutError(
        f"{shown}: only {size} bytes came in {elapsed:.0f} s: try again, or name another index",
        url=shown,
    )


def _too_large(url: str, size: int | None) -> TooLargeError:
    return TooLargeError(
        f"the page {public(url)} is larger than {MAX_PAGE_SIZE} bytes, the most that is read of one",
        url=public(url),
        size=size,
        limit=MAX_PAGE_SIZE,
    )
