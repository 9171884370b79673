"""What a registry must do with statuses, attributes and the trash."""

# ruff: noqa: S101, PLR2004 - a suite's tests assert, on plain numbers

from __future__ import annotations

import datetime as dt
import math
import zoneinfo
from pathlib import Path
from typing import Any, Final

import pytest

from store.errors import QueryError, RefusedError, StatusError
from store.registry.manager import Cache
from store.registry.status import Status, may_move
from store.testing.deviations import Suite
from store.testing.fakes import FakeClock

VALUES: Final[dict[str, Any]] = {
    "text": "text",
    "empty": "",
    "white": " \t\r\n\v\f\u00a0\u2028 x ",
    "quotes": """'"`;--/*\\%_""",
    "nul": "a\0b",
    "surrogate": "\ud800",
    "long": "x" * 100_000,
    "emoji": "🧪é",
    "true": True,
    "false": False,
    "none": None,
    "zero": 0,
    "negative": -17,
    "2**53+1": 2**53 + 1,
    "2**63": 2**63,
    "huge": -(10**5000),
    "float": 0.1,
    "tiny": 5e-324,
    "minus zero": -0.0,
    "infinite": math.inf,
    "minus infinite": -math.inf,
    "bytes": b"\0\xff",
    "date": dt.date(1, 1, 1),
    "naive": dt.datetime(2026, 3, 29, 2, 30, 0, 1),  # noqa: DTZ001 - it must come back so
    "utc": dt.datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=dt.UTC),
    "offset": dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45))),
    "zone": dt.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    "fold": dt.datetime(2026, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=1),
    "list": [1, "1", [2.5, None], {"a": (1,)}],
    "tuple": (1, (2, [3])),
    "set": {1, 2, "3", (4, 5)},
    "frozenset": frozenset({1}),
    "numbered": {1: "a", (2, 3): "b"},
    "nothing": {},
}
"""Values that must come back as they went in."""


