"""How runs end: statuses, messages, signals, streams that take nothing."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import click
import pytest

from store import errors
from store.cli.ending import described, ended, failure
from store.cli.frame import Frame
from store.cli.steps import next_step
from store.hooks import hookimpl
from store.plugins.manager import plugins
from store.testing.misbehaving import Drip
from store.testing.servers import Server
from store.transports.attempts import Attempt

Run = Callable[..., Any]


@pytest.fixture
def raising() -> Callable[[BaseException], None]:
    """Register a command ``raise`` that raises what it is told to."""

    def register(error: BaseException) -> None:
        def callback() -> None:
            raise error

        class Raising:
            @hookimpl
            def store_commands(self) -> dict[str, Any]:
                return {"raise": click.Command("raise", callback=callback)}

        plugins().register(Raising(), "raising")

    return register


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.StoreError("text"), 1),
        (errors.ConfigurationError("text"), 2),
        (errors.ResourceNotFoundError("text"), 3),
        (errors.IntegrityError("text"), 4),
        (errors.TooLargeError("text"), 5),
        (errors.OfflineError("text"), 6),
        (errors.CredentialsError("text"), 7),
        (errors.TransportTimeoutError("text"), 8),
        (errors.LockTimeoutError("text"), 9),
        (errors.StorageError("text"), 10),
    ],
)
def test_an_error_of_ours_is_a_line_and_its_status(
    cli: Run, raising: Run, error: errors.StoreError, status: int
) -> None:
    """Scripts go by the status, people by the line, and by the step that may follow it."""
    raising(error)

    assert cli("-q", "raise") == (status, "", "store: text\n")
    step = next_step(error)
    told = "store: text\n" if step is None else f"store: text\nstore: {step}\n"
    assert cli("raise") == (status, "", told)


def test_a_surprise_is_one_line_with_a_hint(cli: Run, raising: Run) -> None:
    """No traceback, unless it is asked for; addresses in it lose their secrets."""
    raising(ValueError("cannot read https://user:secret@host/path?token=hidden now"))

    plain, verbose = cli("raise"), cli("-v", "raise")

    assert plain.status == verbose.status == 1
    assert plain.err == (
        "store: unexpected ValueError: cannot read https://host/path now;"
        " run it again with -v for the traceback, and report it\n"
    )
    assert "Traceback" in verbose.err
    assert "secret" not in verbose.err
    assert "hidden" not in verbose.err


def test_twice_verbose_traces_our_errors_too(cli: Run, raising: Run) -> None:
    """Once is enough for a surprise only."""
    raising(errors.StoreError("text"))

    assert "Traceback" not in cli("-v", "raise").err
    assert "Traceback" in cli("-vv", "raise").err


def test_a_try_that_failed_as_the_whole_did_is_told_once(cli: Run, raising: Run) -> None:
    """Even where the reason names another address, as after a redirect."""
    error = errors.TransportError("https://b: refused")
    error.attempts = (
        Attempt(address="https://a", reason="https://b: refused", received=0, seconds=0.1),
    )
    raising(error)

    assert cli("raise").err.splitlines() == [
        "store: https://b: refused",
        f"store: {next_step(error)}",
    ]


def test_tries_that_failed_otherwise_are_told(cli: Run, raising: Run) -> None:
    """Each mirror's fault is seen, once, and none with ``--quiet``."""

    @attrs.frozen
    class Try:
        address: str
        reason: str | None

    error = errors.TransportError("https://c: gone")
    error.attempts = (Try("https://a", "lost"), Try("https://a", "lost"), Try("https://c", "gone"))
    raising(error)

    assert cli("raise").err.splitlines() == [
        "store: https://c: gone",
        "store:   tried before: https://a: lost",
        f"store: {next_step(error)}",
    ]
    assert cli("-q", "raise").err.splitlines() == ["store: https://c: gone"]


def test_an_interruption_is_a_short_line(cli: Run, raising: Run) -> None:
    """Status 130, as shells have it."""
    raising(KeyboardInterrupt())

    assert cli("raise") == (130, "", "store: interrupted\n")


def test_an_interruption_leaves_the_line_of_the_terminal(
    cli: Run, raising: Run, terminal: Run
) -> None:
    """``^C`` and a bar stand on a line of their own."""
    terminal()
    raising(KeyboardInterrupt())

    assert cli("raise").err == "\nstore: interrupted\n"


@pytest.mark.parametrize(("cause", "status"), [(EOFError(), 1), (KeyboardInterrupt(), 130)])
def test_a_question_may_be_cut_off(
    cli: Run, raising: Run, cause: BaseException, status: int
) -> None:
    """By the end of the input, or by Ctrl-C."""
    abort = click.Abort()
    abort.__context__ = cause
    raising(abort)

    done = cli("raise")

    assert done.status == status
    assert ("was not answered" in done.err) == (status == 1)


def test_json_has_the_error_on_stdout(cli: Run) -> None:
    """A program that reads stdout sees what went wrong."""
    done = cli("config", "get", "ofline", "--json")

    assert done.status == 2
    assert done.json["error"]["type"] == "ConfigurationError"
    assert done.json["error"]["key"] == "ofline"
    assert done.err.startswith("store: there is no setting")


