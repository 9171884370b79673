"""What archives may give beyond the page, filled in already."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from store.errors import RefusedError
from store.releases.bringing import bring_by_page, send_by_page
from store.releases.finding import finding
from store.releases.hashing import CHUNK
from store.releases.mapping import Blob
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.records import Record
from store.releases.values import Listed, Naming, Records, Uploaded
from store.releases.versions import Expressions, Version


class Further:
    """The part of an archive that is filled in already; each method may be filled in better.

    Attributes:
        host: The archive's address.
        supports_repeat_releases: Whether a release may be published again under its version.
        marks_versions: Whether versions can be marked, so that ranges pass them over.
        most_threads: How many threads are of use at the most; None for as many as the caller likes.
    """

    host: Any
    supports_repeat_releases: ClassVar[bool] = False
    marks_versions: ClassVar[bool] = False
    most_threads: ClassVar[int | None] = None

    def __init_subclass__(cls, **named: Any) -> None:  # noqa: ANN401 - passed on
        """Let every archive's `get_release_records` order what it found, and say where that is nothing."""
        super().__init_subclass__(**named)
        name = "get_release_records"
        own = cls.__dict__.get(name)
        if own is not None and not getattr(own, "__isabstractmethod__", False):
            setattr(cls, name, finding(own))

    def newest_record(
        self,
        title_versionless: str,
        version_expressions: Expressions = None,
        workspace: str = DEFAULT_WORKSPACE,
    ) -> dict[str, Any]:
        """Return the record of the highest version that expressions admit, reading no other without need.

        Raises:
            ReleaseRecordNotFoundError: There is none.
            QueryError: An expression cannot be read.
        """
        archive: Any = self
        found: Records = archive.get_release_records(
            title_versionless=title_versionless,
            version_expressions=version_expressions,
            workspace=workspace,
        )
        return next(reversed(found.values()))

    def list_releases(
        self,
        title_versionless: str | None = None,
        *,
        workspace: str | None = None,
        details: bool = False,
    ) -> list[Listed]:
        """Return what there is, in order of workspace, title and version; reads no record without need.

        Args:
            title_versionless: Only releases of this title.
            workspace: Only releases in this workspace.
            details: Tell files, size and digest, too.

        Raises:
            RefusedError: The archive cannot list all that it has.
            ReleaseRecordNotFoundError: There is no such workspace, in an archive that makes none by itself.
        """
        from store.releases.listing import list_by_records

        return list_by_records(self, title_versionless, workspace=workspace, details=details)

    def yank(
        self,
        title_versionless: str,  # noqa: ARG002 - for archives that can
        version: Version | str,  # noqa: ARG002
        *,
        workspace: str = DEFAULT_WORKSPACE,  # noqa: ARG002
        reason: str = "",  # noqa: ARG002
        undo: bool = False,  # noqa: ARG002
    ) -> None:
        """Let ranges pass a version over; who names it exactly still gets it.

        Args:
            title_versionless: The title.
            version: The version.
            workspace: Where it lies.
            reason: Why; told in listings.
            undo: Let ranges choose it again.

        Raises:
            ReleaseRecordNotFoundError: There is no such release.
            RefusedError: The archive cannot mark versions.
        """
        raise RefusedError(
            f"{self.host} marks no versions: a {type(self).__name__} has no way to", limit="yank"
        )

    def bring_blob(
        self,
        blob: Blob,
        target: str,
        record: Record,
        update: MutableMapping[str, Any],
        *,
        workspace: str,
        mode: int,
        via: Path,
        chunk: int,
    ) -> None:
        """Put a file of a release in its place, hashed as it comes where an archive fills this in.

        As it stands it asks for `download_blob`, and reads the file again unless that has told the digest.

        Args:
            blob: The file.
            target: Where it goes, as text, since thousands do; nothing of it is there where it fails.
            record: The release that it belongs to.
            update: Is kept up to date.
            workspace: Where the release lies.
            mode: The permission bits of the file, of which the umask takes its own.
            via: A directory on the same file system for what is not finished.
            chunk: How many bytes are moved at a time.

        Raises:
            IntegrityError: It is not what it must be.
            StoreError: The archive, or the disk, fails.
        """
        bring_by_page(
            self,
            blob,
            Path(target),
            record,
            update,
            workspace=workspace,
            mode=mode,
            via=via,
            chunk=chunk,
        )

    def name_blob(self, naming: Naming, pid: str, other: str) -> bool:  # noqa: ARG002 - for archives that can
        """Let a blob be found by the id that it has in an older record, too, so that this need not change.

        Args:
            naming: For which release it was uploaded.
            pid: Its id.
            other: The older record's id of the same content.

        Returns:
            Whether it is; False where the archive takes no id but its own.

        Raises:
            StoreError: The archive fails.
        """
        return False

    def mend_blobs(
        self, record: Record, workspace: str, source: Path, paths: Collection[str]
    ) -> None:
        """Bring files of a release anew whose blobs are missing or damaged.

        Args:
            record: The release's record, as it is in the archive.
            workspace: Where it lies.
            source: A directory in which the files lie at their paths, as they were published.
            paths: The paths of those that are wrong in the archive.

        Raises:
            DriftError: A file is not what was published, or is changed while it is sent.
            RefusedError: The archive cannot.
            StoreError: The archive fails, or a file cannot be read.
        """
        from store.releases.renewing import send_anew

        send_anew(self, record, workspace, source=source, paths=paths)

    def upload_record(self, record: Record, workspace: str, **how: Any) -> str:  # noqa: ANN401 - passed on
        """Publish a release whose blobs are uploaded, by `upload_release_record`.

        Args:
            record: The record.
            workspace: Where it goes.
            how: What only some archives understand, such as ``allow_repeat``.

        Returns:
            The record's PID.

        Raises:
            ReleaseExistsError: There is one of that title and version.
            StoreError: A blob is missing, or the archive fails.
        """
        archive: Any = self
        pid: str = archive.upload_release_record(record.data, workspace=workspace, **how)
        return pid

    def threads_for(self, asked: int, sizes: Sequence[int]) -> int:
        """Return how many threads are of use.

        Args:
            asked: How many were asked for.
            sizes: The bytes of the files that are to be moved, or of some of them.
        """
        del sizes
        return asked if self.most_threads is None else min(asked, self.most_threads)

    def close(self) -> None:
        """Close what is open; the archive may be used again."""

    def upload_blob(
        self,
        source: Path,
        naming: Naming,
        update: MutableMapping[str, Any],
        *,
        path: str,
        chunk_size: int = CHUNK,
    ) -> Uploaded:
        """Upload one file, hashed as it is read where an archive fills this in.

        Args:
            source: The project's directory.
            naming: For which release.
            update: Its ``size`` is kept up to date.
            path: Where the file lies in the project, with ``/`` between components.
            chunk_size: How many bytes are moved at a time.

        Raises:
            DriftError: It was changed while it was read.
            StoreError: The file cannot be read, or the archive fails.
        """
        return send_by_page(self, source, naming, update, path=path, chunk_size=chunk_size)
