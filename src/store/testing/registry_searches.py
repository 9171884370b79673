"""What a registry must find when it is searched."""

# ruff: noqa: S101, PLR2004 - a suite's tests assert, on plain numbers

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from store.registry.manager import Cache
from store.testing.deviations import Suite
from store.testing.fakes import FakeClock
from store.testing.registry_samples import DICTIONARIES, SEARCHES


class SearchTests(Suite, suite=True):
    """Searches find what they say, and nothing else."""

    @pytest.fixture
    def stocked(self, cache: Cache) -> Cache:
        """A registry with four items."""
        cache.create(
            "u:a",
            attrs={
                "n": 1,
                "text": "it's",
                "flag": True,
                "none": None,
                "when": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
                "space": {"k": 1},
                "size": 99,
                "list": [1, 2],
                "set": {1, 2},
            },
            label="x",
            filename="a.txt",
        )
        cache.create(
            "u:b",
            {"year": 2026},
            {
                "n": 2,
                "text": 'say "hi"',
                "flag": False,
                "none": 0,
                "when": dt.date(2026, 2, 1),
                "space": {"m": 1},
                "list": [2, 1],
            },
        )
        cache.create("u:c", {"year": 1999}, {"n": 2.5, "text": "zebra", "odd name": 1})
        cache.put("u:d", b"data")
        return cache

    @pytest.mark.parametrize(("search", "expected"), SEARCHES, ids=[one for one, _ in SEARCHES])
    def test_a_search_finds(self, stocked: Cache, search: str, expected: str) -> None:
        """Each operator, each kind of value, each sort of name."""
        assert letters(stocked.search(where=search)) == expected

    @pytest.mark.parametrize(("attrs", "expected"), DICTIONARIES, ids=map(repr, DICTIONARIES))
    def test_a_dictionary_finds(self, stocked: Cache, attrs: dict[str, Any], expected: str) -> None:
        """In the seed's spelling, which is not changed; `by_attrs` answers with the ids."""
        before = repr(attrs)

        found = stocked.search(attrs=attrs)

        assert letters(found) == expected
        assert stocked.by_attrs(attrs) == {one.id for one in found}
        assert repr(attrs) == before

    def test_all_filters_together(self, stocked: Cache) -> None:
        """They are joined by *and*."""
        assert letters(stocked.search("u:a", attrs={"n": 1}, where="flag = true", label="x")) == "a"
        assert stocked.search("u:a", attrs={"n": 1}, where="flag = false") == []

    def test_a_uri_alone_means_all_its_parameters(self, cache: Cache) -> None:
        """With parameters one item is meant, exactly."""
        cache.create("a")
        cache.create("a", {"n": 1})
        cache.create("a", {"n": "1"})

        assert len(cache.search("a")) == 3
        assert len(cache.search("a", {"n": 1})) == 1
        assert len(cache.search("a", {})) == 1
        assert cache.search("a", {"n": 1.0}) == []

    def test_order_limit_and_offset(self, stocked: Cache) -> None:
        """By fields and attributes; who has none comes last."""
        assert letters(stocked.search(order="-n"), ordered=True) == "cbad"
        assert letters(stocked.search(order="n,-uri"), ordered=True) == "abcd"
        assert letters(stocked.search(order=["-uri"], limit=2), ordered=True) == "dc"
        assert letters(stocked.search(order="uri", limit=2, offset=1), ordered=True) == "bc"
        assert letters(stocked.search(offset=3), ordered=True) == "d"
        assert stocked.search(limit=0) == []

    def test_the_newest_version_only(self, cache: Cache) -> None:
        """Of each key one, among the statuses that are meant."""
        first, second = cache.put("a", b"1"), cache.put("a", b"2")
        waiting = cache.create("a", status="write")
        other = cache.put("b", b"1")

        assert cache.search(newest=True) == [waiting, other]
        assert cache.search(version=-1, status="ready") == [second, other]
        assert cache.search("a", version=[1, 2]) == [first, second]

    def test_times_bound_a_search(self, cache: Cache, clock: FakeClock) -> None:
        """After and before: as datetime, text or seconds."""
        cache.create("a")
        clock.advance(100)
        middle = dt.datetime.fromtimestamp(clock.now(), dt.UTC)
        clock.advance(100)
        late = cache.create("b")

        for moment in (middle, middle.isoformat(), middle.timestamp()):
            assert cache.search(newer_than=moment) == [late]
            assert len(cache.search(older_than=moment)) == 1


def letters(found: list[Any], *, ordered: bool = False) -> str:
    """Return the last letters of the items' URIs."""
    text = "".join(one.uri[-1] for one in found)
    return text if ordered else "".join(sorted(text))