def test_an_error_is_described_as_plain_data() -> None:
    """What it carries is kept, as far as JSON can hold it; addresses lose their secrets."""

    @attrs.frozen
    class Try:
        address: str
        seconds: float

    error = errors.TransportError("text", url="https://u:p@host/x?y", status=503, retry_after=1.5)
    error.attempts = (Try("https://host/x", 0.5),)
    query = errors.QueryError("text", query={"path": Path("x"), "deep": [1, {"a": None}]})

    assert described(error) == {
        "type": "TransportError",
        "message": "text",
        "status": 503,
        "url": "https://host/x",
        "retry_after": 1.5,
        "attempts": [{"address": "https://host/x", "seconds": 0.5}],
        "exit_status": 8,
    }
    assert described(query)["query"] == {"path": "x", "deep": [1, {"a": None}]}
    assert described(KeyError("k")) == {"type": "KeyError", "message": "'k'", "exit_status": 1}


@pytest.mark.usefixtures("hello")
@pytest.mark.parametrize("words", ["fetch -q hello.txt", "--version", "--help", "config list"])
def test_whatever_cannot_be_written_is_told(words: str) -> None:
    """A full disk under stdout: what could not be written was not delivered, status 10."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "store", *words.split()],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert done.returncode == 10
    assert done.stderr == "store: the result cannot be written: No space left on device\n"


def test_a_version_that_nobody_hears_is_no_error() -> None:
    """``store --version >&-`` ends like any other command."""
    done = subprocess.run(
        ["bash", "-c", '"$0" -m store --version >&-', sys.executable],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "status"), [("fetch nope.txt", 3), ("fetch hello.txt", 0), ("config get nope", 2)]
)
def test_a_stderr_that_takes_nothing_does_not_change_the_status(
    hello: Path, words: str, status: int
) -> None:
    """A full disk under a log is no reason to call what was delivered a failure, nor to hide one."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "store", *words.split()],
            check=False,
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            timeout=60,
        )

    assert done.returncode == status
    assert done.stdout.endswith("hello.txt\n") == (status == 0)


def test_a_reader_that_has_gone_is_no_error(hello: Path) -> None:
    """``store … | head -0`` says nothing on stderr."""
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [sys.executable, "-m", "store", "fetch", "-q", "hello.txt"],
        check=False,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (141, "")


def test_streams_may_be_closed(hello: Path) -> None:
    """``>&-`` is legal, and a daemon's habit."""
    done = subprocess.run(
        ["bash", "-c", '"$0" -m store fetch hello.txt --dest out >&- 2>&-', sys.executable],
        check=False,
        timeout=60,
    )

    assert done.returncode == 0
    assert Path("out/hello.txt").is_file()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_in_the_middle_of_a_download_leaves_no_trace(
    server: Server, starting: Run, store_cache_dir: Path, number: int, status: int
) -> None:
    """Neither in the cache nor where the file was wanted."""
    url = server.serve("/big", bytes(100_000), fault=Drip(size=1000, every=0.05))
    run = starting("fetch", url, "--allow-unverified", "--dest", "out")
    run.wait_for("fetching big")

    done = run.ended_by(number)

    assert done.status == status
    assert done.out == ""
    assert "Traceback" not in done.err
    named = signal.Signals(number).name
    how = "interrupted" if number == signal.SIGINT else f"ended by {named}"
    assert done.err == f"store: {how}\n"
    assert not list(Path("out").glob("*"))
    left = {
        path.relative_to(store_cache_dir).parts[0]
        for path in store_cache_dir.rglob("*")
        if path.is_file()
    }
    assert left <= {"CACHEDIR.TAG", "locks", "stats"}


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_says_what_is_kept(
    server: Server, starting: Run, number: int, status: int
) -> None:
    """Of a body that can be gone on with; whoever is told of the end is told by which signal."""
    url = server.serve("/big", bytes(8 << 20), fault=Drip(size=1 << 18, every=0.05), etag='"a"')
    run = starting("fetch", url, "--allow-unverified")
    run.wait_for("fetching big")
    time.sleep(0.6)

    done = run.ended_by(number)

    assert done.status == status
    assert "of big are kept: the same command goes on from there" in done.err


def test_a_thread_may_run_the_command_line() -> None:
    """Signals are left alone there: only the main thread may catch them."""
    statuses = []

    def work() -> None:
        with ended(Frame()) as ending:
            ending.status = 7
        statuses.append(ending.status)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert statuses == [7]


def test_an_ignored_hangup_stays_ignored() -> None:
    """``nohup store …`` goes on."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended(Frame()):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_operating_systems_error_is_a_surprise_elsewhere(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Only where the result is written does a full disk mean stdout."""
    frame = Frame()
    frame.json = True

    status = failure(OSError(errno.ENOSPC, "full"), frame, locator="x")

    out, err = capfd.readouterr()
    assert status == 1
    assert "unexpected OSError" in err
    assert json.loads(out)["locator"] == "x"
