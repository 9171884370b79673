"""What a registry must make of hostile, large and odd questions."""

# ruff: noqa: S101, PLR2004 - a suite's tests assert, on plain numbers

from __future__ import annotations

import math
import operator
from typing import Any, Final

import pytest

from store.errors import QueryError
from store.registry.manager import Cache
from store.testing.deviations import Suite
from store.testing.registry_samples import INJECTIONS

MARKS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
"""What compares numbers."""


class OddSearchTests(Suite, suite=True):
    """Whatever is asked, it is a plain value, and answered exactly."""

    @pytest.mark.parametrize("text", INJECTIONS)
    def test_hostile_texts_are_plain_values(self, cache: Cache, text: str) -> None:
        """In every place where a text may stand."""
        item = cache.create(text, {text: text}, {text: text, "x": text}, label=text)
        other = cache.create("other", attrs={"x": "other"})

        assert cache.search(text) == [item]
        assert cache.best(text, {text: text}, status=0) == item
        assert cache.by_attrs({"x": text}) == {item.id}
        assert cache.by_attrs({"x": ("in", [text])}) == {item.id}
        assert cache.search(label=text) == [item]
        assert cache.search(where=f"x = '{text.replace(chr(39), chr(39) * 2)}'") == [item]
        assert item.attrs == {text: text, "x": text}
        cache.update(label=text, update={"x": "new"})
        assert cache.by_attrs({"x": "new"}) == {item.id}
        assert cache.remove(text) == 1
        assert cache.search() == [other]

    def test_a_pattern_is_taken_by_its_letter(self, cache: Cache) -> None:
        r"""Only ``%``, ``_`` and a backslash before them mean something."""
        for text in ("100%", "100x", "a*b", "a?b", "a[b]", "A*B", "a\\b"):
            cache.create(f"u:{text}", attrs={"x": text})

        def found(pattern: str) -> set[Any]:
            """Return which texts match a pattern."""
            return {one.attrs["x"] for one in cache.search(attrs={"x": ("like", pattern)})}

        assert found("100\\%") == {"100%"}
        assert found("100_") == {"100%", "100x"}
        assert found("a*%") == {"a*b"}
        assert found("a?b") == {"a?b"}
        assert found("a[b]") == {"a[b]"}
        assert found("a\\\\b") == {"a\\b"}

    def test_large_numbers_are_told_apart(self, cache: Cache) -> None:
        """Also where their nearest floats are one."""
        numbers = [2**53 - 1, 2**53, 2**53 + 1, 2**70, 2**70 + 1, 10**400, -(2**53) - 1, -(10**400)]
        ids = {number: cache.create("a", attrs={"n": number}).id for number in numbers}
        infinite = cache.create("a", attrs={"n": math.inf}).id

        for number in numbers:
            assert cache.by_attrs({"n": number}) == {ids[number]}
            for mark, holds in MARKS.items():
                expected = {ids[one] for one in numbers if holds(one, number)}
                expected |= {infinite} if mark.startswith(">") else set()
                assert cache.by_attrs({f"n{mark}": number}) == expected, (mark, number)
        assert cache.by_attrs({"n": float(2**53)}) == {ids[2**53]}
        assert cache.by_attrs({"n<": math.inf}) == set(ids.values())

    @pytest.mark.parametrize(
        "search",
        [
            "",
            "n",
            "n =",
            "= 1",
            "n = 1 and",
            "(n = 1",
            "n = 1)",
            "n in ()",
            "n like 5",
            "n = 'open",
            "a.b.c.d = 1",
            "item.nothing = 1",
            "size like 'x%'",
            "status = 'redy'",
            "n = 1; drop table x",
            "n = @yesterday",
            "uri = 5",
            "flag < true",
            "(" * 200 + "n = 1" + ")" * 200,
        ],
    )
    def test_what_cannot_be_read_is_said(self, stocked: Cache, search: str) -> None:
        """A search is refused as a whole."""
        with pytest.raises(QueryError):
            stocked.search(where=search)

    def test_an_empty_dictionary_finds_no_ids(self, stocked: Cache) -> None:
        """`by_attrs` of nothing is nothing; a search without filters is everything."""
        assert stocked.by_attrs({}) == set()
        assert len(stocked.search()) == 4

    def test_contents_are_told_by_version_id(self, stocked: Cache) -> None:
        """Items with their files, and files without an item."""
        contents = stocked.contents()

        item = stocked.best("u:d")
        assert item is not None
        assert len(contents) == 4
        assert contents[item.version_id]["disk_fname"] == item.cache_fname
        assert contents[item.version_id]["item"] == item
        assert stocked.by_key(item.key, 1) == item
        assert stocked.by_key(item.key, 2) is None
