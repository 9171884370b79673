"""No secret of a locator or query stands in an error, nor in what the error carries."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

import store
from store.errors import StoreError

SECRET = "S3cret"
ADDRESS = f"http://user:{SECRET}@127.0.0.1:1/a?token={SECRET}"


@pytest.mark.parametrize(
    "wanted",
    [
        f" {ADDRESS}",
        f"{ADDRESS}\0",
        f"http:link={ADDRESS}",
        {"url": ADDRESS},
        {"driver": "http", "link": ADDRESS},
        {"driver": "http", "urls": [ADDRESS], "link": {"to": ADDRESS}},
    ],
)
def test_a_refused_query_carries_no_secret(wanted: Any) -> None:
    """Neither its message nor its attributes show user, password or query of an address."""
    with pytest.raises(StoreError) as caught:
        store.fetch(wanted)

    told = [str(caught.value), repr(vars(caught.value)), *traceback.format_exception(caught.value)]
    own = [one for one in told if "tests/fetching" not in one]
    assert not any(SECRET in one for one in own)


def test_a_path_that_was_meant_for_an_address_is_not_shown() -> None:
    """``//user:password@host`` lacks its scheme; only the system's own error names the file."""
    with pytest.raises(StoreError) as caught:
        store.fetch(f"//user:{SECRET}@127.0.0.1/a")

    assert SECRET not in str(caught.value) + repr(vars(caught.value))