class ChangeTests(Suite, suite=True):
    """Statuses move, attributes come back, what is removed may be restored."""

    @pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
    def test_an_attribute_comes_back_as_it_went_in(
        self,
        cache: Cache,
        other: Cache,
        value: Any,  # noqa: ANN401 - any plain value
    ) -> None:
        """Equal, of the same type, and the caller's own is not changed."""
        given = {"plain": value, "space": {"inner": value, "deep": {"er": [value]}}}

        cache.create("a", attrs=given)

        found = other.search("a")[0].attrs
        assert found == given
        assert type(found["plain"]) is type(value)
        assert type(value) is not float or repr(found["plain"]) == repr(value)

    def test_nan_comes_back(self, cache: Cache) -> None:
        """It equals nothing, itself included, and is kept all the same."""
        item = cache.create("a", attrs={"n": math.nan}, status="ready")

        assert math.isnan(cache.best("a").attrs["n"])  # type: ignore[union-attr]
        assert cache.by_attrs({"n": math.nan}) == {item.id}

    def test_zones_come_back(self, cache: Cache) -> None:
        """A named zone is the same zone, and the second of two equal hours stays the second."""
        item = cache.create("a", attrs={"zone": VALUES["zone"], "fold": VALUES["fold"]})

        found = cache.by_id(item.id).attrs  # type: ignore[union-attr]

        assert found["zone"].tzinfo.key == "Europe/Berlin"
        assert found["fold"].fold == 1
        assert found["fold"].utcoffset() == VALUES["fold"].utcoffset()

    def test_what_cannot_be_written_down_is_a_type_error(self, cache: Cache) -> None:
        """Nothing is stored of an item with such a value, wherever it lies."""
        circle: list[Any] = []
        circle.append(circle)
        for value in (object(), [object()], {"a": {"b": {1: Path()}}}, 1j, circle):
            with pytest.raises(TypeError):
                cache.create("a", attrs={"x": value})
            with pytest.raises(TypeError):
                cache.create("a", params={"x": value})

        assert len(cache) == 0

    def test_an_update_replaces_the_attribute(self, cache: Cache, other: Cache) -> None:
        """Of one name there is one value, whatever its type; the others stay."""
        item = cache.create("a", attrs={"x": 1, "y": "old", "space": {"k": 1, "m": 2}})

        item.update(attrs={"x": "text", "space": {"k": [1]}}, z=3.5, label="mine")

        found = other.search("a")[0]
        assert found.attrs == {"x": "text", "y": "old", "space": {"k": [1], "m": 2}, "z": 3.5}
        assert found.label == "mine"
        assert other.by_attrs({"x": 1}) == set()
        assert other.by_attrs({"x": "text"}) == {item.id}

    def test_a_namespace_and_a_value_replace_each_other(self, cache: Cache) -> None:
        """One name is the one or the other."""
        item = cache.create("a", attrs={"x": 1, "y": {"k": 1}})

        item.update(attrs={"x": {"k": 2}, "y": 3})

        assert item.attrs == {"x": {"k": 2}, "y": 3}

    def test_what_an_item_is_cannot_be_set(self, cache: Cache) -> None:
        """Key, version, URI, size and digest follow from what happened."""
        item = cache.create("a")

        for field in ("key", "version", "uri", "size", "digest"):
            with pytest.raises(QueryError):
                item.update(**{field: 1})

    def test_statuses_move_legally(self, cache: Cache) -> None:
        """Every move that is not in the table is refused, and changes nothing."""
        for current in (Status.UNINITIALIZED, Status.FAILED, Status.READY, Status.DELETED):
            for wanted in Status:
                item = cache.create("a", status=current)
                if may_move(current, wanted):
                    item.status = wanted
                    assert item.status is wanted
                else:
                    with pytest.raises(StatusError) as caught:
                        item.status = wanted
                    assert (caught.value.current, caught.value.wanted) == (
                        current.name,
                        wanted.name,
                    )
                    assert item.status is current

    def test_a_move_is_a_compare_and_set(self, cache: Cache, other: Cache) -> None:
        """Who does not know that another moved it does not move it again."""
        item = cache.create("a", status="write")
        stale = other.search("a")[0]
        item.failed()

        with pytest.raises(StatusError, match="FAILED"):
            stale.ready()

    def test_what_is_in_the_trash_comes_back(self, cache: Cache, other: Cache) -> None:
        """File, size and attributes included; it is not found meanwhile."""
        item = cache.put("a", b"data", attrs={"n": 1})
        item.remove()
        assert other.best("a") is None
        assert other.search("a") == []
        assert [one.status for one in other.search("a", include_removed=True)] == [Status.TRASH]

        other.restore("a")

        found = other.best("a")
        assert found is not None
        assert Path(found.path).read_bytes() == b"data"
        assert found.attrs == {"n": 1}
        with pytest.raises(StatusError):
            found.restore()

    def test_removing_from_the_disk_leaves_the_record(self, cache: Cache) -> None:
        """The file goes; the record stays unless that is to go as well."""
        item = cache.put("a", b"data")
        path = Path(item.path)

        item.remove(disk=True)

        assert not path.exists()
        assert item.status is Status.DELETED
        assert len(cache) == 1
        item.remove(keep_record=False)
        assert len(cache) == 0

    def test_nothing_touches_everything_by_mistake(self, cache: Cache) -> None:
        """Without a filter it must be said."""
        cache.create("a")
        cache.create("b")

        for call in (cache.remove, cache.update, cache.restore):
            with pytest.raises(RefusedError):
                call()
        with pytest.raises(RefusedError):
            cache.remove(version=-1)

        assert cache.remove(all=True) == 2

    def test_every_filter_filters_what_is_changed(self, cache: Cache) -> None:
        """Label, suffix, file name, attributes and search count in `update` and `remove` as in `search`."""
        kept = cache.create("a", attrs={"n": 1}, label="x", filename="a.txt")
        filters: tuple[dict[str, Any], ...] = (
            {"label": "y"},
            {"ext": "csv"},
            {"filename": "b.txt"},
            {"attrs": {"n": 2}},
            {"where": "n > 1"},
            {"status": "ready"},
            {"version": 2},
            {"key": "0" * 64},
            {"ids": [kept.id + 1]},
            {"newer_than": "2100-01-01"},
            {"older_than": "1999-01-01"},
        )
        for asked in filters:
            assert cache.remove("a", **asked) == 0
            assert cache.update("a", update={"x": 1}, **asked) == 0

        assert cache.update("a", attrs={"n": 1}, label="x", ext="txt", update={"x": 1}) == 1

    def test_use_is_counted_and_written_down_later(
        self, cache: Cache, other: Cache, clock: FakeClock
    ) -> None:
        """Reads and finds are seen at once here, and by others once they are written down."""
        item = cache.put("a", b"data")
        clock.advance(10)
        with item.open() as opened:
            opened.result.read()
        cache.best("a")

        assert (item.read_count, item.search_count) == (1, 1)
        assert item.last_read == dt.datetime.fromtimestamp(clock.now(), dt.UTC)
        assert other.by_id(item.id).read_count == 0  # type: ignore[union-attr]
        cache.close()
        assert other.by_id(item.id).read_count == 1  # type: ignore[union-attr]

    def test_dates_are_set(self, cache: Cache, clock: FakeClock) -> None:
        """A field where there is one, else an attribute; to now where nothing is said."""
        item = cache.create("a")
        clock.advance(60)

        cache.update_date("a", newdate="2026-01-31 12:00:00")
        cache.update_date("a", datefield="checked")
        item.refresh()

        assert item.date == dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
        assert item.attrs["checked"] == dt.datetime.fromtimestamp(clock.now(), dt.UTC)

    def test_versions_of_one_item_are_moved_by_name(self, cache: Cache) -> None:
        """`ready` and `failed` mean the newest version unless they are told."""
        first, second = cache.create("a"), cache.create("a")

        cache.ready("a")
        cache.failed("a", version=1)

        assert (first.status, second.status) == (Status.FAILED, Status.READY)

    def test_a_clock_that_stands_still_changes_nothing(self, cache: Cache) -> None:
        """Versions decide, not times."""
        items = [cache.put("a", str(number).encode()) for number in range(5)]

        assert {one.date for one in items} == {items[0].date}
        assert cache.best("a") == items[-1]
        assert cache.search("a") == items
