"""A loopback file server for benchmarks: threads and sendfile, as lean as Python gives."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_RANGE = re.compile(rb"\r\nrange: *bytes=(\d+)-(\d*)", re.IGNORECASE)


@contextlib.contextmanager
def serving(root: Path) -> Iterator[str]:
    """Serve a directory from a process of its own; gives the address without a slash at its end."""
    command = [sys.executable, "-m", "benchmarks.server", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the server has no output")
        port = int(process.stdout.readline())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def transfers(root: Path) -> int:
    """Return how many bodies were asked for since the log was last emptied."""
    log = root / ".transfers"
    return len(log.read_bytes()) if log.exists() else 0


def forget_transfers(root: Path) -> None:
    """Empty the log of transfers."""
    (root / ".transfers").write_bytes(b"")


def main() -> None:
    """Serve until terminated, and say on which port."""
    root = Path(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, root), daemon=True).start()


def _serve(connection: socket.socket, root: Path) -> None:
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
            _answer(connection, root, head)


def _answer(connection: socket.socket, root: Path, head: bytes) -> None:
    method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
    path = root / target.decode().lstrip("/")
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
    last = int(asked[2]) if asked and asked[2] else size - 1
    status = b"206 Partial Content" if asked else b"200 OK"
    extra = b"Content-Range: bytes %d-%d/%d\r\n" % (first, last, size) if asked else b""
    connection.sendall(
        b"HTTP/1.1 %s\r\nContent-Length: %d\r\nAccept-Ranges: bytes\r\nETag: %s\r\n%s\r\n"
        % (status, last - first + 1, tag, extra)
    )
    if method == b"HEAD":
        return
    with (root / ".transfers").open("ab") as log:
        log.write(b".")
    with path.open("rb") as file:
        position, left = first, last - first + 1
        while left:
            sent = os.sendfile(connection.fileno(), file.fileno(), position, min(left, 1 << 20))
            position, left = position + sent, left - sent


if __name__ == "__main__":
    main()
