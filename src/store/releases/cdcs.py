"""An archive of releases on a CDCS, NIST's server of curated data."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Mapping, MutableMapping
from pathlib import Path
from typing import Any, ClassVar

from store.integrity.digest import Digest
from store.releases.cdcs_blobs import CdcsBringing
from store.releases.cdcs_files import local_file, local_files
from store.releases.cdcs_finding import admitted, listed
from store.releases.cdcs_mending import mend
from store.releases.cdcs_releases import CdcsReleases
from store.releases.cdcs_template import create_template
from store.releases.curator import Curator
from store.releases.datasets import check_leads
from store.releases.hashing import CHUNK
from store.releases.holding import refuse_taken
from store.releases.logins import get_credentials
from store.releases.names import DEFAULT_WORKSPACE, check_title, check_workspace
from store.releases.receiving import receive_blob
from store.releases.records import Record
from store.releases.selecting import SelectingArchive
from store.releases.transfer import counting, following
from store.releases.usable import Candidate
from store.releases.values import Listed, Naming, Uploaded, naming_of, workspace_of
from store.releases.versions import Choice, Version
from store.transports.base import TransferOptions

log = logging.getLogger(__name__)


class CDCSArchive(SelectingArchive):
    """Releases on a CDCS: each a record, and blobs that lie beside it in its workspace.

    The server takes a second record of the same title and version without a word; that is found here: the
    first is the release, and a second is published only with ``allow_repeat``.

    Args:
        host: The server's address, ``https://host``.
        user: The user's name; None with a password that is a token, with a certificate, or for nobody.
        password: The password; None looks where `get_credentials` does, if there is a user.
        certificate: The path of a client's certificate (PEM) to log in with.
        key: The path of its key, where it lies by itself.
        ca_file: The path of the certificates to trust at this server (PEM).
        options: How bytes are to be moved.

    Attributes:
        host: The server's address.
        user: The user's name, or None.
        curator: The session at the server.
    """

    supports_repeat_releases: ClassVar[bool] = True
    marks_versions: ClassVar[bool] = True

    def __init__(
        self,
        host: str,
        user: str | None = None,
        password: str | None = None,
        *,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
        ca_file: str | Path | None = None,
        options: TransferOptions | None = None,
    ) -> None:
        if password is None and certificate is None and user is not None:
            user, password = get_credentials(host, user)
        self.curator = Curator(
            host,
            user or None,
            password,
            certificate=certificate,
            key=key,
            ca_file=ca_file,
            options=options,
        )
        super().__init__(self.curator.host, user or None)
        self._releases = CdcsReleases(self.curator)
        self._bringing = CdcsBringing(self.curator)
        self._told: tuple[Mapping[str, Any], dict[str, Digest | None]] | None = None

    def initialise(self) -> bool:
        """Create what releases need at the server, where it is missing: their template, and its identifiers.

        Returns:
            Whether there was anything to create.

        Raises:
            CredentialsError: The user may not: a server's staff may.
        """
        return create_template(self.curator)

    def _candidates(
        self, title_versionless: str, choice: Choice, workspace: str
    ) -> list[Candidate]:
        return admitted(self._releases, title_versionless, choice, workspace)

    def download_blob(  # noqa: PLR0917 - the page's order
        self,
        blob_pid: str,
        target_file: str | Path,
        update_dict: MutableMapping[str, Any] | None = None,
        expected_size: int | None = None,
        release_record: Mapping[str, Any] | None = None,
        workspace: str = DEFAULT_WORKSPACE,  # noqa: ARG002 - a PID says all
        chunk_size: int = CHUNK,  # noqa: ARG002 - as the page has it
    ) -> None:
        """Bring one blob to a file, held against its size and digest while it streams; see the base.

        The identifier says all, whatever host has minted it; workspace and chunk are not looked at.
        """
        digest = self._digest_of(blob_pid, release_record)
        with following(update_dict) as update:
            receive_blob(
                self.curator,
                blob_pid,
                Path(target_file),
                update,
                size=expected_size,
                digest=digest,
            )

    def process_and_upload_blob(  # type: ignore[override] # noqa: PLR0917 - the page's order
        self,
        posix_rel_path: str | Path,
        working_dir: str | Path,
        release_title: str,
        release_title_versionless: str,
        workspace_title: str = DEFAULT_WORKSPACE,
        chunk_size: int = CHUNK,
        verbose: bool = False,  # noqa: FBT001, FBT002 - as the page has it
    ) -> tuple[str, int]:
        """Upload one file; one that the user has there already is not moved; see the base.

        Returns:
            The blob's identifier, and its bytes.
        """
        naming = naming_of(release_title_versionless, release_title, workspace_title)
        path = Path(posix_rel_path).as_posix()
        sent = self.upload_blob(Path(working_dir), naming, {}, path=path, chunk_size=chunk_size)
        if verbose:
            log.info("%s is %s", path, sent.pid)
        return sent.pid, sent.size

    def upload_blob(
        self,
        source: Path,
        naming: Naming,
        update: MutableMapping[str, Any],
        *,
        path: str,
        chunk_size: int = CHUNK,  # noqa: ARG002 - the transport's own
    ) -> Uploaded:
        """Upload one file: read once to know it, and once more only where the server does not have it."""
        blobs = self._bringing.blobs(naming.title_versionless, naming.workspace)
        local = local_file(source, path, blobs.read)
        return Uploaded(blobs.bring(local, counting(update)), local.size, local.sha256)

    def upload_blobs_and_update_mapping(  # noqa: PLR0917 - the page's order
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
        """Upload the files of a mapping, having asked once for many which are there; see the base."""
        with contextlib.ExitStack() as stack:
            if not no_blobs:
                source = Path(project_directory)
                files = local_files(source, project_mapping, show)
                knowing = self._bringing.knowing(release_title_versionless, workspace, files)
                stack.enter_context(knowing)
            super().upload_blobs_and_update_mapping(
                release_title,
                release_title_versionless,
                workspace,
                project_mapping,
                project_directory,
                max_threads,
                chunk_size,
                no_blobs,
                show=show,
            )

    def upload_release_record(
        self,
        release_record: Mapping[str, Any],
        workspace: str | None = None,
        *,
        workspace_title: str | None = None,
        allow_repeat: bool = False,
    ) -> str:
        """Publish a release whose blobs are uploaded.

        Args:
            release_record: The record, as plain data.
            workspace: Where it goes; the global one where neither this nor the next is given.
            workspace_title: The same by its other name.
            allow_repeat: Publish it in the place of one of that title and version.

        Returns:
            The identifier that the server has minted; where it mints none, the record's address there.

        Raises:
            ReleaseExistsError: There is one of that title and version.
            RefusedError: A blob is not uploaded, or the server has no template: see `initialise`.
            StoreError: The server fails.
        """
        wanted = check_workspace(workspace_of(workspace, workspace_title))
        record = Record.from_data(release_record)
        check_leads(record)
        refuse_taken(record)
        sure = self._bringing.sure
        return self._releases.publish(record, wanted, allow_repeat=allow_repeat, sure=sure)

    def mend_blobs(
        self, record: Record, workspace: str, source: Path, paths: Collection[str]
    ) -> None:
        """Send files anew, and let the record's document name the new blobs; see the base."""
        mend(self._bringing, self._releases, record, workspace, source=source, paths=paths)

    def list_releases(
        self,
        title_versionless: str | None = None,
        *,
        workspace: str | None = None,
        details: bool = False,
    ) -> list[Listed]:
        """Return what there is that the user may see, in order of workspace, title and version.

        Args:
            title_versionless: Only releases of this title.
            workspace: Only releases in this workspace.
            details: Tell files, size and digest, too.

        Raises:
            ReleaseRecordNotFoundError: There is no such workspace.
        """
        lines = [
            listed(title, one, details=details)
            for title, one in self._releases.all(title_versionless, workspace)
        ]
        return sorted(lines, key=lambda one: (one.workspace, one.title, one.version))

    def yank(
        self,
        title_versionless: str,
        version: Version | str,
        *,
        workspace: str = DEFAULT_WORKSPACE,
        reason: str = "",
        undo: bool = False,
    ) -> None:
        """Let ranges pass a version over; see the base. Whoever may write the record may."""
        number = version if isinstance(version, Version) else Version.parse(version)
        self._releases.mark(
            check_title(title_versionless), number, workspace, None if undo else reason
        )

    def _digest_of(self, pid: str, record: Mapping[str, Any] | None) -> Digest | None:
        """Return what a record says of a blob; the same record is asked for each of its blobs."""
        if not record:
            return None
        told = self._told
        if told is None or told[0] is not record:
            blobs = Record.from_data(record).blobs
            told = (record, {one.pid: one.digest for one in blobs if one.pid})
            self._told = told
        return told[1].get(pid)
