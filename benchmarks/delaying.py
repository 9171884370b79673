"""A proxy on loopback that makes a server seem far away.

Each byte is held back for half a round trip, each way. A connection takes a round trip to open; of what the
server sends, a window may be on its way unacknowledged: ten segments at first, more with each acknowledgement
(slow start), ``window`` bytes at the most. So one connection gets ``window`` bytes a round trip.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

FIRST_WINDOW = 10 * 1460
"""Bytes that may be on their way before the first acknowledgement (RFC 6928)."""

_CHUNK = 256 * 1024


@contextlib.contextmanager
def delayed(address: str, *, round_trip: float, window: int) -> Iterator[str]:
    """Put a server farther away.

    Args:
        address: The server's address.
        round_trip: In seconds.
        window: The most bytes that are on their way to the client on one connection.

    Yields:
        The address to ask instead, without a slash at its end.
    """
    port = urlsplit(address).port
    command = [sys.executable, "-m", "benchmarks.delaying", str(port), str(round_trip), str(window)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the proxy has no output")
        listening = int(process.stdout.readline())
        try:
            yield f"http://127.0.0.1:{listening}"
        finally:
            process.terminate()


class _Window:
    """How many bytes may be on their way; grows with what is acknowledged."""

    def __init__(self, first: int, greatest: int) -> None:
        self._size = min(first, greatest)
        self._greatest = greatest
        self._flying = 0
        self._opened = asyncio.Event()

    async def room(self) -> int:
        """Wait until something may be sent, and return how much."""
        while self._flying >= self._size:
            self._opened.clear()
            await self._opened.wait()
        return self._size - self._flying

    def sent(self, count: int) -> None:
        """Note what went on its way."""
        self._flying += count

    def acknowledged(self, count: int) -> None:
        """Note what the sender knows to have arrived."""
        self._flying -= count
        self._size = min(self._greatest, self._size + count)
        self._opened.set()


async def _carry(source: socket.socket, sink: socket.socket, window: _Window, delay: float) -> None:
    """Carry what comes, each byte ``delay`` seconds later, until the source ends."""
    loop = asyncio.get_running_loop()
    flying: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def land() -> None:
        while True:
            due, data = await flying.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                sink.shutdown(socket.SHUT_WR)
                return
            await loop.sock_sendall(sink, data)
            loop.call_later(delay, window.acknowledged, len(data))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(land())
        while True:
            data = await loop.sock_recv(source, min(_CHUNK, await window.room()))
            window.sent(len(data))
            flying.put_nowait((loop.time() + delay, data))
            if not data:
                break


async def _connect(client: socket.socket, port: int, delay: float, greatest: int) -> None:
    loop = asyncio.get_running_loop()
    with client, socket.socket() as server, contextlib.suppress(OSError, ExceptionGroup):
        for each in (client, server):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.sleep(2 * delay)  # the handshake, which the client believes done already
        await loop.sock_connect(server, ("127.0.0.1", port))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_carry(client, server, _Window(greatest, greatest), delay))
            tasks.create_task(_carry(server, client, _Window(FIRST_WINDOW, greatest), delay))


async def _serve(port: int, delay: float, greatest: int) -> None:
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    kept = set()
    while True:
        client, _ = await loop.sock_accept(listener)
        task = asyncio.create_task(_connect(client, port, delay, greatest))
        kept.add(task)
        task.add_done_callback(kept.discard)


def main() -> None:
    """Carry connections until terminated, and say on which port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, help="where the server listens")
    parser.add_argument("round_trip", type=float, help="in seconds")
    parser.add_argument("window", type=int, help="in bytes")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.round_trip / 2, arguments.window))


if __name__ == "__main__":
    main()
