"""A loopback file server for benchmarks that counts what it sends."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

_RANGE = re.compile(rb"\r\nrange: *bytes=(\d+)-(\d*)", re.IGNORECASE)
_CONTROL = "/.control/"
_CHUNK = 1 << 20


class Counts(NamedTuple):
    """What a server sent since its counts were last forgotten.

    Attributes:
        bodies: How many bodies were begun; each range is one.
        sent: Bytes of all bodies.
        waiting: How many bodies are held back now.
    """

    bodies: int
    sent: int
    waiting: int


@contextlib.contextmanager
def serving(root: Path, *, rate: int = 0) -> Iterator[str]:
    """Serve a directory from a process of its own.

    Args:
        root: The directory.
        rate: The most that one connection gets, in bytes a second; 0 sets no limit.

    Yields:
        The address, without a slash at its end.
    """
    command = [sys.executable, "-m", "benchmarks.server", str(root), "--rate", str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the server has no output")
        port = int(process.stdout.readline())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def counts(address: str) -> Counts:
    """Return what the server sent since its counts were last forgotten."""
    return Counts(**_control(address, "counts"))


def forget(address: str) -> None:
    """Begin to count anew, once no body is on its way."""
    _control(address, "forget")


def hold_at(address: str, sent: int) -> None:
    """Let the server fall silent once it has sent so many bytes since the last `forget`; 0 lets it go on."""
    _control(address, f"hold/{sent}")


def _control(address: str, what: str) -> dict[str, int]:
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", _CONTROL + what)
        found: dict[str, int] = json.loads(connection.getresponse().read())
        return found


class _Ledger:
    """Counts bytes, and holds them back where it was told to; knows the greatest rate."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._changed = threading.Condition()
        self._bodies = self._sent = self._active = self._waiting = self._hold = 0

    @contextlib.contextmanager
    def body(self) -> Iterator[None]:
        """Count one body."""
        with self._changed:
            self._bodies += 1
            self._active += 1
        try:
            yield
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def claim(self, wanted: int) -> int:
        """Return how much may be sent now, counted before it goes: nobody can have it uncounted."""
        with self._changed:
            self._waiting += 1
            while self._hold and self._sent >= self._hold:
                self._changed.wait()
            self._waiting -= 1
            allowed = min(wanted, self._hold - self._sent) if self._hold else wanted
            self._sent += allowed
            return allowed

    def give_back(self, unsent: int) -> None:
        """Take back what was claimed and not sent."""
        with self._changed:
            self._sent -= unsent

    def told(self, what: str) -> Counts:
        """Do what a control request asks for."""
        with self._changed:
            if what == "forget":
                self._changed.wait_for(lambda: self._active == 0, timeout=30)
                self._bodies = self._sent = 0
            elif what.startswith("hold/"):
                self._hold = int(what.removeprefix("hold/"))
                self._changed.notify_all()
            return Counts(self._bodies, self._sent, self._waiting)


def main() -> None:
    """Serve until terminated, and say on which port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--rate", type=int, default=0)
    arguments = parser.parse_args()
    ledger = _Ledger(arguments.rate)
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        conversation = (connection, arguments.root, ledger)
        threading.Thread(target=_serve, args=conversation, daemon=True).start()


def _serve(connection: socket.socket, root: Path, ledger: _Ledger) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pending = b""
    with connection, contextlib.suppress(OSError):
        while True:
            while b"\r\n\r\n" not in pending:
                data = connection.recv(65536)
                if not data:
                    return
                pending += data
            head, pending = pending.split(b"\r\n\r\n", 1)
            _answer(connection, root, head, ledger)


def _answer(connection: socket.socket, root: Path, head: bytes, ledger: _Ledger) -> None:
    method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
    name = unquote(urlsplit(target.decode()).path)
    if name.startswith(_CONTROL):
        body = json.dumps(ledger.told(name.removeprefix(_CONTROL))._asdict()).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        return
    path = root / name.lstrip("/")
    if not path.is_file():
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return
    size = path.stat().st_size
    tag = b'"%x-%x"' % (path.stat().st_mtime_ns, size)
    if b"\r\nif-none-match: " + tag in head.replace(b"If-None-Match", b"if-none-match"):
        connection.sendall(b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n" % tag)
        return
    asked = _RANGE.search(head)
    first = int(asked[1]) if asked else 0
    last = min(int(asked[2]), size - 1) if asked and asked[2] else size - 1
    if first > last:
        connection.sendall(
            b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */%d\r\n"
            b"Content-Length: 0\r\n\r\n" % size
        )
        return
    status = b"206 Partial Content" if asked else b"200 OK"
    extra = b"Content-Range: bytes %d-%d/%d\r\n" % (first, last, size) if asked else b""
    connection.sendall(
        b"HTTP/1.1 %s\r\nContent-Length: %d\r\nAccept-Ranges: bytes\r\nETag: %s\r\n%s\r\n"
        % (status, last - first + 1, tag, extra)
    )
    if method != b"HEAD":
        with ledger.body(), path.open("rb") as file:
            _send(connection, file.fileno(), first, last - first + 1, ledger)


def _send(
    connection: socket.socket, descriptor: int, position: int, left: int, ledger: _Ledger
) -> None:
    rate = ledger.rate
    chunk = min(_CHUNK, max(1, rate // 50)) if rate else _CHUNK
    began, whole = time.monotonic(), left
    while left:
        claimed = ledger.claim(min(left, chunk))
        sent = os.sendfile(connection.fileno(), descriptor, position, claimed)
        ledger.give_back(claimed - sent)
        position, left = position + sent, left - sent
        if rate:
            time.sleep(max(0.0, began + (whole - left) / rate - time.monotonic()))


if __name__ == "__main__":
    main()
