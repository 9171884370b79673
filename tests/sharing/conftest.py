"""Machines that share tiers: caches of their own, one origin, and tiers of each kind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import attrs
import pytest

from store.config.model import Settings
from store.config.tier import Tier
from store.events import Event
from store.fetching.fetcher import Fetcher
from store.fetching.results import Result
from store.sharing import health
from store.sharing.objects import ObjectTier
from store.sharing.opening import register
from store.sharing.writing import WRITER
from store.testing.cas import CasServer
from store.testing.objects import FakeObjects
from store.testing.servers import Server

E = TypeVar("E")

CONTENT = b"what a team fetches\n" * 100
NAME = hashlib.sha256(CONTENT).hexdigest()


@attrs.define
class Machine:
    """A cache of its own, and what happened when it fetched."""

    fetcher: Fetcher
    events: list[Event]

    def fetch(self, locator: str) -> Result:
        """Fetch, and wait until all is written back."""
        result = self.fetcher.fetch(locator)
        assert WRITER.finish(20)
        return result

    def told(self, kind: type[E]) -> list[E]:
        """Return the events of a kind."""
        return [one for one in self.events if isinstance(one, kind)]


@pytest.fixture(autouse=True)
def _a_new_run() -> Iterator[None]:
    """Each test is a run of its own."""
    health.forget()
    yield
    assert WRITER.finish(20)
    health.forget()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    """Make machines: each call is another one, with the tiers that it is given."""
    made: list[Machine] = []

    def make(*tiers: Tier, offline: bool = False) -> Machine:
        events: list[Event] = []
        settings = Settings(
            cache_dir=tmp_path / f"cache {len(made)}",
            durability="relaxed",
            retries=0,
            offline=offline,
            shared=tiers,
        )
        made.append(Machine(Fetcher(settings, listener=events.append), events))
        return made[-1]

    yield make
    for one in made:
        one.fetcher.close()


@pytest.fixture
def origin() -> Iterator[Server]:
    """Where the content comes from, at ``/data.bin``."""
    with Server() as server:
        server.serve("/data.bin", CONTENT)
        yield server


@pytest.fixture
def locator(origin: Server) -> str:
    """The content, pinned."""
    return f"{origin.url}/data.bin#sha256={NAME}"


@pytest.fixture
def cas() -> Iterator[CasServer]:
    """A server that speaks /cas."""
    with CasServer() as server:
        yield server


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory that a team shares."""
    made = tmp_path / "team"
    made.mkdir()
    return made


@pytest.fixture
def objects() -> FakeObjects:
    """A bucket."""
    made = FakeObjects("team")
    register("fake", lambda tier, options: ObjectTier(tier, options, made))
    return made


@pytest.fixture(params=["directory", "http", "objects"])
def tier(request: pytest.FixtureRequest) -> Tier:
    """A tier of each kind."""
    if request.param == "directory":
        return Tier(str(request.getfixturevalue("directory")))
    if request.param == "objects":
        request.getfixturevalue("objects")
        return Tier("fake://team/some/prefix")
    return Tier(request.getfixturevalue("cas").url)
