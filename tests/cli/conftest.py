"""A house of its own for each test, and the command line to run in it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from store.cli.main import run
from store.plugins.manager import plugins
from store.testing.object_servers import MotoServer
from store.testing.servers import Server


class Done(NamedTuple):
    """How a run ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


HELLO = b"hello\n"
"""What stands in ``hello.txt``."""

Run = Callable[..., Done]
"""Runs ``store`` with arguments."""


@pytest.fixture(autouse=True)
def house(store_environment: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Shield the test from the user's settings; work in an empty directory, which is returned."""
    store_environment.setenv("STORE_DURABILITY", "relaxed")
    store_environment.delenv("NO_COLOR", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    store_environment.chdir(work)
    plugins.cache_clear()
    yield work
    plugins.cache_clear()


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: ``cli("fetch", locator)``."""

    def runner(*arguments: object) -> Done:
        capfd.readouterr()
        status = run([str(one) for one in arguments])
        return Done(status, *capfd.readouterr())

    return runner


@pytest.fixture
def process() -> Run:
    """Run the command line in a process of its own."""

    def runner(*arguments: object, **options: Any) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "store", *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            **options,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return runner


_INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
from store.__main__ import main
sys.exit(main())
"""
"""Runs the command line with a terminal's signals.

A shell's background jobs, and their children, ignore SIGINT; coverage takes SIGTERM for itself.
"""


class Started:
    """A command line that is running in a process of its own."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _INTERRUPTIBLE, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, text: str) -> None:
        """Return when a line with this text stands on stderr."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if text in line:
                return
        pytest.fail(f"it ended without saying {text!r}")

    def ended_by(self, number: int) -> Done:
        """Send a signal, and return how it ended."""
        os.kill(self.process.pid, number)
        out, err = self.process.communicate(timeout=30)
        return Done(self.process.returncode, out, err)


@pytest.fixture
def starting() -> Iterator[Callable[..., Started]]:
    """Start command lines, and end those that are still running after the test."""
    running: list[Started] = []

    def start(*arguments: object) -> Started:
        running.append(Started(*arguments))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a real server on loopback."""
    with Server() as running:
        yield running


@pytest.fixture
def hello(house: Path) -> Path:
    """Lay down a local file ``hello.txt``."""
    path = house / "hello.txt"
    path.write_bytes(HELLO)
    return path


@pytest.fixture
def hello_digest() -> str:
    """Return the digest of ``hello.txt``."""
    return f"sha256:{hashlib.sha256(HELLO).hexdigest()}"


@pytest.fixture
def warm_locators(
    server: Server, hello: Path, hello_digest: str, store_environment: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return a locator of each kind that can be fetched; none needs a settings file."""
    url = server.serve("/hello.txt", HELLO)
    wheel = "demo-1.0-py3-none-any.whl"
    server.serve(f"/files/{wheel}", HELLO)
    pin = hello_digest.replace(":", "=")
    server.serve(
        "/simple/demo/",
        f'<!DOCTYPE html><a href="../../files/{wheel}#{pin}">{wheel}</a>'.encode(),
        headers={"Content-Type": "text/html"},
    )
    store_environment.setenv("PIP_CONFIG_FILE", os.devnull)
    store_environment.setenv("PIP_INDEX_URL", f"{server.url}/simple/")
    return {"url": f"{url}#{pin}", "pypi": "pypi:demo==1.0", "file": str(hello)}


class Keyboard(io.StringIO):
    """A stdin that passes for a terminal, with what was typed."""

    def isatty(self) -> bool:
        """Say that a person sits there."""
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let stdin, stdout and stderr pass for a terminal from the call on, with what is typed there."""

    def sit_down(typed: str = "") -> None:
        for stream in (sys.stdout, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys, "stdin", Keyboard(typed))

    return sit_down


@pytest.fixture(params=["moto", "rclone"])
def named(request: pytest.FixtureRequest, house: Path) -> str:
    """Name an empty bucket of a server in the settings; return its address."""
    server = request.getfixturevalue(f"{request.param}_server")
    connection = server.connection
    (house / "store.toml").write_text(
        f'[connection.work]\nendpoint = "{server.endpoint}"\nbucket = "{server.new_bucket()}"\n'
        f'access_key = "{connection.access_key}"\nsecret_key = "{connection.secret_key}"\n',
        encoding="utf-8",
    )
    return "bucket:work"


@pytest.fixture
def tree(house: Path) -> Path:
    """Lay down a small tree."""
    (house / "out" / "sub").mkdir(parents=True)
    (house / "out" / "a.csv").write_bytes(b"a,b\n")
    (house / "out" / "sub" / "b.csv").write_bytes(b"b\n")
    (house / "out" / "sub" / "c.tmp").write_bytes(b"c\n")
    return house / "out"


@pytest.fixture
def connected(moto_server: MotoServer, house: Path) -> str:
    """Name an empty bucket, and a server without one; return the bucket's address."""
    connection = moto_server.connection
    keys = f'access_key = "{connection.access_key}"\nsecret_key = "{connection.secret_key}"\n'
    (house / "store.toml").write_text(
        f'[connection.work]\nendpoint = "{moto_server.endpoint}"\nbucket = "{moto_server.new_bucket()}"\n'
        f'{keys}[connection.bare]\nendpoint = "{moto_server.endpoint}"\n{keys}',
        encoding="utf-8",
    )
    return "bucket:work"
