"""What a registry must find: by attributes, fields, and the language of searches."""

# ruff: noqa: S101, PLR2004 - a suite's tests assert, on plain numbers

from __future__ import annotations

import datetime as dt
import math
import operator
from typing import Any, Final

import pytest

from store.errors import QueryError
from store.registry.manager import Cache
from store.testing.deviations import Suite
from store.testing.fakes import FakeClock

INJECTIONS: Final = (
    "'; DROP TABLE registry_items; --",
    '" OR 1=1 --',
    "x') OR ('1'='1",
    "\\'; SELECT 1; --",
    "%",
    "_",
    "*",
    "?",
    "[a-z]",
    "${x}",
    ":key",
    "%(key)s",
    "`x`",
    "/* */",
)
"""Texts that would do harm where somebody forgot to bind them."""

SEARCHES: Final = (
    ("n = 1", "a"),
    ("n == 1", "a"),
    ("n != 1", "bc"),
    ("n <> 1", "bc"),
    ("n < 2.5", "ab"),
    ("n <= 2", "ab"),
    ("n > 2", "c"),
    ("n >= 2", "bc"),
    ("n > 1e0", "bc"),
    ("n in (1, 2.5, 'x')", "ac"),
    ("n not in (1)", "bc"),
    ("n between 1 and 2", "ab"),
    ("n not between 1 and 2", "c"),
    ("n exists", "abc"),
    ("exists n", "abc"),
    ("not n exists", "d"),
    ("exists nothing", ""),
    ("none is null", "a"),
    ("none = null", "a"),
    ("none is not null", "b"),
    ("text = 'it''s'", "a"),
    ('text = "say ""hi"""', "b"),
    ("text like 'it%'", "a"),
    ("text like 'IT%'", ""),
    ("text like '_t_s'", "a"),
    ("text not like 'it%'", "bc"),
    ("text < 'j'", "a"),
    ("text >= 'j'", "bc"),
    ("flag = true", "a"),
    ("flag = false", "b"),
    ("flag = 1", ""),
    ("n = '1'", ""),
    ("when > @2026-01-15", "b"),
    ("when = @2026-01-01T01:00:00+01:00", "a"),
    ("when between @2025-01-01 and @2027-01-01", "ab"),
    ("space.k = 1", "a"),
    ("attrs.space.k = 1", "a"),
    ("attrs.n = 1", "a"),
    ("params.year = 2026", "b"),
    ("params.year exists", "bc"),
    ("`odd name` = 1", "c"),
    ("uri = 'u:b'", "b"),
    ("item.uri like 'u:%'", "abcd"),
    ("label = 'x'", "a"),
    ("label is null", "bcd"),
    ("ext = 'txt'", "a"),
    ("size = 4", "d"),
    ("size is null", "abc"),
    ("attrs.size = 99", "a"),
    ("status = 'ready'", "d"),
    ("status in (0, 'READY')", "abcd"),
    ("version = 1", "abcd"),
    ("date >= @2023-01-01", "abcd"),
    ("date < '2023-01-01'", ""),
    ("pinned = false", "abcd"),
    ("n = 1 or n = 2", "ab"),
    ("n = 1 and text = 'it''s'", "a"),
    ("n > 0 and (flag = true or flag = false)", "ab"),
    ("not (n = 1 or n = 2)", "cd"),
    ("not n = 1 and not n = 2", "cd"),
    ("NOT n = 1 AND EXISTS text", "bc"),
    ("n = 1 or n = 2 and flag = true", "a"),
)
"""Searches, and the items that they find, by the last letter of their URI."""

DICTIONARIES: Final = (
    ({"n": 1}, "a"),
    ({"n>=": 2}, "bc"),
    ({"n >=": 2}, "bc"),
    ({"n": (">=", 2)}, "bc"),
    ({"n": ("in", [1, 2])}, "ab"),
    ({"n": ("not in", [1, 2])}, "c"),
    ({"n": ("between", (1, 2))}, "ab"),
    ({"n": ("exists", True)}, "abc"),
    ({"n": ("exists", False)}, "d"),
    ({"n": [1, 2]}, "ab"),
    ({"n": [("<", 2), (">", 2)]}, "ac"),
    ({"n>": [1, 2]}, "bc"),
    ({"text": ("like", "it%")}, "a"),
    ({"n": 1, "flag": True}, "a"),
    ({"n": 1, "flag": False}, ""),
    ({"n": 1, "flag": False, "__and": False}, "ab"),
    ({"space": {"k": 1}}, "a"),
    ({"space": {"k>=": 1}}, "a"),
    ({"when": "DATE:2026-01-01"}, "a"),
    ({"when>": "date:2026-01-15"}, "b"),
    ({"none": None}, "a"),
    ({"list": ("=", [1, 2])}, "a"),
    ({"set": {2, 1}}, "a"),
)
"""The same in the seed's spelling."""


MARKS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
"""What compares numbers."""


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


def letters(found: list[Any], *, ordered: bool = False) -> str:
    """Return the last letters of the items' URIs."""
    text = "".join(one.uri[-1] for one in found)
    return text if ordered else "".join(sorted(text))
