"""What a stranger's tier raises may hold secrets, and comes to no log."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from store.config.tier import Tier
from store.errors import TransportError
from store.sharing.base import SharedTier, ours
from store.sharing.writing import WRITER, Job
from store.transports.base import Conditions, Stream, TransferOptions

SAID = "GET https://joe:PLANTED@host/x?token=PLANTED failed"


class Strange(SharedTier):
    """A tier that says what it should not."""

    def address_of(self, name: str) -> str:
        """Return an address."""
        return f"strange://x/{name}"

    def open_stream(
        self, name: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Fail."""
        raise ValueError(SAID)

    def holds(self, name: str) -> bool:
        """Fail."""
        raise ValueError(SAID)

    def put(self, name: str, path: Path) -> None:
        """Take nothing."""

    def reach(self) -> None:
        """Be there."""


@pytest.fixture
def tier(tmp_path: Path) -> Strange:
    """A strange tier."""
    return Strange(Tier(str(tmp_path / "strange")), TransferOptions())


def test_what_it_raises_while_it_is_asked_is_cleaned(
    tier: Strange, caplog: pytest.LogCaptureFixture
) -> None:
    """In the error, and in the log."""
    with caplog.at_level(logging.DEBUG), pytest.raises(TransportError) as caught, ours(tier):
        tier.open_stream("x")

    assert "ValueError" in str(caught.value)
    assert "PLANTED" not in str(caught.value)
    assert "PLANTED" not in caplog.text


def test_what_it_raises_while_it_is_given_something_is_cleaned(
    tier: Strange, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told all the same."""
    (tmp_path / "file").write_bytes(b"x")

    with caplog.at_level(logging.DEBUG):
        WRITER.offer(Job(tier, "0" * 64, tmp_path / "file"), patience=10)
        assert WRITER.finish(None)

    assert "was not written to" in caplog.text
    assert "PLANTED" not in caplog.text
