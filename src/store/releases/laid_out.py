"""What the archives of the established layout share, wherever they lie."""

from __future__ import annotations

import abc
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from store.errors import (
    ArchiveError,
    QueryError,
    ReleaseExistsError,
    ReleaseRecordNotFoundError,
    StorageError,
    UnsafeNameError,
)
from store.files.names import inside
from store.releases.admitting import meant
from store.releases.datasets import check_leads
from store.releases.hashing import CHUNK
from store.releases.holding import refuse_taken
from store.releases.layout import blob_name, record_name, shelf_of
from store.releases.names import (
    DEFAULT_WORKSPACE,
    check_path,
    check_title,
    check_workspace,
    is_name,
    title_of,
)
from store.releases.records import Record
from store.releases.selecting import SelectingArchive
from store.releases.shelves import readable
from store.releases.usable import Candidate, checked
from store.releases.values import Listed, Naming, naming_of, workspace_of
from store.releases.versions import Choice, Version

T = TypeVar("T")

log = logging.getLogger(__name__)


class LaidOutArchive(SelectingArchive):
    """An archive of which only reading, writing and listing by name are still to be filled in."""

    marks_versions: ClassVar[bool] = True

    def _candidates(
        self, title_versionless: str, choice: Choice, workspace: str
    ) -> list[Candidate]:
        return [
            self._candidate(title_versionless, version, workspace)
            for version in sorted(self._admitted(title_versionless, choice, workspace))
        ]

    def _candidate(self, title: str, version: Version, workspace: str) -> Candidate:
        name = record_name(workspace, title, version)

        def read() -> dict[str, Any] | None:
            """Read the record; None where it is gone."""
            text = self._read(name)
            return None if text is None else checked(text, title, version)

        return Candidate(version, title_of(title, version), name, read)

    def _admitted(self, title_versionless: str, choice: Choice, workspace: str) -> list[Version]:
        """Return the versions that a choice admits; those that were yanked only where they are named."""
        check_workspace(workspace)
        check_title(title_versionless)
        there = self._versions(workspace, title_versionless)
        found = meant(choice, there)
        if all(map(choice.names, found)):
            return found
        yanked = self._marked(workspace, title_versionless)
        return [one for one in found if one not in yanked or choice.names(one)]

    def process_and_upload_blob(  # noqa: PLR0917 - as the page has it
        self,
        posix_rel_path: str | Path,
        working_dir: str | Path,
        release_title_versionless: str,
        release_title: str,
        workspace_title: str = DEFAULT_WORKSPACE,
        chunk_size: int = CHUNK,
        verbose: bool = False,  # noqa: FBT001, FBT002, ARG002 - as the page has it
    ) -> tuple[str, int]:
        """Make one file a blob: see `ArchiveInterface`; its id is its SHA-256."""
        naming = naming_of(release_title_versionless, release_title, workspace_title)
        path = check_path(Path(posix_rel_path).as_posix())
        if "/" in path:
            inside(Path(working_dir), path.rpartition("/")[0])  # no link is passed through
        done = self.upload_blob(Path(working_dir), naming, {}, path=path, chunk_size=chunk_size)
        return done.pid, done.size

    def name_blob(self, naming: Naming, pid: str, other: str) -> bool:
        """Let a blob lie under an older id, too, where that is a digest: see `Further.name_blob`."""
        shelf = shelf_of(naming.workspace, naming.title_versionless)
        try:
            names = [f"{shelf}/{blob_name(one)}" for one in (pid, other)]
        except UnsafeNameError:
            return False
        self._alias(*names)
        return True

    def upload_release_record(
        self,
        release_record: Mapping[str, Any],
        workspace: str | None = None,
        *,
        workspace_title: str | None = None,
    ) -> str:
        """Publish a release: see `ArchiveInterface`."""
        where = workspace_of(workspace, workspace_title)
        record = Record.from_data(release_record)
        check_leads(record)
        refuse_taken(record)
        return self._published(record, where)

    def upload_record(self, record: Record, workspace: str, **how: Any) -> str:  # noqa: ANN401 - for others
        """Publish a release: see `Further.upload_record`; only a subclass may read it anew."""
        if type(self).upload_release_record is not LaidOutArchive.upload_release_record:
            return super().upload_record(record, workspace, **how)
        return self._published(record, workspace)

    def _published(self, record: Record, workspace: str) -> str:
        name = record_name(workspace, record.title_versionless, record.version)
        text = self._settle(record, workspace, lambda: record.to_yaml().encode())
        if not self._create(name, text):
            raise ReleaseExistsError(
                f"{record.title} is in {self.host} already, and a version never changes: publish it under"
                " the next one",
                name=record.title,
            )
        return self._pid(name)

    def list_releases(
        self,
        title_versionless: str | None = None,
        *,
        workspace: str | None = None,
        details: bool = False,
    ) -> list[Listed]:
        """Return what there is, by the names of the records: see `Further.list_releases`."""
        found = []
        passed: list[StorageError] | None = [] if None in {workspace, title_versionless} else None
        for space, title in self._shelves(workspace, title_versionless, passed):
            if not (is_name(space) and is_name(title)):
                log.warning(
                    "%s: %r is passed over: no release has such a name",
                    self.host,
                    f"{space}/{title}",
                )
                continue
            versions = readable(partial(self._versions, space, title), passed)
            yanked = self._yanked(space, title) if versions else {}
            found += [
                Listed(space, title, version, yanked.get(version))
                for version in sorted(versions or ())
            ]
        for error in passed or ():
            if not found:
                raise error
            log.warning("%s: something is passed over: %s", self.host, error)
        return self._detailed(found) if details else found

    def yank(
        self,
        title_versionless: str,
        version: Version | str,
        *,
        workspace: str = DEFAULT_WORKSPACE,
        reason: str = "",
        undo: bool = False,
    ) -> None:
        """Let ranges pass a version over: see `Further.yank`."""
        number = version if isinstance(version, Version) else Version.parse(version)
        if self._read(record_name(workspace, title_versionless, number)) is None:
            raise ReleaseRecordNotFoundError(
                f"{self.host} has no {title_of(title_versionless, number)} in {workspace!r}",
                query=title_of(title_versionless, number),
            )
        self._mark(workspace, title_versionless, number, None if undo else reason)

    @abc.abstractmethod
    def _shelves(
        self,
        workspace: str | None,
        title: str | None,
        passed: list[StorageError] | None = None,
    ) -> Iterator[tuple[str, str]]:
        """Give workspaces and titles that may hold releases, sorted; ``passed`` takes what is unreadable."""

    @abc.abstractmethod
    def _versions(self, workspace: str, title: str) -> Iterable[Version]:
        """Return the versions that there are of a title."""

    @abc.abstractmethod
    def _yanked(self, workspace: str, title: str) -> Mapping[Version, str]:
        """Return the versions that ranges pass over, and why."""

    def _marked(self, workspace: str, title: str) -> Collection[Version]:
        """Return the versions that ranges pass over; without the reasons, where those cost more."""
        return self._yanked(workspace, title)

    @abc.abstractmethod
    def _read(self, name: str) -> bytes | None:
        """Return a record's text, or None where there is none."""

    @abc.abstractmethod
    def _alias(self, source: str, target: str) -> None:
        """Let a blob lie under a second name."""

    @abc.abstractmethod
    def _settle(self, record: Record, workspace: str, meanwhile: Callable[[], T]) -> T:
        """See that every blob of a record is there, and lasts; return what is worked out meanwhile."""

    @abc.abstractmethod
    def _create(self, name: str, text: bytes) -> bool:
        """Write a record where there is none; False where there is one."""

    @abc.abstractmethod
    def _pid(self, name: str) -> str:
        """Return the PID of a record."""

    @abc.abstractmethod
    def _mark(self, workspace: str, title: str, version: Version, reason: str | None) -> None:
        """Note that a version is yanked; None takes the note away."""

    def _detailed(self, found: list[Listed]) -> list[Listed]:
        """Return a listing with what only the records tell."""
        return [self._detail(one) for one in found]

    def _detail(self, one: Listed) -> Listed:
        """Return a line with what its record tells; as it was where that cannot be used."""
        name = record_name(one.workspace, one.title, one.version)
        try:
            text = self._read(name)
            if text is None:
                return one
            record = Record.from_data(checked(text, one.title, one.version))
            digest = record.digest or record.identity
        except (ArchiveError, QueryError, UnsafeNameError) as error:
            log.warning("%s: the record %s is passed over: %s", self.host, name, error)
            return one
        return one._replace(files=len(record.blobs), size=record.whole_size, digest=digest)
