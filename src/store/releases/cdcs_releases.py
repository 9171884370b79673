"""Finds and publishes the records of releases on a CDCS."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from store.errors import (
    RefusedError,
    ReleaseExistsError,
    ReleaseRecordNotFoundError,
    StoreError,
    TransportError,
)
from store.releases.cdcs_checking import check_blobs
from store.releases.cdcs_records import (
    OLDER,
    TEMPLATE,
    Kept,
    kept_in,
    renamed,
    respelled,
    spelled,
    standing,
)
from store.releases.curating import DataRecord, Template, Workspace
from store.releases.curator import Curator
from store.releases.records import Record
from store.releases.versions import Version
from store.transports.deadlines import begun
from store.transports.retrying import delay_before

log = logging.getLogger(__name__)


class CdcsReleases:
    """The records of releases at one server, as one user sees them.

    Args:
        curator: The session.
    """

    def __init__(self, curator: Curator) -> None:
        self._curator = curator
        self._known: dict[str, Template] = {}

    def find(self, title: str, workspace: str, version: Version | None = None) -> list[Kept]:
        """Return the releases of a title in a workspace, one for each version.

        Args:
            title: The title.
            workspace: The workspace.
            version: Only this one, of whatever build.

        Raises:
            ReleaseRecordNotFoundError: There is no such workspace.
        """
        room = self._curator.get_workspace(workspace)
        found = self._versions(title, room, version)
        return [self._chosen(one) for one in found.values()]

    def all(self, title: str | None, workspace: str | None) -> Iterator[tuple[str, Kept]]:
        """Give every release that the user may see, with the title of its workspace.

        Args:
            title: Only those of this title.
            workspace: Only those in this workspace.

        Raises:
            ReleaseRecordNotFoundError: There is no such workspace.
        """
        rooms = self._curator.get_workspaces(workspace)
        if not rooms and workspace is not None:
            self._curator.get_workspace(workspace)  # which says what there is
        titles = {one.id: one.title for one in rooms}
        only = rooms[0] if workspace is not None and rooms else None
        grouped: dict[tuple[str, str], list[Kept]] = defaultdict(list)
        for kept in self._query(title, only):
            where = titles.get(kept.document.workspace or "")
            if where is not None:
                grouped[where, kept.title].append(kept)
        for (where, _), found in grouped.items():
            yield where, self._chosen(found)

    def publish(
        self, record: Record, workspace: str, *, allow_repeat: bool, sure: Collection[str]
    ) -> str:
        """Add a record, unless there is one of its title and version.

        Two that publish at the same time both find none, or both the same to replace; afterwards, the one
        whose document is not the first takes its own back.

        Args:
            record: The record, its blobs uploaded.
            workspace: Where it goes.
            allow_repeat: Let it stand in the place of one that is there; yanked where that is.
            sure: The ids of blobs that are known to be there; others are looked for.

        Returns:
            Its identifier.

        Raises:
            ReleaseExistsError: There is one, or another was the first to publish it again.
            RefusedError: A blob is not uploaded, or there is no template.
        """
        room = self._curator.get_workspace(workspace)
        there = self._same(record, room)
        if there and not allow_repeat:
            raise self._exists(record, workspace)
        check_blobs(self._curator, record, sure)
        before = self._chosen(there) if there else None
        made = self._added(record, room, before)
        made = self._first(record, room, made, before)
        return made.pid or f"{self._curator.host}/rest/data/{made.document.id}/"

    def mark(self, title: str, version: Version, workspace: str, reason: str | None) -> None:
        """Mark a version as yanked, or as one that is not.

        Args:
            title: The title.
            version: The version.
            workspace: Where it lies.
            reason: Why ranges are to pass it over; None takes the mark away.

        Raises:
            ReleaseRecordNotFoundError: There is none.
        """
        kept = self._standing(title, version, workspace, "has no room for a mark")
        self._curator.update_record(kept.document, respelled(kept, yanked=reason))

    def rename_blobs(self, record: Record, workspace: str) -> None:
        """Let the document of a release name other blobs of the same content.

        Args:
            record: The record, which but for the ids of blobs says what it said.
            workspace: Where it lies.

        Raises:
            ReleaseRecordNotFoundError: There is none.
            RefusedError: It was published by an older tool.
        """
        title, version = record.title_versionless, record.version
        kept = self._standing(title, version, workspace, "is what it was")
        self._curator.update_record(kept.document, renamed(kept, record))

    def _standing(self, title: str, version: Version, workspace: str, older: str) -> Kept:
        """Return a release as the server keeps it, as long as it is none of an older tool."""
        room = self._curator.get_workspace(workspace)
        found = self._versions(title, room, version._replace(build="")).get(str(version))
        if not found:
            raise ReleaseRecordNotFoundError(
                f"{self._curator.host} has no {title} {version} in the workspace {workspace!r}",
                query=f"{title} {version}",
            )
        kept = self._chosen(found)
        if kept.older:
            raise RefusedError(
                f"{kept.title} was published by an older tool, and its document {older}: publish the next"
                " version",
                limit="yank",
            )
        return kept

    def _templates(self) -> dict[str, Template]:
        """Return our template, and the older tool's, by their titles; asked for until ours is there."""
        if TEMPLATE not in self._known:
            for one in reversed(self._curator.get_templates()):
                if one.title in {TEMPLATE, OLDER}:
                    self._known[one.title] = one
        return self._known

    def _query(
        self, title: str | None, room: Workspace | None, version: Version | None = None
    ) -> Iterator[Kept]:
        for document in self._documents(title, room, version):
            try:
                kept = kept_in(document)
            except StoreError as error:
                log.warning("%s: a record is passed over: %s", self._curator.host, error)
                continue
            if title in {None, kept.title_versionless}:
                yield kept

    def _documents(
        self, title: str | None, room: Workspace | None, version: Version | None
    ) -> Iterator[DataRecord]:
        templates = self._templates()
        for name, field in ((TEMPLATE, "release.title"), (OLDER, "title")):
            if name in templates:
                query: Any = {} if title is None else {field: _pattern(title, version)}
                yield from self._curator.query(templates[name], mongoquery=query, workspace=room)

    def _versions(
        self, title: str, room: Workspace, version: Version | None = None
    ) -> dict[str, list[Kept]]:
        found: dict[str, list[Kept]] = defaultdict(list)
        for kept in self._query(title, room, version):
            found[str(kept.version)].append(kept)
        return found

    def _same(self, record: Record, room: Workspace) -> list[Kept]:
        """Return the documents of a record's title and version."""
        title, version = record.title_versionless, record.version
        return self._versions(title, room, version._replace(build="")).get(str(version), [])

    def _chosen(self, found: list[Kept]) -> Kept:
        """Return the release among the documents of one version; tell of several that were not meant."""
        chosen = standing(found)
        if len(found) > 1 and chosen.repeats is None and not chosen.older:
            log.warning(
                "%s holds %s %d times: the first is the release",
                self._curator.host,
                chosen.title,
                len(found),
            )
        return chosen

    def _added(self, record: Record, room: Workspace, before: Kept | None) -> Kept:
        """Add a document; where the connection broke, look whether it has arrived, and else send it again."""
        template = self._templates().get(TEMPLATE)
        if template is None:
            raise RefusedError(
                f"{self._curator.host} has no template {TEMPLATE!r}: call 'store release init"
                f" {self._curator.host}' as one of its staff",
                limit="template",
            )
        repeats = None if before is None else before.document.id
        yanked = None if before is None else before.yanked
        content = spelled(record, repeats=repeats, yanked=yanked)
        options = self._curator.options
        deadline = begun(options.clock, options.bounds.deadline)
        tries = 0
        while True:
            tries += 1
            try:
                document = self._curator.upload_record(
                    template, content, record.title, room, duplicatecheck=False
                )
            except TransportError as error:
                arrived = self._arrived(record, room, repeats) if error.status is None else None
                if arrived is not None:
                    return arrived
                delay = delay_before(tries, error, options.retrying, deadline)
                # A server that was silent may still be at it; one that answered has said what it thinks.
                answered = error.status is not None or isinstance(error, TimeoutError)
                if delay is None or answered:
                    raise
                options.clock.sleep(delay)
            else:
                return kept_in(document)

    def _arrived(self, record: Record, room: Workspace, before: str | None) -> Kept | None:
        found = self._same(record, room)
        same = [one for one in found if one.digest == record.identity and one.repeats == before]
        return _last(same)

    def _first(self, record: Record, room: Workspace, made: Kept, before: Kept | None) -> Kept:
        """Return the document that stands; one is taken back where another was earlier, or was sent twice."""
        rivals = [one for one in self._same(record, room) if one.number < made.number]
        if before is not None:
            rivals = [one for one in rivals if one.repeats == before.document.id]
        if not rivals:
            return made
        self._curator.delete_record(made.document)
        if before is None:
            raise self._exists(record, room.title)
        if rivals[0].digest != made.digest:
            raise ReleaseExistsError(
                f"{record.title} is not published again: another was quicker to publish it again in"
                f" {self._curator.host}; look at theirs, and publish yours under another version",
                name=record.title,
            )
        return rivals[0]

    def _exists(self, record: Record, workspace: str) -> ReleaseExistsError:
        return ReleaseExistsError(
            f"{self._curator.host} has {record.title} in the workspace {workspace!r}, and a version never"
            " changes: take another version",
            name=record.title,
        )


def _pattern(title: str, version: Version | None) -> str:
    """Return the pattern that whole titles are asked for by: of all versions, or of those that begin so.

    The whole title, since a server keeps a title that looks like a number as one. It refuses every dollar.
    """
    whole = f"{title}-v{version or ''}"
    return f"/^{re.escape(whole).replace(chr(92) + '$', '.')}/"


def _last(found: Iterable[Kept]) -> Kept | None:
    return max(found, key=lambda one: one.number, default=None)
