"""The next step after an error, where its message has none."""

from __future__ import annotations

import pytest

from store.cli.steps import next_step
from store.errors import (
    IntegrityError,
    OfflineError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
)


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


def test_a_message_that_has_its_step_is_left_alone() -> None:
    """One step is enough."""
    assert next_step(OfflineError("fetch it once without --offline")) is None
