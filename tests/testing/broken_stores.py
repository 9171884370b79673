"""Drivers that are broken on purpose, each with the suite's tests that must find it out.

No test file by its name: `test_suites_bite.py` runs it in a pytest of its own.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from store.backends.base import DigestedResource
from store.cache.backends.base import Cache
from store.errors import QueryError, ResourceNotFoundError, StoreError
from store.testing.fakes import FakeCache, FakeStore
from store.testing.stores import Published, StoreSuite

CONTENT = b"the content of a resource in memory"


class Shelf(StoreSuite):
    """The suite over a fake store or what a fault makes of one."""

    kind: ClassVar[type[FakeStore]] = FakeStore
    breaks: ClassVar[tuple[str, ...]] = ()
    cascades: ClassVar[bool] = False
    """Whether the fault breaks further tests too."""

    shelf: ClassVar[dict[str, bytes]] = {}

    def configuration(self, origin: Path) -> dict[str, Any]:
        """Hand over what lies on the shelf."""
        return {"resources": self.shelf}

    def publish(self, origin: Path) -> Published:
        """Put a resource on the shelf."""
        self.shelf["tool"] = CONTENT
        return Published(query={"name": "tool"}, content=CONTENT)

    def missing(self, origin: Path) -> dict[str, str]:
        """Name what is not there."""
        return {"name": "nothing"}

    def withdraw(self, origin: Path) -> None:
        """Clear the shelf."""
        self.shelf.clear()

    def open_store(self, configuration: Any, cache: Cache) -> Any:
        """Make the broken store."""
        store = self.kind(configuration, cache)
        store.resources = self.shelf
        return store

    def open_cache(self, directory: Path) -> Cache:
        """Make the fake, so that nothing but the store is tried."""
        return FakeCache({"cache_dir": str(directory)})


class TestHonest(Shelf):
    """Nothing is broken here."""


@attrs.frozen
class OddResource(DigestedResource):
    """A resource with another uid."""

    odd: Any = attrs.field(kw_only=True)

    @property
    def uid(self) -> Any:
        """Whatever was given."""
        return self.odd


class TestUnstableUid(Shelf):
    """A uid that counts its asks finds nothing again."""

    breaks = ("test_uid_is_stable",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Counts."""

        asks = itertools.count()

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Give every answer another uid."""
            found = super().get_resource_metadata(query)
            return OddResource(found.digests, filename=found.filename, odd=f"{next(self.asks)}")


class TestUidOfTwoLines(Shelf):
    """A uid that breaks a line breaks every list of uids."""

    breaks = ("test_uid_is_harmless",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Breaks a line."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Answer with two lines."""
            found = super().get_resource_metadata(query)
            return OddResource(found.digests, filename=found.filename, odd="one\ntwo")


