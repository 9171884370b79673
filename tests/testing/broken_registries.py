"""Registries that are broken on purpose, each with the suite's tests that must find it out.

No test file by its name: `test_suites_bite.py` runs it in a pytest of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
import sqlalchemy as sa

from store.clock import Clock
from store.errors import StatusError
from store.registry.item import CacheItem
from store.registry.manager import Cache
from store.registry.records import Entry
from store.registry.schema import heads
from store.registry.status import Status
from store.testing.registries import RegistrySuite

MANY: Final = frozenset(
    {
        "test_a_search_finds",
        "test_a_dictionary_finds",
        "test_what_cannot_be_read_is_said",
        "test_hostile_texts_are_plain_values",
        "test_an_attribute_comes_back_as_it_went_in",
    }
)
"""Tests of very many values that no fault here is about: they would take most of the time."""


class Shelf(RegistrySuite):
    """The suite over a sound registry or what a fault makes of one."""

    kind: ClassVar[type[Cache]] = Cache
    breaks: ClassVar[tuple[str, ...]] = ()
    cascades: ClassVar[bool] = False
    """Whether the fault breaks further tests too."""

    @pytest.fixture(autouse=True)
    def _without_the_many(self, request: pytest.FixtureRequest) -> None:
        name = request.node.originalname
        if name in MANY or (self.cascades and name not in self.breaks):
            pytest.skip("no fault here is about it")

    def make(self, directory: Path, clock: Clock) -> Cache:
        """Open the broken registry."""
        return self.kind(directory, clock=clock, durability="relaxed")


class TestHonest(Shelf):
    """Nothing is broken here."""


class TestRash(Shelf):
    """A registry that takes no filter for every item."""

    breaks = ("test_nothing_touches_everything_by_mistake",)

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Removes all."""

        def remove(self, *arguments: Any, **asked: Any) -> int:
            """Say for the caller that everything is meant."""
            return super().remove(*arguments, **asked | {"all": True})


class TestDeafToLabels(Shelf):
    """A registry that passes over one filter when it removes."""

    breaks = ("test_every_filter_filters_what_is_changed",)

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Passes over the label."""

        def remove(self, *arguments: Any, **asked: Any) -> int:
            """Remove what bears another label, too."""
            asked.pop("label", None)
            return super().remove(*arguments, **asked)


class TestHasty(Shelf):
    """A registry that takes the newest version for the best."""

    breaks = ("test_the_newest_ready_version_is_best",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Does not look at the status."""

        def best(self, *arguments: Any, **asked: Any) -> CacheItem | None:
            """Ask for any status."""
            return super().best(*arguments, **asked | {"status": None})


class TestRobber(Shelf):
    """A registry for which every other writer is dead."""

    breaks = ("test_waiting_ends", "test_cleaning_leaves_living_writers_alone")
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Believes nobody alive."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.leases.is_alive = lambda holder: False  # type: ignore[method-assign]


class TestPatient(Shelf):
    """A registry that waits for the dead."""

    breaks = ("test_a_dead_writer_is_taken_over",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Believes everybody alive."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.leases.is_alive = lambda holder: True  # type: ignore[method-assign]


class TestLenient(Shelf):
    """A registry that passes over a move that may not be."""

    breaks = ("test_statuses_move_legally", "test_a_move_is_a_compare_and_set")
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Says nothing."""

        def move(self, entry: Entry, wanted: Status) -> Entry:
            """Leave the item as it was."""
            try:
                return super().move(entry, wanted)
            except StatusError:
                return entry


class TestForgetful(Shelf):
    """A registry that counts anew for a key of which nothing is left."""

    breaks = ("test_a_version_is_never_given_out_twice",)

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Forgets the last version with the record."""

        def discard(self, entries: Sequence[Entry], *, disk: bool, keep_record: bool) -> None:
            """Count one back."""
            super().discard(entries, disk=disk, keep_record=keep_record)
            if not keep_record:
                back = sa.update(heads).values(last_version=heads.c.last_version - 1)
                self.database.write(lambda connection: connection.execute(back))


class TestClinging(Shelf):
    """A registry that copies what it was to move."""

    breaks = ("test_a_path_is_put_in",)

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Copies."""

        def put(self, *arguments: Any, **options: Any) -> CacheItem:
            """Leave the source where it is."""
            return super().put(*arguments, **options | {"how": "copy"})


class TestGenerous(Shelf):
    """A registry in which no attributes mean every item."""

    breaks = ("test_an_empty_dictionary_finds_no_ids",)

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Answers with everything."""

        def by_attrs(self, attrs: Any) -> set[int]:
            """Take nothing for anything."""
            return super().by_attrs(attrs) if attrs else {item.id for item in self.search()}


class TestUnpaged(Shelf):
    """A registry whose pages all begin at the beginning."""

    breaks = ("test_order_limit_and_offset",)

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Passes over the offset."""

        def search(self, *arguments: Any, **asked: Any) -> list[CacheItem]:
            """Begin at the first."""
            asked.pop("offset", None)
            return super().search(*arguments, **asked)


class TestWasteful(Shelf):
    """A registry that makes what there is already."""

    breaks = ("test_best_or_new_gives_the_ready_one",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Looks for nothing."""

        def best_or_new(self, uri: Any = None, *_: Any, **__: Any) -> CacheItem:
            """Make a new one each time."""
            return self.create(uri, status="write")


class TestOblivious(Shelf):
    """A registry that never writes down what was used."""

    breaks = ("test_use_is_counted_and_written_down_later",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Remembers in memory alone."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.usage.flush = lambda database: None  # type: ignore[method-assign]


class TestPiecemeal(Shelf):
    """A registry whose batch is a word alone."""

    breaks = ("test_a_batch_is_all_or_nothing",)

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Keeps what was done before it failed."""

        @contextlib.contextmanager
        def batch(self) -> Iterator[None]:
            """Begin nothing."""
            yield


class TestRuthless(Shelf):
    """A registry that prunes what others have open."""

    breaks = ("test_what_is_in_use_stays",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Asks nobody."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.leases.in_use = set  # type: ignore[method-assign]
