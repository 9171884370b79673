"""Archives that are broken on purpose, each with the suite's tests that must find it out.

No test file by its name: `test_suites_bite.py` runs it in a pytest of its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, MutableMapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from store.releases.interface import ArchiveInterface
from store.releases.layout import blob_name, record_name, shelf_of
from store.releases.mapping import Blob
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.objects import ObjectArchive
from store.releases.records import Record
from store.releases.values import Listed, Records
from store.releases.versions import Expressions, Version, choice_from
from store.testing.objects import FakeObjects
from store.testing.releases import ArchiveSuite
from store.transports.objects.base import ObjectClient


class Shelf(ArchiveSuite):
    """The suite over a sound archive or what a fault makes of one."""

    kind: ClassVar[type[ObjectArchive]] = ObjectArchive
    breaks: ClassVar[tuple[str, ...]] = ()
    cascades: ClassVar[bool] = False
    """Whether the fault breaks further tests too."""

    @pytest.fixture(autouse=True)
    def _bucket(self) -> None:
        self.bucket = FakeObjects()

    @pytest.fixture(autouse=True)
    def _only_what_is_broken(self, request: pytest.FixtureRequest) -> None:
        if self.cascades and request.node.originalname not in self.breaks:
            pytest.skip("the fault breaks further tests too")

    def make(self, origin: Path) -> ArchiveInterface:
        """Open the broken archive."""
        del origin
        ObjectArchive.create(self.bucket)
        return self.kind(self.bucket)

    def spoil(self, origin: Path, record: Record, path: str) -> None:
        """Write over a blob."""
        del origin
        blob = record.blob(path)
        shelf = shelf_of(DEFAULT_WORKSPACE, record.title_versionless)
        self.bucket.put(f"{shelf}/{blob_name(blob.pid or '')}", b"x" * (blob.size or 0))


class TestHonest(Shelf):
    """Nothing is broken here."""


class TestForgetsModes(Shelf):
    """An archive that brings every file without its x bit."""

    breaks = ("test_a_release_comes_back",)
    cascades = True

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Takes a file for one to be read."""

        def bring_blob(self, *arguments: Any, mode: int, **named: Any) -> None:
            """Drop the bits."""
            super().bring_blob(*arguments, mode=mode & ~0o111, **named)


class TestSortsAsText(Shelf):
    """An archive that lists versions in the order of their spelling."""

    breaks = ("test_listings_are_whole",)

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Sorts texts."""

        def list_releases(self, *arguments: Any, **named: Any) -> list[Listed]:
            """Sort by what is written."""
            return sorted(
                super().list_releases(*arguments, **named), key=lambda one: str(one.version)
            )


def _as_text(self: ObjectArchive, *arguments: Any, **named: Any) -> Records:
    found = ObjectArchive.get_release_records(self, *arguments, **named)
    return dict(sorted(found.items()))


def _nothing_is_fine(
    self: ObjectArchive,
    title_versionless: str,
    version_expressions: Expressions = None,
    workspace: str = DEFAULT_WORKSPACE,
) -> Records:
    try:
        return ObjectArchive.get_release_records(
            self, title_versionless, version_expressions, workspace
        )
    except LookupError:
        return {}


class TestUnordered(Shelf):
    """An archive that gives records in the order of their titles."""

    breaks = ("test_the_highest_version_comes_last",)
    kind = type("kind", (ObjectArchive,), {})
    setattr(kind, "get_release_records", _as_text)  # noqa: B010 - past the base that sees to it


class TestSilent(Shelf):
    """An archive that gives nothing where there is nothing."""

    breaks = ("test_what_is_not_there_is_said",)
    kind = type("kind", (ObjectArchive,), {})
    setattr(kind, "get_release_records", _nothing_is_fine)  # noqa: B010 - past the base that sees to it


class TestGenerous(Shelf):
    """An archive that admits every version, pre-releases too."""

    breaks = ("test_expressions_choose",)
    cascades = True

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Passes the upper bound over."""

        def get_release_records(
            self,
            title_versionless: str,
            version_expressions: Expressions = None,
            workspace: str = DEFAULT_WORKSPACE,
        ) -> Records:
            """Drop what begins with a smaller-than sign."""
            kept = [
                one.text for one in choice_from(version_expressions).clauses if one.text[0] != "<"
            ]
            return super().get_release_records(title_versionless, kept or None, workspace)


