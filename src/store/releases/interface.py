"""What every archive of releases gives."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from store.errors import QueryError
from store.releases.further import Further
from store.releases.hashing import CHUNK
from store.releases.names import DEFAULT_WORKSPACE
from store.releases.values import Records, check_threads, naming_of
from store.releases.versions import Expressions


class ArchiveInterface(Further, abc.ABC):
    """An archive of versioned releases.

    An archive of one's own fills in `get_release_records`, `download_blob`, `process_and_upload_blob` and
    `upload_release_record`; the base finds that there is none, moves many blobs at once, holds each against
    its size and digest, and puts it in its place. What `Further` has may be filled in, too.
    All may be called from several threads at once.

    Args:
        host: The archive's address.
        user: Who asks, where the archive wants to know.
        password: The user's; kept by whoever needs it, not here.

    Attributes:
        host: The archive's address.
        user: Who asks, or None.
    """

    def __init__(
        self,
        host: str | Path,
        user: str | None = None,
        password: str | None = None,  # noqa: ARG002
    ) -> None:
        self.host: Any = host
        self.user = user

    @abc.abstractmethod
    def get_release_records(
        self,
        title_versionless: str,
        version_expressions: Expressions = None,
        workspace: str = DEFAULT_WORKSPACE,
    ) -> Records:
        """Return the records of the releases that expressions admit.

        An implementation may return an empty mapping, and any order: the base sees to the rest.

        Args:
            title_versionless: The title, without a version.
            version_expressions: Which versions: see `store.releases.versions`.
            workspace: Where they are looked for.

        Returns:
            The records by ``{title}-v{version}``, from the oldest version to the newest.

        Raises:
            ReleaseRecordNotFoundError: There is none.
            QueryError: An expression cannot be read.
        """

    def download_release(  # noqa: PLR0917 - as the page has it
        self,
        record: Mapping[str, Any],
        workspace: str = DEFAULT_WORKSPACE,
        max_threads: int = 8,
        release_cache_folder: str | Path | None = None,
        download_chunk_bytes: int = CHUNK,
        progress_bar: bool = True,  # noqa: FBT001, FBT002 - as the page has it
        file_status: bool = True,  # noqa: FBT001, FBT002 - as the page has it
        *,
        allow_git: bool = False,
    ) -> None:
        """Download a release into a folder, for many readers: the files come to lie there read-only.

        Every file is held against its size and digest before it is put in its place. What lies there already,
        and is right, is not brought again: a run that was cut off is taken up by the next. The record is
        written last, as ``.rme/record.yml``: a folder without it is no whole release.

        Args:
            record: The record, as `get_release_records` gives it.
            workspace: Where it lies.
            max_threads: How many files come at once.
            release_cache_folder: Where it goes; made where it is missing. It must be named: what lies there
                may be replaced.
            download_chunk_bytes: How many bytes are moved at a time.
            progress_bar: Draw a bar on stderr.
            file_status: Name the files that are on their way beside the bar.
            allow_git: Bring what lies in a ``.git`` or ``.hg``, too, by which git or hg would run what the
                release says.

        Raises:
            RefusedError: There is something of that kind, and it was not asked for.
            QueryError: No folder is named, or no thread is to do it.
            IntegrityError: A file, or the record, is not what it was; it is not in its place.
            UnsafeNameError: A path in the record would lead elsewhere.
            StoreError: The archive, or the disk, fails.
        """
        from store.releases.downloading import Manner, download

        if release_cache_folder is None or release_cache_folder == "":
            raise QueryError(
                "download_release needs the argument 'release_cache_folder': the folder that it is to fill",
                known=("release_cache_folder",),
            )
        manner = Manner(
            threads=check_threads(max_threads),
            chunk=download_chunk_bytes,
            bar=progress_bar,
            names=file_status,
            read_only=True,
            allow_git=allow_git,
        )
        download(self, record, workspace, Path(release_cache_folder), manner)

    @abc.abstractmethod
    def download_blob(  # noqa: PLR0917 - as the page has it
        self,
        blob_pid: str,
        target_file: str | Path,
        update_dict: MutableMapping[str, Any] | None = None,
        expected_size: int | None = None,
        release_record: Mapping[str, Any] | None = None,
        workspace: str = DEFAULT_WORKSPACE,
        chunk_size: int = CHUNK,
    ) -> None:
        """Bring one blob to a file.

        Args:
            blob_pid: The blob's id.
            target_file: Where it goes; nothing is there where it fails.
            update_dict: Is kept up to date: ``size`` (bytes so far), ``finished``, ``success``, ``error``;
                see `store.releases.transfer.following`.
            expected_size: Its bytes; another size is an error.
            release_record: The record that it belongs to, which may tell its digest.
            workspace: Where the release lies.
            chunk_size: How many bytes are moved at a time.

        Raises:
            IntegrityError: It is not what it must be.
            ResourceNotFoundError: The archive does not have it.
            StoreError: The archive, or the disk, fails.
        """

    @abc.abstractmethod
    def process_and_upload_blob(  # noqa: PLR0917 - as the page has it
        self,
        posix_rel_path: str | Path,
        working_dir: str | Path,
        release_title_versionless: str,
        release_title: str,
        workspace_title: str,
        chunk_size: int = CHUNK,
        verbose: bool = False,  # noqa: FBT001, FBT002 - as the page has it
    ) -> tuple[str, int]:
        """Upload one file; one that is there already is not moved.

        Args:
            posix_rel_path: Where it lies in the project.
            working_dir: The project's directory.
            release_title_versionless: The release's title.
            release_title: Title and version.
            workspace_title: Where it goes.
            chunk_size: How many bytes are moved at a time.
            verbose: Log it.

        Returns:
            The blob's id, and its bytes.

        Raises:
            UnsafeNameError: A name is refused.
            StoreError: The file cannot be read, or the archive fails.
        """

    def upload_blobs_and_update_mapping(  # noqa: PLR0917 - as the page has it
        self,
        release_title: str,
        release_title_versionless: str,
        workspace: str,
        project_mapping: MutableMapping[str, Any],
        project_directory: str | Path,
        max_threads: int = 8,
        chunk_size: int = CHUNK,
        no_blobs: bool = False,  # noqa: FBT001, FBT002 - as the page has it
        *,
        show: Callable[[Any], object] | None = None,
    ) -> None:
        """Upload the files of a mapping, and note in it what is known only then: id, bytes, SHA-256 and mode.

        Called before `upload_release_record`. The first error is raised at once, and the rest is cancelled;
        what was uploaded is passed over by the next run.

        Args:
            release_title: Title and version.
            release_title_versionless: The title.
            workspace: Where it goes.
            project_mapping: The project mapping; changed.
            project_directory: The project's directory.
            max_threads: How many files go at once.
            chunk_size: How many bytes are moved at a time.
            no_blobs: Upload nothing (for debugging): ids become ``NONE``.
            show: Is told now and then how far it has come: a `store.releases.transfer.Standing`.

        Raises:
            StoreError: A file cannot be read, or the archive fails.
        """
        from store.releases.uploading import upload_all

        naming = naming_of(release_title_versionless, release_title, workspace)
        directory = Path(project_directory)
        upload_all(
            self,
            naming,
            project_mapping,
            directory,
            threads=check_threads(max_threads),
            chunk=chunk_size,
            no_blobs=no_blobs,
            show=show,
        )

    @abc.abstractmethod
    def upload_release_record(
        self,
        release_record: Mapping[str, Any],
        workspace: str | None = None,
        *,
        workspace_title: str | None = None,
    ) -> str:
        """Publish a release whose blobs are uploaded: from now on it is there, and never changes.

        Args:
            release_record: The record, as plain data.
            workspace: Where it goes; the usual one where neither this nor the next is given.
            workspace_title: The same by its other name.

        Returns:
            The record's PID.

        Raises:
            ReleaseExistsError: There is one of that title and version.
            StoreError: A blob is missing, or the archive fails.
        """
