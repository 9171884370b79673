"""Filters that are slips: misspelled, senseless, or too long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store.errors import QueryError
from store.registry.manager import Cache
from store.registry.status import Status


@pytest.mark.parametrize("call", ["search", "remove", "restore", "update"])
def test_a_misspelled_filter_is_refused_and_touches_nothing(cache: Cache, call: str) -> None:
    """It would filter nothing, and every version of the item would be touched."""
    cache.put("a", b"1")
    cache.put("a", b"2")
    asked: dict[str, Any] = {"verison": 1}

    with pytest.raises(TypeError, match="verison"):
        getattr(cache, call)("a", **asked)

    assert [one.status for one in cache.search("a")] == [Status.READY] * 2


@pytest.mark.parametrize(
    "limit", ["older_than", "unused_for", "versions", "max_count", "max_bytes"]
)
@pytest.mark.parametrize("value", [-1, float("nan"), "3"])
def test_a_senseless_limit_prunes_nothing(cache: Cache, limit: str, value: object) -> None:
    """Less than nothing is a slip, such as a difference that became negative."""
    cache.put("a", b"1")
    asked: dict[str, Any] = {limit: value}

    with pytest.raises(QueryError, match=limit):
        cache.prune(**asked)

    assert len(cache.search("a")) == 1


def test_a_list_of_many_values_is_one_of_them(cache: Cache) -> None:
    """As a short list is, whatever the kinds."""
    item = cache.put("a", b"1", attrs={"n": 7, "s": "x", "b": True})

    assert cache.by_attrs({"n": list(range(2000))}) == {item.id}
    assert cache.by_attrs({"s": [*map(str, range(2000)), "x", None]}) == {item.id}
    assert cache.by_attrs({"b": [*range(20)]}) == set()


def test_a_search_that_is_too_long_is_no_fault_of_the_registry(tmp_path: Path) -> None:
    """SQLite reads no deeper than a thousand terms."""
    with Cache(tmp_path / "registry") as cache:
        cache.put("a", b"1")

        with pytest.raises(QueryError, match="too long"):
            cache.search(where=" and ".join(["n = 1"] * 3000))


def test_more_conditions_than_are_answered_in_time_are_refused(cache: Cache) -> None:
    """Whatever the engine would make of them."""
    with pytest.raises(QueryError, match="1200 conditions"):
        cache.search(attrs={f"i{number}": 1 for number in range(1200)})

    assert cache.search(where=" or ".join(["not n = 1"] * 200)) == []


def test_a_file_that_failed_after_it_was_ready_stays_failed_when_rebuilt(cache: Cache) -> None:
    """With its name and attributes; it does not come back as READY."""
    cache.put("a", b"1", attrs={"rows": 1}).failed()

    cache.clean_disk()
    cache.rebuild()

    found = cache.search("a")
    assert [(one.status, one.attrs) for one in found] == [(Status.FAILED, {"rows": 1})]
    assert len(cache.search()) == 1
