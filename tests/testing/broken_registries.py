"""Registries that are broken on purpose, each with the suite's tests that must find it out.

No test file by its name: `test_suites_bite.py` runs it in a pytest of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
import sqlalchemy as sa

from store.clock import SYSTEM_CLOCK, Clock
from store.errors import LockTimeoutError, QueryError, StatusError
from store.registry.attributes import number_of
from store.registry.creating import Draft
from store.registry.database import Rebuilt
from store.registry.filters import Filters
from store.registry.in_use import InUse
from store.registry.item import CacheItem
from store.registry.manager import Cache
from store.registry.pruning import Pruned
from store.registry.records import Entry
from store.registry.schema import heads
from store.registry.status import Status
from store.testing.registries import RegistrySuite

COSTLY: Final = frozenset(
    {
        "test_a_search_finds",
        "test_a_dictionary_finds",
        "test_what_cannot_be_read_is_said",
        "test_hostile_texts_are_plain_values",
        "test_an_attribute_comes_back_as_it_went_in",
    }
)
"""Tests of very many values: they would take most of the time, and the real engines pass them elsewhere."""


class Shelf(RegistrySuite):
    """The suite over a sound registry or what a fault makes of one."""

    kind: ClassVar[type[Cache]] = Cache
    breaks: ClassVar[tuple[str, ...]] = ()
    cascades: ClassVar[bool] = False
    """Whether the fault breaks further tests too."""

    @pytest.fixture(autouse=True)
    def _without_what_is_costly(self, request: pytest.FixtureRequest) -> None:
        name = request.node.originalname
        named = {one.partition("[")[0] for one in self.breaks}
        if name not in named and (name in COSTLY or self.cascades):
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
            self.leases.in_use = lambda: InUse("", frozenset())  # type: ignore[method-assign]


class TestNameless(Shelf):
    """A registry in which all names are one."""

    breaks = ("test_versions_count_up_for_each_key", "test_a_uri_alone_means_all_its_parameters")
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Has one key."""

        def create(
            self, uri: Any = None, params: Any = None, *arguments: Any, **options: Any
        ) -> CacheItem:
            """Pass over the parameters."""
            return super().create("one", None, *arguments, **options)


class TestRacing(Shelf):
    """A registry that counts before it writes."""

    breaks = ("test_threads_share_one_count", "test_a_version_is_never_given_out_twice")

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Tells versions that others have, too."""

        def create(
            self, uri: Any = None, params: Any = None, *arguments: Any, **options: Any
        ) -> CacheItem:
            """Look how many there are, and say one more."""
            count = len(self.search(uri, params, include_removed=True))
            item = super().create(uri, params, *arguments, **options)
            item._entry = item._entry._replace(version=count + 1)
            return item


class TestEager(Shelf):
    """A registry that gives away what is still being written."""

    breaks = ("test_what_is_written_is_published_whole",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Does not wait for READY."""

        def best(self, *arguments: Any, **asked: Any) -> CacheItem | None:
            """Take what is being written."""
            return super().best(*arguments, **{"status": ("ready", "write")} | asked)