class TestTalkative(Shelf):
    """A store that shows its configuration shows the secret in it."""

    breaks = ("test_secrets_are_not_shown",)
    secrets = ("hunter2",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Talks."""

        def __repr__(self) -> str:
            """Show the secret."""
            return "<store with password hunter2>"


class TestMeddler(Shelf):
    """A driver that writes into the caller's query."""

    breaks = ("test_query_is_not_changed",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Meddles."""

        def get_resource_metadata(self, query: Any) -> DigestedResource:
            """Leave a mark in the query."""
            query["seen"] = True
            return super().get_resource_metadata({k: v for k, v in query.items() if k != "seen"})


class TestCareless(Shelf):
    """A driver that looks its keys up without a look at the query."""

    breaks = ("test_empty_query_is_refused", "test_missing_key_is_refused")

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Stumbles."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Raise KeyError for an empty query."""
            query["name"]
            return super().get_resource_metadata(query)


class TestGenerous(Shelf):
    """A driver that passes over what it does not know."""

    breaks = ("test_unknown_key_is_refused",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Passes over."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Look at one key only."""
            return super().get_resource_metadata({k: v for k, v in query.items() if k == "name"})


class TestTypeless(Shelf):
    """A driver that makes text of anything."""

    breaks = ("test_value_of_wrong_type_is_refused",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Makes text."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Ask for the text of any value."""
            return super().get_resource_metadata({k: str(v) for k, v in query.items()})


class TestStumbling(Shelf):
    """A driver that hands text to the system and its errors to the caller."""

    breaks = ("test_hostile_value_gives_a_typed_error",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Stumbles over a NUL."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Let ValueError out, which is not ours."""
            if "\0" in str(query.get("name")):
                raise ValueError("embedded null byte")
            return super().get_resource_metadata(query)


class TestClimbing(Shelf):
    """A driver that takes a name for a path."""

    breaks = ("test_hostile_value_gives_a_typed_error",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Writes where the query says."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Have the climbing name, too."""
            if str(query.get("name")).startswith(".."):
                self.resources[query["name"]] = b"climbed"
            return super().get_resource_metadata(query)

        def download_resource_content(self, metadata: DigestedResource, dest: str) -> str:
            """Join what the query said."""
            path = Path(dest) / (metadata.filename or "")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._content(metadata.filename or ""))
            return str(path)


class TestVague(Shelf):
    """A driver for which everything that goes wrong is the same."""

    breaks = ("test_missing_resource_is_not_found",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Says little."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Raise the root of all errors."""
            try:
                return super().get_resource_metadata(query)
            except ResourceNotFoundError as error:
                raise StoreError("something went wrong") from error


class TestNoAnswer(Shelf):
    """A driver that answers a good query by a list."""

    breaks = ("test_metadata_describes_a_resource",)
    cascades = True

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Answers a list."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> Any:
            """Answer a list."""
            return [super().get_resource_metadata(query)]


class TestNoStore(Shelf):
    """What is found by the name is no store."""

    breaks = ("test_store_is_found_by_its_name",)
    cascades = True

    def open_store(self, configuration: Any, cache: Cache) -> Any:
        """Hand out something else."""
        return QueryError("no store")


class TestShort(Shelf):
    """A driver that loses the last byte."""

    breaks = ("test_driver_brings_the_whole_content",)
    cascades = True

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Cuts short."""

        def download_resource_content(self, metadata: DigestedResource, dest: str) -> str:
            """Drop a byte."""
            path = super().download_resource_content(metadata, dest)
            os.truncate(path, len(CONTENT) - 1)
            return path


class TestLittering(Shelf):
    """A driver that leaves a file of its own beside the resource."""

    breaks = ("test_driver_brings_the_whole_content",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Litters."""

        def download_resource_content(self, metadata: DigestedResource, dest: str) -> str:
            """Leave a log."""
            Path(dest, "driver.log").write_text("downloaded")
            return super().download_resource_content(metadata, dest)


class TestNoPlace(Shelf):
    """A store whose finished method was replaced by one that hands out the origin's own file."""

    breaks = ("test_content_is_handed_out_in_place", "test_tampered_content_is_healed")
    cascades = True

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Goes round the cache."""

        def download_resource(
            self, metadata: DigestedResource, dest: str | None = None
        ) -> str | None:
            """Keep the file where nobody verifies it."""
            place = Path(dest or Path(self.cache_backend.cache_configuration["cache_dir"], "mine"))
            place.mkdir(parents=True, exist_ok=True)
            if (place / "tool").exists():
                return str(place / "tool")
            return self.download_resource_content(metadata, str(place))


class TestCrowded(Shelf):
    """A store that lets everybody download, and has no cache at all."""

    breaks = ("test_many_askers_cause_one_download", "test_second_ask_needs_no_origin")
    cascades = True

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Downloads each time."""

        def download_resource(
            self, metadata: DigestedResource, dest: str | None = None
        ) -> str | None:
            """Forget before every ask."""
            if dest is not None:
                return super().download_resource(metadata, dest)
            with self.cache_backend.content.workspace() as directory:
                path = self.download_resource_content(metadata, str(directory))
                return str(self.cache_backend.content.keep(Path(path)).path)


class TestSharing(Shelf):
    """A store that hands out one file to all, as a hard link."""

    breaks = ("test_destination_gets_a_private_file",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Links."""

        def download_resource(
            self, metadata: DigestedResource, dest: str | None = None
        ) -> str | None:
            """Link the cached file into the destination."""
            path = super().download_resource(metadata, dest)
            if dest is None or path is None:
                return path
            Path(path).unlink()
            os.link(str(super().download_resource(metadata)), path)
            return path


class TestUntidy(Shelf):
    """A store that writes into the destination before it has anything to write."""

    breaks = (
        "test_damaged_download_is_not_delivered",
        "test_failure_leaves_nothing",
    )

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Leaves a part."""

        def download_resource(
            self, metadata: DigestedResource, dest: str | None = None
        ) -> str | None:
            """Leave the part behind on failure."""
            part = Path(dest or self.cache_backend.cache_configuration["cache_dir"], "tool.part")
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(b"half")
            path = super().download_resource(metadata, dest)
            if path is not None:
                part.unlink(missing_ok=True)
            return path


class TestUntidyWhenMissing(Shelf):
    """A store that makes an empty file for what turns out not to be there."""

    breaks = ("test_missing_resource_leaves_nothing",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Leaves an empty file."""

        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            """Leave an empty file in the cache."""
            try:
                return super().get_resource_metadata(query)
            except ResourceNotFoundError:
                cache = Path(self.cache_backend.cache_configuration["cache_dir"])
                (cache / "partial").mkdir(parents=True, exist_ok=True)
                (cache / "partial" / "nothing").touch()
                raise


class TestNeedsMemory(Shelf):
    """A store that works with a cache that remembers only."""

    breaks = ("test_no_cache_is_needed",)
    cascades = True

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Looks its file up in the cache."""

        def download_resource(
            self, metadata: DigestedResource, dest: str | None = None
        ) -> str | None:
            """Ask the cache instead of remembering itself."""
            super().download_resource(metadata)
            path: str = self.cache_backend.get(metadata.uid).local_path
            return path if dest is None else super().download_resource(metadata, dest)


class TestTrustful(Shelf):
    """A store for which a cache never fails."""

    breaks = ("test_broken_cache_is_no_obstacle",)

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Trusts the cache."""

        def download_resource(
            self, metadata: DigestedResource, dest: str | None = None
        ) -> str | None:
            """Ask the cache first, come what may."""
            self.cache_backend.has_resource(metadata.uid)
            return super().download_resource(metadata, dest)


@attrs.frozen
class Unverified(DigestedResource):
    """A resource for which every file will do."""

    def verify(self, resource_path: str) -> bool:
        """Accept anything."""
        return True


@attrs.frozen
class Raising(DigestedResource):
    """A resource that raises for what it cannot read."""

    def verify(self, resource_path: str) -> bool:
        """Open without a net."""
        return Path(resource_path).read_bytes() == CONTENT


@attrs.frozen
class Refusing(DigestedResource):
    """A resource that can be verified once only."""

    def verify(self, resource_path: str) -> bool:
        """Refuse every file."""
        return False


def _of(kind: type[DigestedResource]) -> type[FakeStore]:
    class Verifying(FakeStore):
        def get_resource_metadata(self, query: Mapping[str, Any]) -> DigestedResource:
            found = super().get_resource_metadata(query)
            return kind(found.digests, filename=found.filename)

    return Verifying


class TestUnverified(Shelf):
    """A verify that accepts anything."""

    kind = _of(Unverified)
    breaks = ("test_verify_refuses_another_content", "test_damaged_download_is_not_delivered")
    cascades = True


class TestRaisingVerify(Shelf):
    """A verify that raises."""

    kind = _of(Raising)
    breaks = ("test_verify_never_raises",)


class TestRefusingVerify(Shelf):
    """A verify that refuses the right content."""

    kind = _of(Refusing)
    breaks = ("test_verify_accepts_the_content",)
    cascades = True


class TestBlindHits(Shelf):
    """A store that hands out what it once had, without another look."""

    breaks = (
        "test_deleted_content_is_healed",
        "test_displaced_content_is_healed",
        "test_tampered_content_is_healed",
        "test_truncated_content_is_healed",
    )

    class kind(FakeStore):  # noqa: N801 - the suite's attribute
        """Believes in its own memory."""

        known: str | None = None

        def download_resource(
            self, metadata: DigestedResource, dest: str | None = None
        ) -> str | None:
            """Remember the path, and never look again."""
            if dest is not None:
                return super().download_resource(metadata, dest)
            self.known = self.known or super().download_resource(metadata)
            return self.known
