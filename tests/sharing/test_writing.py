"""Writing back in the background."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from store.config.tier import Tier
from store.sharing.base import SharedTier
from store.sharing.health import health_of
from store.sharing.http_cas import HttpTier
from store.sharing.writing import Job, Writer
from store.testing.cas import CasServer, Mood
from store.testing.servers import Server
from store.transports.base import Conditions, Stream, TransferOptions

from .conftest import CONTENT, NAME, Machine

Make = Callable[..., Machine]


class Slow(SharedTier):
    """A tier that takes a file when it is told to."""

    def __init__(self) -> None:
        super().__init__(Tier("/slow"), TransferOptions())
        self.begun, self.go = threading.Event(), threading.Event()
        self.taken: list[str] = []

    def address_of(self, name: str) -> str:
        """Return the name."""
        return name

    def open_stream(
        self, name: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Never asked."""
        raise NotImplementedError

    def holds(self, name: str) -> bool:
        """Whether it was taken."""
        return name in self.taken

    def put(self, name: str, path: Path) -> None:
        """Take it, when told to."""
        del path
        self.begun.set()
        self.go.wait(10)
        self.taken.append(name)

    def reach(self) -> None:
        """It is there."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is to be written."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def test_a_fetch_does_not_wait_for_what_is_written_back(file: Path) -> None:
    """It is written while something else is done."""
    writer, tier = Writer(), Slow()

    writer.offer(Job(tier, NAME, file), patience=5)

    assert tier.begun.wait(5)
    assert writer.pending == 1
    assert not writer.finish(0)
    tier.go.set()
    assert writer.finish(5)
    assert tier.taken == [NAME]


def test_what_takes_too_long_is_left(file: Path) -> None:
    """Whoever ends may give up, and what has not begun does not begin."""
    writer, tier = Writer(), Slow()
    for number in range(6):
        writer.offer(Job(tier, f"{number}", file), patience=5)
    assert tier.begun.wait(5)

    left = writer.give_up()

    assert left == 6
    tier.go.set()
    assert writer.finish(5)
    assert 1 <= len(tier.taken) <= 4


def test_what_another_has_written_meanwhile_is_not_written_again(
    cas: CasServer, file: Path
) -> None:
    """A question is cheaper than a file."""
    cas.keep(CONTENT)
    writer = Writer()

    writer.offer(Job(HttpTier(Tier(cas.url), TransferOptions()), NAME, file), patience=5)

    assert writer.finish(5)
    assert [method for method, _ in cas.requests] == ["HEAD"]


def test_a_file_that_is_gone_is_not_written(cas: CasServer, file: Path) -> None:
    """It was pruned: that is no failure."""
    file.unlink()
    writer = Writer()

    writer.offer(Job(HttpTier(Tier(cas.url), TransferOptions()), NAME, file), patience=5)

    assert writer.finish(5)
    assert cas.asked() == []


@pytest.mark.parametrize("mood", ["read-only", "locked"])
def test_a_tier_that_takes_nothing_costs_one_warning(
    machine: Make,
    origin: Server,
    cas: CasServer,
    caplog: pytest.LogCaptureFixture,
    mood: Mood,
) -> None:
    """And it is still read from."""
    here = machine(Tier(cas.url))
    contents = [b"content %d" % number for number in range(4)]
    locators = [
        f"{origin.serve(f'/{hashlib.sha256(one).hexdigest()}', one)}"
        f"#sha256={hashlib.sha256(one).hexdigest()}"
        for one in contents
    ]
    cas.mood = "well"
    here.fetch(locators[0])
    cas.mood = mood

    for one in locators[1:]:
        here.fetch(one)

    assert len(cas.asked("PUT")) == 2
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == 1
    assert health_of(cas.url).up


def test_a_surprise_in_a_tier_fails_nothing(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged."""
    tier = Slow()
    monkeypatch.setattr(tier, "put", None)
    writer = Writer()

    writer.offer(Job(tier, NAME, file), patience=5)

    assert writer.finish(5)
    assert "was not written" in caplog.text


SCRIPT = (
    "import sys, store\n"
    "from store.config.reading import read_settings\n"
    "from store.fetching.fetcher import Fetcher\n"
    "locator, tier, cache, patience = sys.argv[1:]\n"
    "flags = {'shared': tier, 'cache_dir': cache, 'write_back_timeout': patience}\n"
    "Fetcher(read_settings(flags).settings).fetch(locator)\n"
)


def run(*arguments: str, script: str = SCRIPT) -> subprocess.CompletedProcess[str]:
    """Fetch in a process of its own, which ends at once."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "STORE_CONFIG_FILE": os.devnull},
    )


def test_a_process_ends_when_all_is_written_back(
    locator: str, cas: CasServer, tmp_path: Path
) -> None:
    """Nobody has to wait for it by hand."""
    run(locator, cas.url, str(tmp_path / "cache"), "20s")

    assert cas.kept == {NAME: CONTENT}


def test_a_process_ends_although_a_tier_takes_no_end(
    locator: str, cas: CasServer, tmp_path: Path
) -> None:
    """Its patience is bounded, and the fetch was good."""
    cas.mood = "deaf"

    done = run(locator, cas.url, str(tmp_path / "cache"), "0.2s")

    assert "could not be written to the shared tier in time" in done.stderr
    assert cas.kept == {}


def test_a_forks_child_writes_nothing_of_its_parents(
    locator: str, cas: CasServer, tmp_path: Path
) -> None:
    """What was offered is the parent's to write."""
    cas.mood = "deaf"
    script = SCRIPT + (
        "import os\n"
        "from store.sharing.writing import WRITER\n"
        "if os.fork() == 0:\n"
        "    os._exit(WRITER.pending)\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]), WRITER.pending)\n"
        "WRITER.give_up()\n"
    )

    done = run(locator, cas.url, str(tmp_path / "cache"), "0.1s", script=script)

    assert done.stdout.split() == ["0", "1"]
