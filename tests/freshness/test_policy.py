"""When a file is too old, and how old it may be in need."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import QueryError
from store.freshness.policy import Policy, seconds_in


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (dt.timedelta(days=1), 86_400.0),
        (dt.timedelta(0), 0.0),
        (90, 90.0),
        (1.5, 1.5),
        ("90", 90.0),
        ("30m", 1800.0),
        ("1d", 86_400.0),
        ("none", None),
        (None, None),
    ],
)
def test_a_time_span_is_read(given: object, seconds: float | None) -> None:
    """A timedelta, a number, a text as in the settings; none has no end."""
    assert seconds_in(given, "max_age") == seconds  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given", [dt.timedelta(seconds=-1), -1, "1 fortnight", "", True, float("nan"), [1], b"1d"]
)
def test_what_is_no_time_span_is_refused_by_its_name(given: object) -> None:
    """The error is a ValueError, and says which argument it is."""
    with pytest.raises(ValueError, match="max_age") as caught:
        seconds_in(given, "max_age")  # type: ignore[arg-type]

    assert isinstance(caught.value, QueryError)


AGES = st.floats(-1e9, 1e9)
LIMITS = st.floats(0, 1e9)


@given(age=AGES, limit=LIMITS)
def test_fresh_is_what_is_younger_than_the_greatest_age(age: float, limit: float) -> None:
    """At the greatest age it is stale; so is what comes from the future."""
    policy = Policy(max_age=limit, stale_if_error=limit)

    assert policy.fresh(age) == policy.tolerable(age) == (0 <= age < limit)


@given(age=AGES)
def test_without_a_limit_nothing_grows_old(age: float) -> None:
    """Neither in use nor in need."""
    policy = Policy.of(None, "none")

    assert policy.fresh(age)
    assert policy.tolerable(age)


@given(age=AGES)
def test_zero_is_always_too_old(age: float) -> None:
    """The source is asked each time, and no copy is handed out in need."""
    policy = Policy.of(0, 0)

    assert not policy.fresh(age)
    assert not policy.tolerable(age)
