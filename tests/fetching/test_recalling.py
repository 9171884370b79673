"""What is known here is a hit without a question."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import pytest

from store.config.model import Settings
from store.events import Event, Hit
from store.fetching.fetcher import Fetcher
from store.fetching.gathering import gather
from store.testing.faults import flip_bit
from store.testing.servers import Server

DATA = b"some content"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def fetcher(house: Path) -> Fetcher:
    """Give a fetcher of the house's cache."""
    return Fetcher(Settings(cache_dir=house, durability="relaxed"))


def test_a_pinned_address_is_known_by_itself(fetcher: Fetcher, server: Server) -> None:
    """With a query, too, which no plain locator has; a damaged file is no hit."""
    url = f"{server.serve('/a.bin', DATA)}?key=value#sha256={DIGEST}"

    assert fetcher.hit(url) is None
    fetched = fetcher.fetch(url)
    hit = fetcher.hit(url)

    assert hit == fetched._replace(cached=True, attempts=())
    fetched.path.chmod(0o644)
    flip_bit(fetched.path)
    assert fetcher.hit(url) is None
    assert server.count() == 1


def test_an_answer_is_known_for_as_long_as_it_is_believed(fetcher: Fetcher, remote: Any) -> None:
    """A store that wants to be asked each time is asked by the fetch."""
    remote.max_age = math.inf
    fetcher.fetch("remote:name=a.txt")
    asked = remote.asked

    assert fetcher.hit("remote:name=a.txt") is not None
    remote.max_age = None
    assert fetcher.hit("remote:name=a.txt") is None
    assert remote.asked == asked


@pytest.mark.parametrize("wanted", ["nope:x", "", {"driver": 3}, "http://h/a", "./a.bin"])
def test_what_must_be_asked_or_read_is_no_hit(fetcher: Fetcher, wanted: Any) -> None:
    """Nor is what cannot be read: the fetch says why."""
    Path("a.bin").write_bytes(DATA)
    fetcher.fetch("./a.bin")

    assert fetcher.hit(wanted, allow_unverified=True) is None


def test_a_strangers_pin_is_held_by_the_fetch(fetcher: Fetcher, sealed: Any) -> None:
    """Its resource is known by no digest, so its store is asked."""
    sealed.needs_network = True
    locator = "sealed:a=b"
    fetcher.fetch(locator)

    assert fetcher.hit(locator) is None


def test_many_hits_need_no_threads(
    server: Server, house: Path, remote: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come first, in the order of the input, and each is told once."""
    remote.max_age = math.inf
    url = f"{server.serve('/a.bin', DATA)}?key=value#sha256={DIGEST}"
    events: list[Event] = []
    settings = Settings(cache_dir=house, durability="relaxed")
    with Fetcher(settings, listener=events.append) as fetcher:
        list(gather(fetcher, [url, "remote:name=a.txt"]))
        events.clear()
        monkeypatch.setattr("threading.Thread.start", lambda _: pytest.fail("a thread"))

        outcomes = list(gather(fetcher, [url, "remote:name=a.txt"] * 3))

    assert [outcome.number for outcome in outcomes] == list(range(6))
    assert [type(event) for event in events] == [Hit] * 6
