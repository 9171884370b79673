"""What one run knows of a tier."""

from __future__ import annotations

import errno
import logging
import os

import pytest

from store.errors import (
    CredentialsError,
    IntegrityError,
    OfflineError,
    RateLimitedError,
    StorageError,
    StoreError,
    TooLargeError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
)
from store.sharing.health import Health, health_of, is_miss
from store.testing.fakes import FakeClock


def refused(number: int) -> StorageError:
    """Return what the system says of a file."""
    error = StorageError("no")
    error.errno = number
    return error


@pytest.mark.parametrize(
    "error",
    [
        TransportTimeoutError("late"),
        TransportError("refused"),
        CredentialsError("who are you", status=401),
        OfflineError("offline"),
        refused(errno.ESTALE),
        refused(errno.ENOENT),
    ],
)
def test_what_would_fail_again_takes_a_tier_out_at_once(error: StoreError) -> None:
    """For the rest of the run."""
    health = Health("tier")

    health.failed(error)

    assert not health.up


@pytest.mark.parametrize(
    "error",
    [
        TransportError("oops", status=500),
        RateLimitedError("later", status=503, retry_after=5.0),
        IntegrityError("wrong"),
        TruncatedError("short"),
        TooLargeError("large"),
        refused(errno.EACCES),
    ],
)
def test_what_concerns_one_answer_takes_a_tier_out_when_it_comes_again(error: StoreError) -> None:
    """One bad file is no reason; several are."""
    health = Health("tier")

    health.failed(error)
    health.failed(error)
    twice = health.up
    health.failed(error)

    assert (twice, health.up) == (True, False)


def test_there_is_one_warning_for_reading_and_one_for_writing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However often it fails."""
    health = Health("tier")

    for _ in range(3):
        health.failed(IntegrityError("wrong"))
        health.denied(CredentialsError("no", status=403))
    assert not health.up
    health = Health("other")
    for _ in range(3):
        health.failed(IntegrityError("wrong"))
        health.refused(TransportError("no", status=405))

    said = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert [one.split()[3] for one in said] == ["tier", "other", "other"]
    assert not health.takes


def test_a_file_that_is_too_large_for_a_tier_is_no_reason_to_write_no_more() -> None:
    """Nor is one that has changed."""
    health = Health("tier")

    health.refused(TransportError("too large", status=413))
    health.refused(IntegrityError("changed"))

    assert health.takes


def test_only_what_is_forbidden_may_just_not_be_there() -> None:
    """As an object store answers that does not let us list."""
    assert is_miss(CredentialsError("no", status=403))
    assert not is_miss(CredentialsError("no", status=401))
    assert not is_miss(TransportError("no", status=403))


def test_a_fork_while_a_tier_is_asked_first_leaves_no_lock_behind() -> None:
    """The child may ask it."""
    health = health_of("somewhere")
    with health.asking():
        child = os.fork()
        if child == 0:
            with health.asking() as up:
                os._exit(0 if up else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_process_that_runs_for_long_tries_again(caplog: pytest.LogCaptureFixture) -> None:
    """A service is not without its tier for ever; it is warned again, too."""
    clock = FakeClock()
    health = Health("tier", clock)
    health.failed(TransportError("refused"))
    health.refused(TransportError("refused"))

    clock.advance(3599)
    before = health.up, health.takes
    clock.advance(2)
    after = health.up, health.takes
    health.failed(TransportError("refused"))

    assert (before, after) == ((False, False), (True, True))
    assert not health.up
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == 2
