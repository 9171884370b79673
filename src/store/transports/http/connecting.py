"""Connects to a host within the deadline, name look-up included."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from typing import Any, Final

import urllib3.connection
import urllib3.exceptions
import urllib3.util.connection

from store.clock import SYSTEM_CLOCK
from store.transports.deadlines import current

_LEAST: Final = 0.001
"""The shortest wait, in seconds: a socket takes 0 for 'do not wait'."""


def shut_down(connection: socket.socket) -> None:
    """Let whoever waits for a connection wait no longer, from any thread; it may still be made.

    Of TLS the socket beneath: ``SSLSocket.shutdown`` takes the TLS away with it, so that whoever reads
    would be given what is sealed, as it lies in the system's buffers.
    """
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def connected(connection: urllib3.connection.HTTPConnection) -> socket.socket:
    """Connect to the first address of a host that answers, each getting its share of the time.

    Where the deadline is cut meanwhile, nobody waits any more.

    Args:
        connection: Knows the host, the port, and how long one address may take.

    Raises:
        ConnectTimeoutError: Nobody answered in time, or the host's name was not resolved.
        NameResolutionError: The host has no address.
        NewConnectionError: The last address refused.
    """
    patience = connection.timeout
    wait = float(patience) if isinstance(patience, int | float) else float("inf")
    addresses = _resolved(connection, wait)
    for index, address in enumerate(addresses):
        share = current(SYSTEM_CLOCK).left() / (len(addresses) - index)
        each = max(_LEAST, min(wait, share))
        try:
            return _opened(connection, address, None if each == float("inf") else each)
        except TimeoutError as error:
            failure: Exception = urllib3.exceptions.ConnectTimeoutError(connection, "no answer")
            failure.__cause__ = error
        except OSError as error:
            failure = urllib3.exceptions.NewConnectionError(connection, str(error))
            failure.__cause__ = error
    raise failure


def _opened(
    connection: urllib3.connection.HTTPConnection, address: str, wait: float | None
) -> socket.socket:
    """Connect to one address.

    Raises:
        OSError: It refused, or did not answer in time.
    """
    family, kind, protocol, _, where = socket.getaddrinfo(
        address, connection.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
    )[0]
    made = socket.socket(family, kind, protocol)
    deadline = current(SYSTEM_CLOCK)
    deadline.begin_wait(id(made), functools.partial(shut_down, made))
    try:
        for option in connection.socket_options or ():
            made.setsockopt(*option)
        made.settimeout(wait if deadline.left() > 0 else _LEAST)
        if connection.source_address:
            made.bind(connection.source_address)
        made.connect(where)
    except BaseException:
        made.close()
        raise
    finally:
        deadline.end_wait(id(made))
    return made


def _resolved(connection: urllib3.connection.HTTPConnection, wait: float) -> list[str]:
    """Return the addresses of a host; the system's resolver, which knows no timeout, is left behind.

    Raises:
        ConnectTimeoutError: It did not answer in time.
        NameResolutionError: The host has no address.
    """
    host, family = connection._dns_host, urllib3.util.connection.allowed_gai_family()  # noqa: SLF001
    found: list[Any] = []
    ended = threading.Event()

    def ask() -> None:
        """Leave the addresses, or what went wrong, to whoever waits."""
        try:
            rows = socket.getaddrinfo(host.strip("[]"), connection.port, family, socket.SOCK_STREAM)
            found.append(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except Exception as error:  # noqa: BLE001 - raised by whoever waits
            found.append(error)
        ended.set()

    if _numeric(host.strip("[]")):
        return [host.strip("[]")]
    deadline = current(SYSTEM_CLOCK)
    deadline.begin_wait(id(found), ended.set)
    try:
        threading.Thread(target=ask, name="store-resolve", daemon=True).start()
        ended.wait(max(_LEAST, min(wait, deadline.left(), threading.TIMEOUT_MAX)))
    finally:
        deadline.end_wait(id(found))
    answer = found[0] if found else TimeoutError("the host's name was not resolved in time")
    if isinstance(answer, TimeoutError):
        raise urllib3.exceptions.ConnectTimeoutError(connection, str(answer)) from answer
    if isinstance(answer, socket.gaierror):
        raise urllib3.exceptions.NameResolutionError(host, connection, answer) from answer
    if isinstance(answer, UnicodeError):
        raise urllib3.exceptions.LocationParseError(f"'{host}', label empty or too long") from None
    if isinstance(answer, Exception):
        raise urllib3.exceptions.NewConnectionError(connection, str(answer)) from answer
    return list(answer)


def _numeric(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return False
