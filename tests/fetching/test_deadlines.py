"""A fetch has one deadline for all that it waits for."""

from __future__ import annotations

import hashlib
import math

import attrs
import pytest

import store
from store.clock import SYSTEM_CLOCK
from store.config.reading import read_settings
from store.errors import TransportTimeoutError
from store.fetching.fetcher import Fetcher
from store.testing.answering import Exchange, Fault
from store.testing.misbehaving import Drip
from store.testing.servers import Server
from store.transports.deadlines import Deadline, begun, keeping

PIN = f"sha256={hashlib.sha256(b'data').hexdigest()}"
OTHER = f"sha256={'1' * 64}"


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
    started = SYSTEM_CLOCK.monotonic()

    with Fetcher(settings) as fetcher, pytest.raises(TransportTimeoutError):
        fetcher.fetch(url, allow_unverified=True)

    assert SYSTEM_CLOCK.monotonic() - started < 0.79


def test_a_fetch_within_its_deadline_is_well(server: Server) -> None:
    """The deadline is for what takes longer."""
    url = server.serve("/a", b"data")
    settings = read_settings().settings._replace(deadline=60)

    with Fetcher(settings) as fetcher:
        assert fetcher.fetch(url, allow_unverified=True).path.read_bytes() == b"data"


@pytest.mark.parametrize("jobs", [1, 3])
def test_many_have_one_deadline_together(
    server: Server, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first ones took is not given again to the others; those that are here are given still."""
    monkeypatch.setenv("STORE_DEADLINE", "0.5s")
    wanted = [
        f"{server.serve(f'/{number}', bytes([number]), fault=Late(0.2))}#sha256="
        + hashlib.sha256(bytes([number])).hexdigest()
        for number in range(9)
    ]
    started = SYSTEM_CLOCK.monotonic()

    outcomes = list(store.fetch_each(wanted, jobs=jobs))

    assert SYSTEM_CLOCK.monotonic() - started < 4
    errors = [one.error for one in outcomes if one.error is not None]
    assert 0 < len(errors) < len(wanted)
    assert all(isinstance(error, TransportTimeoutError) for error in errors)


def test_whoever_leaves_early_waits_for_no_transfer(server: Server) -> None:
    """As on Ctrl-C: what is running is cut off where it stands."""
    quick = f"{server.serve('/quick', b'data')}#{PIN}"
    slow = [
        f"{server.serve(f'/{number}', bytes(100_000), fault=Drip(size=100, every=0.05))}#{OTHER}"
        for number in range(3)
    ]
    started = SYSTEM_CLOCK.monotonic()

    outcomes = store.fetch_each([quick, *slow], jobs=4)
    assert next(outcomes).error is None
    outcomes.close()  # type: ignore[attr-defined]

    assert SYSTEM_CLOCK.monotonic() - started < 3


def test_a_deadline_that_was_cut_has_passed_for_all_its_parts() -> None:
    """Those that began within it end with it, and not the other way round."""
    whole = Deadline(SYSTEM_CLOCK, None)
    with keeping(whole):
        part = begun(SYSTEM_CLOCK, 60)
        other = begun(SYSTEM_CLOCK, None)
    part.cut()
    assert (part.left(), whole.left(), other.left()) == (0.0, math.inf, math.inf)

    whole.cut()
    assert other.left() == 0.0
    assert (str(part), str(whole)) == ("the deadline of 60 s", "the deadline")
