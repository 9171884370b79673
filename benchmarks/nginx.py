"""nginx on loopback, with a configuration and files of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import server

HUB = "benchmark/files"
"""The repository under which ``huggingface_hub`` finds the files, at ``HF_ENDPOINT`` = the address."""

_CONFIGURATION = """
daemon off;
{user}
worker_processes auto;
pid {state}/nginx.pid;
error_log {state}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    default_type application/octet-stream;
    keepalive_requests 1000000;
    client_body_temp_path {state}/body;
    proxy_temp_path {state}/proxy;
    fastcgi_temp_path {state}/fastcgi;
    uwsgi_temp_path {state}/uwsgi;
    scgi_temp_path {state}/scgi;
    server {{
        listen {host}:{port} backlog=4096;
        root {root};
        limit_rate {rate};
        location /{hub}/resolve/main/ {{
            alias {root}/;
            add_header X-Repo-Commit 0000000000000000000000000000000000000001;
        }}
    }}
}}
"""


def program() -> str | None:
    """Return where nginx is, or None."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def kind() -> str:
    """Return who serves, in a word or two."""
    found = program()
    if found is None:
        return "the benchmarks' own server (nginx is not installed)"
    done = subprocess.run([found, "-v"], check=True, capture_output=True, text=True)
    return done.stderr.strip().rsplit(" ", 1)[-1]  # nginx version: nginx/1.22.1


@contextlib.contextmanager
def serving(
    root: Path, *, rate: int = 0, host: str = "127.0.0.1", within: Sequence[str] = ()
) -> Iterator[str]:
    """Serve a directory by nginx, else by `benchmarks.server`.

    Args:
        root: The directory.
        rate: The most that one request gets, in bytes a second; 0 sets no limit.
        host: The address to listen at; only nginx listens elsewhere than on loopback.
        within: A command that the server is started by, such as ``ip netns exec NAME``.

    Yields:
        The address, without a slash at its end.

    Raises:
        RuntimeError: nginx ended at once.
    """
    found = program()
    if found is None:
        with server.serving(root, rate=rate) as address:
            yield address
        return
    state = Path(tempfile.mkdtemp(prefix="store-nginx-"))
    try:
        port = free_port()
        (state / "nginx.conf").write_text(
            _CONFIGURATION.format(
                user="user root;" if os.geteuid() == 0 else "",
                state=state, host=host, port=port, root=root, rate=rate, hub=HUB,
            ),
            encoding="utf-8",
        )  # fmt: skip
        command = [*within, found, "-p", str(state), "-c", str(state / "nginx.conf")]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                _wait(process, host, port, state, within)
                yield f"http://{host}:{port}"
            finally:
                process.terminate()
    finally:
        shutil.rmtree(state, ignore_errors=True)


def free_port() -> int:
    """Return a port that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait(
    process: subprocess.Popen[bytes], host: str, port: int, state: Path, within: Sequence[str]
) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.02)
    log = state / "error.log"
    said = log.read_text(encoding="utf-8") if log.exists() else f"no log ({' '.join(within)})"
    raise RuntimeError(f"nginx does not listen at {host}:{port}: {said}")
