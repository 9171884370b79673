"""Many small files, from tiers and back, in the short way."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from store.config.tier import Tier
from store.events import Attempted, Shared
from store.fetching.gathering import gather
from store.fetching.results import Outcome
from store.sharing.writing import WRITER
from store.testing.cas import CasServer
from store.testing.objects import FakeObjects
from store.testing.servers import Server

from .conftest import Machine

Make = Callable[..., Machine]

CONTENTS = [b"small %d" % number for number in range(12)]
NAMES = [hashlib.sha256(one).hexdigest() for one in CONTENTS]


@pytest.fixture
def locators(origin: Server) -> list[str]:
    """Small files of one origin, pinned."""
    return [
        f"{origin.serve(f'/{name[:8]}', content)}#sha256={name}"
        for name, content in zip(NAMES, CONTENTS, strict=True)
    ]


def fetch(machine: Machine, locators: Sequence[str]) -> list[Outcome]:
    """Fetch all, and wait until all is written back."""
    outcomes = list(gather(machine.fetcher, locators, ordered=True))
    assert WRITER.finish(20)
    found = [one.result.path.read_bytes() for one in outcomes if one.result is not None]
    assert found == CONTENTS[: len(locators)]
    return outcomes


def test_what_the_origin_gave_is_written_back_and_comes_from_there(
    machine: Make, origin: Server, locators: list[str], tier: Tier
) -> None:
    """As for one alone, with the same events."""
    fetch(machine(tier), locators)
    second = machine(tier)

    outcomes = fetch(second, locators)

    assert origin.count() == 12
    assert len(second.told(Shared)) == 12
    attempts = [one.result.attempts[0].address for one in outcomes if one.result]
    assert all(one.endswith(name) for one, name in zip(attempts, NAMES, strict=True))
    assert {one.address for one in second.told(Attempted)} == set(attempts)


def test_a_server_is_asked_once_for_each(
    machine: Make, locators: list[str], cas: CasServer
) -> None:
    """And once whether it is there."""
    for content in CONTENTS[:6]:
        cas.keep(content)

    fetch(machine(Tier(cas.url)), locators)

    assert sorted(cas.asked("GET"))[1:] != []
    assert len(cas.asked("GET")) == 13
    assert sorted(cas.asked("PUT")) == sorted(NAMES[6:])
    assert sorted(cas.kept) == sorted(NAMES)


def test_what_is_wrong_in_a_tier_comes_from_the_origin(
    machine: Make,
    origin: Server,
    locators: list[str],
    tier: Tier,
    *,
    cas: CasServer,
    directory: Path,
    objects: FakeObjects,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One warning, and it is replaced."""
    fetch(machine(tier), locators)
    poison = directory / "cas" / NAMES[0][:2] / NAMES[0]
    if poison.exists():
        poison.chmod(0o644)
        poison.write_bytes(b"poison")
    if cas.kept:
        cas.kept[NAMES[0]] = b"poison"
    key = f"some/prefix/cas/{NAMES[0]}"
    if [one for one in objects.list() if one.key == key]:
        objects.put(key, b"poison")

    fetch(machine(tier), locators)

    assert origin.count() == 13
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == 1
    fetch(machine(tier), locators)
    assert origin.count() == 13


def test_what_is_not_small_comes_in_the_usual_way(
    machine: Make, origin: Server, locators: list[str], tier: Tier
) -> None:
    """From the tier all the same."""
    large = bytes(3 << 20)
    name = hashlib.sha256(large).hexdigest()
    all_of_them = [*locators, f"{origin.serve('/large', large)}#sha256={name}"]
    first, second = machine(tier), machine(tier)
    assert all(one.error is None for one in gather(first.fetcher, all_of_them))
    assert WRITER.finish(20)
    asked = origin.count("/large")

    outcomes = list(gather(second.fetcher, all_of_them))

    assert all(one.error is None for one in outcomes)
    assert origin.count("/large") == asked
    assert len(second.told(Shared)) == 13


@pytest.mark.parametrize("mood", ["slow", "failing"])
def test_a_tier_that_is_down_costs_one_warning(
    machine: Make,
    origin: Server,
    locators: list[str],
    cas: CasServer,
    *,
    caplog: pytest.LogCaptureFixture,
    mood: str,
) -> None:
    """And few questions, however many are wanted."""
    cas.mood = mood  # type: ignore[assignment]

    fetch(machine(Tier(cas.url, timeout=0.2)), locators)

    assert origin.count() == 12
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == 1
    assert len(cas.asked()) <= 5


def test_offline_many_come_from_a_directory(
    machine: Make, origin: Server, locators: list[str], directory: Path
) -> None:
    """Without the network."""
    tier = Tier(str(directory))
    fetch(machine(tier), locators)

    fetch(machine(tier, offline=True), locators)

    assert origin.count() == 12


def test_a_child_of_multiprocessing_ends_when_all_is_written(
    origin: Server, locators: list[str], directory: Path, tmp_path: Path
) -> None:
    """It ends without what ``atexit`` is told."""
    script = (
        "import multiprocessing, sys\n"
        "from store.config.reading import read_settings\n"
        "from store.fetching.fetcher import Fetcher\n"
        "def work(locator, tier, cache):\n"
        "    Fetcher(read_settings({'shared': tier, 'cache_dir': cache}).settings).fetch(locator)\n"
        "if __name__ == '__main__':\n"
        "    child = multiprocessing.get_context('fork').Process(target=work, args=sys.argv[1:])\n"
        "    child.start()\n"
        "    child.join()\n"
        "    sys.exit(child.exitcode)\n"
    )

    subprocess.run(
        [sys.executable, "-c", script, locators[0], str(directory), str(tmp_path / "cache")],
        check=True,
        timeout=60,
        env={**os.environ, "STORE_CONFIG_FILE": os.devnull},
    )

    assert (directory / "cas" / NAMES[0][:2] / NAMES[0]).read_bytes() == CONTENTS[0]
    assert origin.count() == 1