class TestLedAstray(Shelf):
    """An archive that makes a path of whatever it is told."""

    breaks = ("test_names_lead_nowhere_else",)

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Reads what lies outside."""

        def get_release_records(
            self,
            title_versionless: str,
            version_expressions: Expressions = None,
            workspace: str = DEFAULT_WORKSPACE,
        ) -> Records:
            """Find something wherever it is sent."""
            if ".." in title_versionless:
                return {"x": {"title": "x", "version": "1.0.0"}}
            return super().get_release_records(title_versionless, version_expressions, workspace)


class TestTrusting(Shelf):
    """An archive that takes the size for the content."""

    breaks = ("test_a_wrong_blob_is_never_in_place",)

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Verifies nothing."""

        def bring_blob(
            self, blob: Blob, target: str, record: Record, *arguments: Any, **named: Any
        ) -> None:
            """Forget the digest."""
            plain = blob._replace(sha256=None)
            shelf = shelf_of(named["workspace"], record.title_versionless)
            place = Path(target)
            place.write_bytes(self._read(f"{shelf}/{blob_name(plain.pid or '')}") or b"")
            place.chmod(named["mode"] & 0o755)


class TestWasteful(Shelf):
    """An archive that puts nothing into the folder that it was told."""

    breaks = ("test_only_what_is_missing_is_brought",)
    cascades = True

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Touches what lies there."""

        def bring_blob(self, blob: Blob, target: str, *arguments: Any, **named: Any) -> None:
            """Bring it, and spoil another."""
            super().bring_blob(blob, target, *arguments, **named)
            for other in Path(target).parent.glob("*"):
                if other.is_file() and str(other) != target:
                    other.write_bytes(b"")


class TestMute(Shelf):
    """An archive that says nothing of how a download gets on."""

    breaks = ("test_a_download_tells_how_it_gets_on", "test_a_failed_download_tells_the_error")

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Keeps its update to itself."""

        def download_blob(
            self,
            blob_pid: str,
            target_file: str | Path,
            update_dict: MutableMapping[str, Any] | None = None,
            *arguments: Any,
            **named: Any,
        ) -> None:
            """Tell nobody."""
            if update_dict is not None:
                update_dict.update(size=0, finished=False, success=None, error=None)
            super().download_blob(blob_pid, target_file, None, *arguments, **named)


class TestOverwrites(Shelf):
    """An archive whose last writer wins."""

    breaks = ("test_a_version_never_changes", "test_of_many_who_publish_one_wins")
    cascades = True

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Writes over records."""

        def get_release_records(
            self,
            title_versionless: str,
            version_expressions: Expressions = None,
            workspace: str = DEFAULT_WORKSPACE,
        ) -> Records:
            """Find nothing at first where a version is asked for by its name."""
            if (
                any(one.exact for one in choice_from(version_expressions).clauses)
                and self.uploads < 2
            ):
                return {}
            return super().get_release_records(title_versionless, version_expressions, workspace)

        uploads = 0

        def upload_release_record(
            self,
            release_record: Mapping[str, Any],
            workspace: str | None = None,
            *,
            workspace_title: str | None = None,
        ) -> str:
            """Take away what is there."""
            record = Record.from_data(release_record)
            name = record_name(DEFAULT_WORKSPACE, record.title_versionless, record.version)
            self._client.delete([name])
            self.uploads += 1
            return super().upload_release_record(
                release_record, workspace, workspace_title=workspace_title
            )


class TestForgetful(Shelf):
    """An archive that keeps its releases to the process that published them."""

    breaks = ("test_another_process_sees_it",)
    cascades = True

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Lies elsewhere each time."""

        def __init__(self, client: ObjectClient) -> None:
            prefix = os.urandom(8).hex()
            ObjectArchive.create(client, prefix)
            super().__init__(client, prefix)


class TestTidy(Shelf):
    """An archive that keeps only the fields it knows."""

    breaks = ("test_another_process_sees_it", "test_fields_of_others_are_passed_through")

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Drops the workflow."""

        def upload_release_record(
            self, release_record: Mapping[str, Any], *arguments: Any, **named: Any
        ) -> str:
            """Drop it."""
            from store.releases.records import signed

            known = {"title", "title_versionless", "version", "project"}
            kept = {name: one for name, one in release_record.items() if name in known}
            return super().upload_release_record(signed(kept), *arguments, **named)


class TestShortListing(Shelf):
    """An archive that forgets to list what is newest."""

    breaks = ("test_listings_are_whole",)

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Stops early."""

        def list_releases(self, *arguments: Any, **named: Any) -> list[Listed]:
            """Leave the last out."""
            return super().list_releases(*arguments, **named)[:-1]


class TestNeverYanks(Shelf):
    """An archive that takes note of a yank, and does not heed it."""

    breaks = ("test_a_yanked_version_is_passed_over",)

    class kind(ObjectArchive):  # noqa: N801 - the suite's attribute
        """Forgets."""

        def _marked(self, workspace: str, title: str) -> Collection[Version]:
            del workspace, title
            return ()
