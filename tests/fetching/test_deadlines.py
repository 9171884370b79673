"""A fetch has one deadline for all that it waits for."""

from __future__ import annotations

import attrs
import pytest

from store.clock import SYSTEM_CLOCK
from store.config.reading import read_settings
from store.errors import TransportTimeoutError
from store.fetching.fetcher import Fetcher
from store.testing.answering import Exchange, Fault
from store.testing.servers import Server


@attrs.frozen
class Late(Fault):
    """Answers well, but only after a while.

    Attributes:
        after: Seconds.
    """

    after: float

    def answer(self, exchange: Exchange) -> None:
        """Wait, and answer."""
        exchange.stopping.wait(self.after)
        exchange.well()


def test_question_and_download_share_one_deadline(server: Server) -> None:
    """A URL without a digest is asked for its version first, and does not get the time twice."""
    url = server.serve("/a", b"data", fault=Late(0.4))
    settings = read_settings().settings._replace(deadline=0.6, retries=0)
    begun = SYSTEM_CLOCK.monotonic()

    with Fetcher(settings) as fetcher, pytest.raises(TransportTimeoutError):
        fetcher.fetch(url, allow_unverified=True)

    assert SYSTEM_CLOCK.monotonic() - begun < 0.79


def test_a_fetch_within_its_deadline_is_well(server: Server) -> None:
    """The deadline is for what takes longer."""
    url = server.serve("/a", b"data")
    settings = read_settings().settings._replace(deadline=60)

    with Fetcher(settings) as fetcher:
        assert fetcher.fetch(url, allow_unverified=True).path.read_bytes() == b"data"
