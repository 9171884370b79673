"""Which boot of which machine this is, and whose process numbers hold."""

from __future__ import annotations

import functools
import os


@functools.cache
def boot_id() -> str:
    """Return what names the running boot of this machine, or an empty string where nothing does.

    Source: ``random(4)``, ``/proc/sys/kernel/random/boot_id``.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:  # noqa: PTH123 - warm path
            return file.read().strip()
    except OSError:
        return ""


def process_space() -> str:
    """Return what names the processes whose numbers mean something to us: this boot and its namespace."""
    return _space_of(os.getpid())


@functools.lru_cache(maxsize=1)
def _space_of(_: int) -> str:
    # A process keeps its namespace as long as it lives: unshare(2) and setns(2) move only its children.
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it is no path
    except OSError:
        namespace = os.uname().nodename
    return f"{boot_id()} {namespace}"


os.register_at_fork(after_in_child=_space_of.cache_clear)


def is_alive(process: int) -> bool:
    """Whether a process of our process space is there; True where that cannot be told."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True
