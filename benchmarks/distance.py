"""Puts a server 50 ms away: by netem between network namespaces, else by a proxy."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks import nginx
from benchmarks.delaying import delayed

ROUND_TRIP = 0.05
"""In seconds."""

WINDOW = 950_000
"""Bytes of one connection on their way: 19 MB/s over this round trip, a common long line's."""

PROXIED = (
    "a proxy that holds each byte back 25 ms each way and has at most"
    f" {WINDOW:,} bytes of a connection on their way, after a slow start (netem cannot be had here)"
)

_NETWORK = "198.18.29"
"""Of the addresses that are set aside for benchmarks (RFC 2544)."""


@contextlib.contextmanager
def far_away(root: Path) -> Iterator[tuple[str, str]]:
    """Serve a directory from 50 ms away.

    Yields:
        The address, and how the distance is made.
    """
    name = f"store-{os.getpid()}"
    with contextlib.ExitStack() as stack:
        if nginx.program() and _apart(name, stack):
            within = ("ip", "netns", "exec", name)
            address = stack.enter_context(nginx.serving(root, host=f"{_NETWORK}.2", within=within))
            yield address, "netem between two network namespaces"
        else:
            address = stack.enter_context(nginx.serving(root))
            far = delayed(address, round_trip=ROUND_TRIP, window=WINDOW)
            yield stack.enter_context(far), PROXIED


def _apart(name: str, stack: contextlib.ExitStack) -> bool:
    """Make a network namespace that is 50 ms away; False, and nothing left, where that cannot be done."""
    if os.geteuid() != 0 or not (shutil.which("ip") and shutil.which("tc")):
        return False
    near, far = f"sn{os.getpid()}", f"sf{os.getpid()}"
    inside = ["ip", "netns", "exec", name]
    delay = ["root", "netem", "delay", f"{ROUND_TRIP * 500:g}ms", "limit", "100000"]
    steps = [
        ["ip", "netns", "add", name],
        ["ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name],
        ["ip", "address", "add", f"{_NETWORK}.1/30", "dev", near],
        ["ip", "link", "set", near, "up"],
        [*inside, "ip", "address", "add", f"{_NETWORK}.2/30", "dev", far],
        [*inside, "ip", "link", "set", far, "up"],
        [*inside, "ip", "link", "set", "lo", "up"],
        # The server's send buffer is the window: the kernel lets half of it be unacknowledged data.
        [*inside, "sysctl", "-qw", f"net.ipv4.tcp_wmem=4096 16384 {2 * WINDOW}"],
        ["tc", "qdisc", "add", "dev", near, *delay],
        [*inside, "tc", "qdisc", "add", "dev", far, *delay],
    ]
    undo = stack.enter_context(contextlib.ExitStack())
    undo.callback(subprocess.run, ["ip", "netns", "delete", name], check=False, capture_output=True)
    undo.callback(subprocess.run, ["ip", "link", "delete", near], check=False, capture_output=True)
    for step in steps:
        if subprocess.run(step, check=False, capture_output=True).returncode:
            undo.close()
            return False
    return True
