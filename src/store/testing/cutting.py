"""A proxy on loopback that breaks connections, and damages what comes.

::

    with Cutting(server.port) as proxy:
        proxy.cuts = 2
        put_through(proxy.url)
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Final, Self

_PIECE: Final = 64 << 10
"""How much is carried at once, in bytes."""

_RESET: Final = struct.pack("ii", 1, 0)
"""What lets a connection end with a reset (``SO_LINGER`` of socket(7))."""

_CONTENT: Final = b"last byte of content"
"""What a content ends with that is dropped or damaged."""

_BODILESS: Final = (b"GET", b"HEAD", b"DELETE")
"""How requests begin that bring no body."""


class Cutting:
    """Stands before a server on loopback, started at once and stopped by `stop` or a ``with``.

    Args:
        port: The server's.

    Attributes:
        url: Where it is, without a slash at the end.
        cuts: How many connections are still to be reset in the middle of what goes up.
        drops: How many are still to be reset in the middle of what comes down.
        flips: In how many pieces that come down the last byte is still to be another one.
        holds: Whether connections are held rather than reset: nothing more is carried, and none ends.
        after: After how many bytes of a request it is cut or held.
        held: Is set when a connection is held.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.cuts = self.drops = self.flips = 0
        self.holds = False
        self.after = 20_000
        self.held = threading.Event()
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="store-cutting", daemon=True).start()

    def stop(self) -> None:
        """Listen no more, end all connections, and let go what is held."""
        self._released.set()
        with self._lock:
            ends = list(self._open)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        """Return the proxy itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the proxy."""
        self.stop()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self._port))
                with self._lock:
                    self._open |= {client, server}
                self._begin(client, server, up=True)
                self._begin(server, client, up=False)

    def _begin(self, source: socket.socket, dest: socket.socket, *, up: bool) -> None:
        arguments = {"source": source, "dest": dest, "up": up}
        name = "store-cutting"
        threading.Thread(target=self._carry, kwargs=arguments, name=name, daemon=True).start()

    def _carry(self, *, source: socket.socket, dest: socket.socket, up: bool) -> None:
        """Carry what comes to the other side; cut or hold it where that is due."""
        body = 0
        with contextlib.suppress(OSError), source, dest:
            while piece := source.recv(_PIECE):
                body = 0 if piece.startswith(_BODILESS) else body + len(piece)
                if up and body > self.after and self._is_due("cuts"):
                    dest.sendall(piece[: len(piece) // 2])
                    if self.holds:
                        self.held.set()
                        self._released.wait()
                    _reset(source, dest)
                    return
                content = not up and _CONTENT in piece
                if content and self._is_due("drops"):
                    dest.sendall(piece[:-1])
                    _reset(source, dest)
                    return
                if content and self._is_due("flips"):
                    piece = piece[:-1] + bytes([piece[-1] ^ 1])
                dest.sendall(piece)

    def _is_due(self, what: str) -> bool:
        with self._lock:
            left = getattr(self, what) - 1
            setattr(self, what, left)
            return bool(left >= 0)


def _reset(*ends: socket.socket) -> None:
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RD)  # wakes who carries the other way
