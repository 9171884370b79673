"""Connections that keep to the deadline in all they wait for.

The timeouts of sockets are for one wait each: a server that sends a byte now and then, a resolver that does
not answer, or a name with many dead addresses could hold a call for ever.
"""

from __future__ import annotations

import functools
import http.client
import io
import re
import socket
from typing import Any, Final

import urllib3.connection
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from store.clock import SYSTEM_CLOCK
from store.transports.deadlines import current
from store.transports.http.connecting import connected, shut_down

_INTERIM: Final = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9]{2}[ \r\n]")
"""How an interim answer begins; 101 is none: another protocol follows."""

_STATUS_LINE: Final = 16
_LINES: Final = 100
_LONGEST_LINE: Final = 1 << 16
"""How much of an interim answer is looked at, and passed over: http.client's own limits."""


class Watched(io.RawIOBase):
    """A socket's bytes, each wait for which ends with the deadline that holds for the reader.

    Args:
        raw: The socket as a file.
        connection: The socket.
    """

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw = raw
        self._sock = connection
        self._wake = functools.partial(shut_down, connection)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - whatever takes bytes
        """Fill the buffer with what is there, or wait for it.

        Raises:
            TimeoutError: The deadline has passed, or the server was silent for too long.
        """
        patience = self._sock.gettimeout()
        if patience == 0:
            return self._raw.readinto(buffer)
        deadline = current(SYSTEM_CLOCK)
        deadline.begin_wait(id(self), self._wake)
        try:
            left = deadline.left()
            if left == float("inf") or (patience is not None and patience <= left):
                return self._raw.readinto(buffer)
            if left <= 0:
                raise TimeoutError("the deadline has passed")
            self._sock.settimeout(left)
            try:
                return self._raw.readinto(buffer)
            finally:
                if self._sock.fileno() >= 0:
                    self._sock.settimeout(patience)
        finally:
            deadline.end_wait(id(self))

    def close(self) -> None:
        """Close the file; the socket's other files stay open."""
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer whose headers, chunk sizes and trailers are waited for no longer than its body."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as the base
        super().__init__(sock, *arguments, **options)
        self.fp: Any = io.BufferedReader(Watched(self.fp.detach(), sock))

    def begin(self) -> None:
        """Read the head, and pass over what comes before it (1xx: RFC 9110, section 15.2), such as hints."""
        while self.fp is not None and _INTERIM.match(self.fp.peek(_STATUS_LINE)):
            for _ in range(_LINES):
                if not self.fp.readline(_LONGEST_LINE).strip():
                    break
        super().begin()


class _Plain(urllib3.connection.HTTPConnection):
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return connected(self)


class _Secured(urllib3.connection.HTTPSConnection):
    response_class = _Answer

    def _new_conn(self) -> socket.socket:
        return connected(self)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecuredPool(HTTPSConnectionPool):
    ConnectionCls = _Secured


class Adapter(HTTPAdapter):
    """Requests' adapter, with our connections."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as the base
        """Make the pools of connections without a proxy."""
        super().init_poolmanager(*arguments, **options)  # type: ignore[no-untyped-call, unused-ignore]
        _use_ours(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the base
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*arguments, **options)  # type: ignore[no-untyped-call, unused-ignore]
        _use_ours(manager)
        return manager


def _use_ours(manager: PoolManager) -> None:
    classes = {"http": _PlainPool, "https": _SecuredPool}
    if manager.pool_classes_by_scheme["http"] is HTTPConnectionPool:  # SOCKS has its own
        manager.pool_classes_by_scheme = classes
