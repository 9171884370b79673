"""The next step after an error, where its message has none."""

from __future__ import annotations

import pytest

from store.cli.steps import next_step
from store.clock import SYSTEM_CLOCK
from store.errors import (
    IntegrityError,
    OfflineError,
    RateLimitedError,
    RedirectError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
)
from store.transports.deadlines import Deadline
from store.transports.objects.failures import late, refused


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (TransportTimeoutError, "--timeout"),
        (TransportError, "network"),
        (ResourceNotFoundError, "spelled"),
        (IntegrityError, "pin"),
    ],
)
def test_what_a_server_said_is_followed_by_a_step(kind: type[StoreError], word: str) -> None:
    """The nearest class decides."""
    assert word in str(next_step(kind("what was said")))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RateLimitedError("come back", status=503, retry_after=86400.0), "that time has passed"),
        (RedirectError("a circle"), "leads elsewhere"),
        (TransportError("500", status=500), "the fault is the server's"),
        (TransportError("429", status=429), "asked too often"),
        (TransportError("a gzip", status=200), "check the address, or tell who keeps it"),
        (TransportError("nothing", status=204), "check the address, or tell who keeps it"),
        (TransportError("a part", status=206), "check the address, or tell who keeps it"),
    ],
)
def test_who_was_answered_need_not_look_at_the_network(error: StoreError, words: str) -> None:
    """The way to the server is open."""
    step = str(next_step(error))

    assert words in step
    assert "check the network" not in step
    assert "and the network" not in step


def test_a_message_that_has_its_step_is_left_alone() -> None:
    """One step is enough."""
    assert next_step(OfflineError("fetch it once without --offline")) is None


def test_what_object_stores_say_has_its_step() -> None:
    """It is told in Python, too, and not once more here."""
    address = "s3://bucket"

    assert next_step(refused(500, address, key="k")) is None
    assert next_step(refused(405, address, key="k")) is None
    assert next_step(late(address, Deadline(SYSTEM_CLOCK, None))) is None
    assert next_step(late(address, Deadline(SYSTEM_CLOCK, 0))) is None
