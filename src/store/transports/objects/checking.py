"""Holds an answer of S3 to what was asked of it."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final

from store.errors import StoreError
from store.transports.http.asker import Answer
from store.transports.objects.answers import code_of
from store.transports.objects.failures import refused

_DONE: Final = frozenset({200, 201, 204, 206})


def check(
    answer: Answer,
    address: str,
    key: str | None,
    *,
    expected: str | None = None,
    now: float | None = None,
) -> None:
    """Raise our error for an answer that does not say that it was done.

    Args:
        answer: The answer; its body is read where it is an error.
        address: The bucket's address.
        key: What was asked for, or None.
        expected: The entity tag that was a condition, or None.
        now: The time that was signed, in seconds since 1970 UTC; None where it does not matter.

    Raises:
        StoreError: See `failures.refused`.
    """
    if answer.status in _DONE:
        return
    try:
        code = code_of(answer.read())
    except StoreError:
        code = None
    raise refused(
        answer.status,
        address,
        key=key,
        code=code,
        expected=expected,
        retry_after=answer.retry_after(),
        skew=0.0 if now is None else _skew(answer, now),
    )


def _skew(answer: Answer, now: float) -> float:
    """Return by how much the server's clock is ahead of ours, in seconds; 0 where it does not tell."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return 0.0
