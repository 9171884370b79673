"""Asks a service by any method, for an answer that is read whole."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
from collections.abc import Collection
from typing import Any, Final, NamedTuple

from store import jsontext
from store.addresses import public, without_secrets
from store.clock import SYSTEM_CLOCK
from store.errors import StoreError, TooLargeError, TransportError
from store.transports.base import TransferOptions
from store.transports.crowding import enter
from store.transports.deadlines import current
from store.transports.http import headers as reading
from store.transports.http.asking import Posted, Sending, asked_with
from store.transports.http.bodies import HttpStream
from store.transports.http.errors import HTTPRedirectError, HTTPRequestError
from store.transports.http.mapping import refused
from store.transports.http.redirects import STATUSES, Hop, first_hop, next_hop
from store.transports.http.transport import HttpTransport, announced_length, close
from store.transports.opening import transport_for
from store.transports.repeating import repeated
from store.transports.routing import refuse

log = logging.getLogger(__name__)

DONE: Final = frozenset({200, 201, 202, 204})
"""The answers that say that it was done."""

LARGEST: Final = 256 << 20
"""The largest answer that is read, in bytes: 256 MiB."""

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""What may be asked a second time (RFC 9110, 9.2.2)."""

_WORDS: Final = 300
"""How much of what a server says of a failure is told, in characters."""

_TOO_MANY: Final = 429
_BUFFER: Final = 64 << 10


class Answer(NamedTuple):
    """What a service said."""

    status: int
    """The HTTP status."""
    content: bytes
    """The whole body."""
    address: str
    """What was asked in the end, without secrets."""
    size: int | None = None
    """The bytes that a body is said to have where only its headers were asked for (``HEAD``), or None."""

    def value(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return the body, read as JSON.

        Raises:
            HTTPRequestError: It is none.
        """
        try:
            return jsontext.loads(self.content)
        except ValueError:
            raise HTTPRequestError(
                f"{self.address}: the answer is no JSON: is this the address of the service?",
                url=self.address,
                transient=False,
            ) from None

    def words(self) -> str:
        """Return what a failure says of itself: short, printable, its addresses cut short."""
        text = self.content[: _WORDS * 8].decode("utf-8", "replace")
        if text.lstrip().startswith("<"):  # a page for people
            return ""
        shown = re.sub(r"\s+", " ", without_secrets(text)).strip()
        shown = "".join(one for one in shown if one.isprintable())
        return f"{shown[:_WORDS]}…" if len(shown) > _WORDS else shown


class Exchange:
    """Asks services over a transport's connections; safe for many threads.

    Args:
        options: How bytes are to be moved, and where secrets come from.
    """

    def __init__(self, options: TransferOptions) -> None:
        self.options = options

    def ask(
        self,
        method: str,
        address: str,
        *,
        posted: Posted | None = None,
        repeatable: bool | None = None,
        taken: Collection[int] = DONE,
    ) -> Answer:
        """Ask once, and again where that may help and does no harm.

        Redirects are followed for GET and HEAD alone: whoever posts is told the right address.

        Args:
            method: The method.
            address: What is asked, its query included.
            posted: What goes along, or None.
            repeatable: Whether asking twice is as good as once; None goes by the method. What is not is
                asked again only where it cannot have arrived.
            taken: The statuses that are an answer; any other is an error.

        Returns:
            The answer.

        Raises:
            ResourceNotFoundError: 404 or 410.
            CredentialsError: 401, 403 or 407.
            RedirectError: A redirect that is not followed.
            OfflineError: The network is not to be used.
            TooLargeError: The answer is larger than 256 MiB.
            TransportError: Anything else that went wrong; ``status`` tells which answer.
        """
        again = method in _IDEMPOTENT if repeatable is None else repeatable

        def tell(error: StoreError, delay: float) -> None:
            """Note that it is asked again."""
            log.debug("%s is asked again in %.1f s: %s", public(address), delay, error)

        return repeated(
            lambda: self._asked(address, Sending(method, posted), taken),
            self.options,
            told=tell,
            may_repeat=lambda error: again or _never_arrived(error),
        )

    def _asked(self, address: str, sending: Sending, taken: Collection[int]) -> Answer:
        """Ask once, following the redirects of what only reads."""
        transport = transport_for(address, self.options)
        if not isinstance(transport, HttpTransport):
            raise HTTPRequestError(
                f"{public(address)}: only http and https can be asked",
                url=public(address),
                transient=False,
            )
        asked = asked_with(0, None, self.options.user_agent)
        hop = first_hop(address)
        while True:
            seat = enter(hop.address, self.options.per_host, self.options.clock)
            response = transport.answer(hop, asked, seat, sending)
            location = response.headers.get("Location")
            if response.status_code not in STATUSES or location is None:
                break
            close(response, seat)
            before, hop = hop, next_hop(hop, location, self.options.bounds)
            if sending.method not in {"GET", "HEAD"}:
                raise _moved(before, hop)
            refuse(hop.address, self.options.routes, redirected=before.address)
        try:
            size = announced_length(response, hop)
            comes = 0 if sending.method == "HEAD" else size
            answer = self._read(
                response, hop, seat, length=comes, patience=_patience(self.options)
            )._replace(size=size)
        except BaseException:
            close(response, seat)
            raise
        if answer.status in taken:
            return answer
        wait = reading.retry_after(response.headers.get("Retry-After"), self.options.clock.now())
        raise refused(answer.status, hop.address, retry_after=wait, words=answer.words())

    def _read(
        self,
        response: Any,  # noqa: ANN401 - requests'
        hop: Hop,
        seat: Any,  # noqa: ANN401
        *,
        length: int | None,
        patience: float,
    ) -> Answer:
        stream = HttpStream(
            response,
            hop.address,
            length=length,
            read_timeout=patience,
            deadline=current(SYSTEM_CLOCK),
            seat=seat,
        )
        found = bytearray()
        buffer = memoryview(bytearray(_BUFFER))
        with contextlib.closing(stream):
            while count := stream.readinto(buffer):
                found += buffer[:count]
                if len(found) > LARGEST:
                    raise TooLargeError(
                        f"{stream.address}: the answer is larger than {LARGEST} bytes",
                        limit=LARGEST,
                        url=stream.address,
                    )
        return Answer(response.status_code, bytes(found), stream.address)


def _patience(options: TransferOptions) -> float:
    return min(options.bounds.read_timeout, options.bounds.stall_timeout)


def _never_arrived(error: StoreError) -> bool:
    """Whether what was asked cannot have been done."""
    if isinstance(error, TransportError) and error.status == _TOO_MANY:
        return True
    return isinstance(error.__cause__, ConnectionRefusedError | socket.gaierror)


def _moved(before: Hop, after: Hop) -> HTTPRedirectError:
    shown = public(before.address)
    return HTTPRedirectError(
        f"{shown}: the server sends what is posted on to {public(after.address)}: give the address that"
        " it leads to",
        url=shown,
    )
