"""What every room's tests may use."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    # Most tests need no object store: its fakes load when one is asked for.
    from store.testing.object_servers import MotoServer, RcloneServer

pytest_plugins = ["pytester"]


def pytest_configure() -> None:
    """Let no law fail since the machine is busy, and Ctrl-C be heeded though a shell has it ignored."""
    settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("house")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[MotoServer]:
    """An S3 mock that honours conditions, one a session: ``moto_server.connection``, ``.new_bucket()``."""
    from store.testing.object_servers import MotoServer

    with MotoServer() as server:
        yield server


@pytest.fixture(scope="session")
def rclone_server() -> Iterator[RcloneServer]:
    """A second dialect of S3, one a session: ``rclone_server.connection``, ``.new_bucket()``."""
    from store.testing.object_servers import RcloneServer

    with RcloneServer() as server:
        yield server


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts programs, and ends those that still run."""
    running: list[subprocess.Popen[str]] = []

    def started(source: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", source, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield started
    for process in running:
        process.kill()
        process.communicate()