class TestTrusting(Shelf):
    """A registry that believes that a file was written."""

    breaks = ("test_ready_without_a_file_is_refused_while_writing",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Makes up what is missing."""

        def move(self, entry: Entry, wanted: Status) -> Entry:
            """Write an empty file where there is none."""
            if entry.status == Status.WRITE and wanted is Status.READY:
                Path(self.places.partial(entry.key, entry.version, entry.ext)).touch()
            return super().move(entry, wanted)


class TestDemanding(Shelf):
    """A registry that makes nothing READY without a file."""

    breaks = ("test_metadata_alone_may_be_ready", "test_a_status_has_three_spellings")
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Begins everything anew."""

        def create(self, *arguments: Any, **options: Any) -> CacheItem:
            """Pass over the status."""
            options.pop("status", None)
            return super().create(*arguments[:3], **options)


class TestStubborn(Shelf):
    """A registry whose blocks are READY however they end."""

    breaks = ("test_writing_publishes_or_fails",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Has stubborn items."""

        class Stubborn(CacheItem):
            """Never fails."""

            def failed(self) -> None:
                """Publish what there is."""
                self.ready()

        def item(self, entry: Entry) -> CacheItem:
            """Return a stubborn one."""
            return self.Stubborn(self, entry)


class TestPicky(Shelf):
    """A registry that takes paths and bytes alone."""

    breaks = ("test_bytes_files_and_functions_are_put_in",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Takes no functions."""

        def put(self, uri: Any, source: Any, *arguments: Any, **options: Any) -> CacheItem:
            """Refuse what is called."""
            if callable(source):
                raise TypeError("no functions")
            return super().put(uri, source, *arguments, **options)


class TestLittering(Shelf):
    """A registry that leaves behind what it could not put in."""

    breaks = ("test_a_failed_source_leaves_nothing",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Makes the record first."""

        def put(self, uri: Any, source: Any, *arguments: Any, **options: Any) -> CacheItem:
            """Leave a record of what failed."""
            try:
                return super().put(uri, source, *arguments, **options)
            except ValueError:
                self.create(uri)
                raise


class TestMoving(Shelf):
    """A registry that moves in by moving."""

    breaks = ("test_moving_in_copies",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Takes the original."""

        def move_in(self, path: Any, *arguments: Any, **options: Any) -> CacheItem:
            """Remove the source."""
            item = super().move_in(path, *arguments, **options)
            Path(path).unlink()
            return item


class TestSlovenly(Shelf):
    """A registry that looks at the status when the row is there."""

    breaks = ("test_an_unknown_status_is_refused_before_anything_is_stored",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Stores first."""

        def create(self, *arguments: Any, **options: Any) -> CacheItem:
            """Leave a row behind."""
            try:
                return super().create(*arguments, **options)
            except QueryError:
                super().create(*arguments)
                raise


class TestCrowded(Shelf):
    """A registry in which everybody writes what nobody has."""

    breaks = ("test_one_of_many_callers_writes",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Looks, and makes."""

        def best_or_new(self, uri: Any = None, *_: Any, **__: Any) -> CacheItem:
            """Find, or make, in two steps with time between them."""
            found = self.best(uri)
            if found is None:
                SYSTEM_CLOCK.sleep(0.1)
            return found or self.create(uri, status="write")


class TestGrudging(Shelf):
    """A registry that waits for whoever failed."""

    breaks = ("test_a_failed_writer_makes_way",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Never lets go."""

        def best_or_new(self, uri: Any = None, *arguments: Any, **options: Any) -> CacheItem:
            """Wait in vain."""
            if self.search(uri, status="failed"):
                raise LockTimeoutError("still waiting")
            return super().best_or_new(uri, *arguments, **options)


class TestMortal(Shelf):
    """A registry that is of no use once it was closed."""

    breaks = ("test_it_may_be_used_again_after_closing",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Ends with its first close."""

        _ended = False

        def close(self) -> None:
            """End."""
            super().close()
            self._ended = True

        def best(self, *arguments: Any, **asked: Any) -> CacheItem | None:
            """Find nothing any more."""
            return None if self._ended else super().best(*arguments, **asked)


class TestTextual(Shelf):
    """A registry in which every attribute is a text."""

    breaks = (
        "test_an_attribute_comes_back_as_it_went_in[none]",
        "test_nan_comes_back",
        "test_zones_come_back",
        "test_what_cannot_be_written_down_is_a_type_error",
    )
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Writes texts."""

        def create(
            self,
            uri: Any = None,
            params: Any = None,
            attrs: Any = None,
            *arguments: Any,
            **options: Any,
        ) -> CacheItem:
            """Spell every value."""
            texts = {name: str(value) for name, value in (attrs or {}).items()}
            return super().create(uri, params, texts, *arguments, **options)


class TestHoarding(Shelf):
    """A registry whose updates only add."""

    breaks = (
        "test_an_update_replaces_the_attribute",
        "test_a_namespace_and_a_value_replace_each_other",
    )
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Keeps the old values."""

        def change(self, entries: Sequence[Entry], update: Mapping[str, Any]) -> None:
            """Leave alone what is there."""
            old = self.item(entries[0]).attrs
            new = {
                name: value for name, value in update.get("attrs", {}).items() if name not in old
            }
            super().change(entries, {**update, "attrs": new})


class TestMalleable(Shelf):
    """A registry that passes over what cannot be set."""

    breaks = ("test_what_an_item_is_cannot_be_set",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Refuses nothing."""

        def change(self, entries: Sequence[Entry], update: Mapping[str, Any]) -> None:
            """Leave out what an item is."""
            fixed = {"key", "version", "uri", "size", "digest"}
            super().change(
                entries, {name: one for name, one in update.items() if name not in fixed}
            )


class TestFinal(Shelf):
    """A registry whose trash gives nothing back."""

    breaks = ("test_what_is_in_the_trash_comes_back",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Restores nothing."""

        def restore(self, *arguments: Any, **asked: Any) -> int:
            """Do nothing."""
            return 0


class TestComplete(Shelf):
    """A registry that drops the record with the file."""

    breaks = ("test_removing_from_the_disk_leaves_the_record",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Keeps no records."""

        def discard(self, entries: Sequence[Entry], *, disk: bool, keep_record: bool) -> None:
            """Leave no trace."""
            super().discard(entries, disk=disk, keep_record=keep_record and not disk)


class TestTimeless(Shelf):
    """A registry to which every date is now."""

    breaks = ("test_dates_are_set",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Looks at the clock alone."""

        def update_date(self, *arguments: Any, **options: Any) -> int:
            """Pass over the date."""
            options.pop("newdate", None)
            return super().update_date(*arguments, **options)


class TestSweeping(Shelf):
    """A registry that moves all versions where one is meant."""

    breaks = ("test_versions_of_one_item_are_moved_by_name",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Means all."""

        def update_status(
            self, uri: Any = None, params: Any = None, version: Any = None, *others: Any
        ) -> int:
            """Pass over the version."""
            return super().update_status(uri, params, None, *others)


class TestPunctual(Shelf):
    """A registry that takes the latest date for the newest version."""

    breaks = ("test_a_clock_that_stands_still_changes_nothing",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Goes by the clock."""

        def best(self, *arguments: Any, **asked: Any) -> CacheItem | None:
            """Take the first of the latest."""
            found = self.search(*arguments, **{"status": Status.READY} | asked)
            return max(found, key=lambda item: item.date or 0, default=None)


class TestDeaf(Shelf):
    """A registry that passes over a search's words."""

    breaks = (
        "test_a_search_finds[n = 1]",
        "test_all_filters_together",
        "test_what_cannot_be_read_is_said[n]",
    )
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Finds everything."""

        def search(self, *arguments: Any, **asked: Any) -> list[CacheItem]:
            """Do not read the search."""
            asked.pop("where", None)
            return super().search(*arguments, **asked)


class TestUnspecific(Shelf):
    """A registry that passes over attributes."""

    breaks = ("test_a_dictionary_finds[({'n': 1}, 'a')]", "test_a_pattern_is_taken_by_its_letter")
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Finds everything."""

        def search(self, *arguments: Any, **asked: Any) -> list[CacheItem]:
            """Do not look at the attributes."""
            asked.pop("attrs", None)
            return super().search(*arguments, **asked)


class TestApproximate(Shelf):
    """A registry that compares floats."""

    breaks = ("test_large_numbers_are_told_apart",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Rounds."""

        def by_attrs(self, attrs: Any) -> set[int]:
            """Ask for the nearest floats."""
            return super().by_attrs({name: number_of(value) for name, value in attrs.items()})


class TestLiteral(Shelf):
    """A registry to which no parameters are none."""

    breaks = ("test_a_uri_alone_means_all_its_parameters",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Takes a URI for a whole name."""

        def search(self, uri: Any = None, params: Any = None, **asked: Any) -> list[CacheItem]:
            """Add no parameters."""
            return super().search(uri, params or ({} if uri else None), **asked)


class TestRetentive(Shelf):
    """A registry that shows every version."""

    breaks = ("test_the_newest_version_only",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Passes over versions."""

        def search(self, *arguments: Any, **asked: Any) -> list[CacheItem]:
            """Show all."""
            asked.pop("newest", None)
            asked.pop("version", None)
            return super().search(*arguments, **asked)


class TestTimelessSearch(Shelf):
    """A registry that passes over times."""

    breaks = ("test_times_bound_a_search",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Finds the old as well."""

        def search(self, *arguments: Any, **asked: Any) -> list[CacheItem]:
            """Bound nothing."""
            asked.pop("newer_than", None)
            return super().search(*arguments, **asked)


class TestInjectable(Shelf):
    """A registry that writes texts into its statements."""

    breaks = ("test_hostile_texts_are_plain_values",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Quotes by hand."""

        def search(self, *arguments: Any, **asked: Any) -> list[CacheItem]:
            """Look for the label in a statement of its own."""
            if "label" in asked:
                query = f"SELECT id FROM registry_items WHERE label = '{asked.pop('label')}'"
                asked["ids"] = self.database.read(
                    lambda connection: list(connection.execute(sa.text(query)).scalars())
                )
            return super().search(*arguments, **asked)


class TestUnseeing(Shelf):
    """A registry that does not look at the disk."""

    breaks = ("test_contents_are_told_by_version_id",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Tells rows alone."""

        def contents(self) -> dict[str, dict[str, Any]]:
            """Say nothing of files."""
            return {name: {**row, "disk_fname": None} for name, row in super().contents().items()}


class TestModern(Shelf):
    """A registry that keeps the newest version whatever it is."""

    breaks = (
        "test_cleaning_keeps_the_last_ready_version",
        "test_cleaning_keeps_metadata_and_what_is_pinned",
    )
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Looks at versions alone."""

        def autoclean(self) -> int:
            """Keep the last of each key."""
            newest = {
                entry.key: entry.version for entry in self.entries(Filters(include_removed=True))
            }
            for entry in self.entries(Filters(include_removed=True)):
                if entry.version != newest[entry.key]:
                    self.discard([entry], disk=True, keep_record=False)
            return 0


class TestDusty(Shelf):
    """A registry that cleans nothing."""

    breaks = ("test_records_without_a_file_go", "test_only_files_of_ours_go")
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Leaves it lying."""

        def clean_db(self) -> int:
            """Leave the records."""
            return 0

        def clean_disk(self) -> int:
            """Leave the files."""
            return 0


class TestWandering(Shelf):
    """A registry that follows links out of its directory."""

    breaks = ("test_nothing_outside_is_touched",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Believes that all is its own."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.places.is_ours = lambda path: True  # type: ignore[method-assign]


class TestInattentive(Shelf):
    """A registry that does not see what is read."""

    breaks = ("test_the_least_recently_used_goes_first",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Notes no reads."""

        def hand_out(self, entry: Entry, *, read: bool) -> Entry:
            """Note that it is in use, no more."""
            return super().hand_out(entry, read=False)


class TestBoundless(Shelf):
    """A registry that knows one limit alone."""

    breaks = ("test_pruning_by_age_count_and_versions",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Counts bytes."""

        def prune(self, *, max_bytes: int | None = None, **limits: Any) -> Pruned:
            """Pass over the other limits."""
            return super().prune(max_bytes=max_bytes, dry_run=limits.get("dry_run", False))


class TestRuinous(Shelf):
    """A registry that prunes what is being written."""

    breaks = ("test_a_writer_is_never_pruned",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Removes writers."""

        def prune(self, **limits: Any) -> Pruned:
            """Remove everything."""
            self.discard(self.entries(Filters()), disk=True, keep_record=False)
            return super().prune(**limits)


class TestSecretive(Shelf):
    """A registry that writes nothing down beside its files."""

    breaks = ("test_a_lost_registry_is_rebuilt",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Has no sidecars."""

        def keep_sidecar(self, entry: Entry, draft: Draft | None = None) -> None:
            """Make the directory alone."""
            Path(self.places.sidecar(entry.key, entry.version)).parent.mkdir(
                parents=True, exist_ok=True
            )


class TestDismissive(Shelf):
    """A registry that drops what it knows little of."""

    breaks = ("test_a_file_without_its_sidecar_is_not_lost",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Keeps no bare files."""

        def rebuild(self) -> Rebuilt:
            """Remove what has no name."""
            rebuilt = super().rebuild()
            for item in self.search():
                if item.uri is None:
                    item.remove(disk=True, keep_record=False)
            return rebuilt


class TestHomebody(Shelf):
    """A registry that leaves old versions behind."""

    breaks = ("test_items_move_house",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Exports the newest alone."""

        def export_to(self, path: Any, **asked: Any) -> int:
            """Take no old version along."""
            return super().export_to(path, **asked | {"newest": True})


class TestSpendthrift(Shelf):
    """A registry that keeps no budget."""

    breaks = ("test_a_budget_keeps_itself",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Spends."""

        def keep_budget(self, added: int) -> None:
            """Do nothing."""
            del added


class TestMiscounting(Shelf):
    """A registry that counts no bytes."""

    breaks = ("test_stats_count",)
    cascades = True

    class kind(Cache):  # noqa: N801 - the suite's attribute
        """Counts rows."""

        def stats(self) -> dict[str, Any]:
            """Say that all is empty."""
            return {**super().stats(), "bytes": 0}
