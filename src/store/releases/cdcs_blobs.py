"""Brings the files of a release to a CDCS, each at most once."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from store.errors import IntegrityError, ResourceNotFoundError, StoreError
from store.releases.cdcs_files import Local
from store.releases.curating import Blob, Workspace
from store.releases.curator import Curator
from store.releases.names import check_title, check_workspace
from store.releases.pids import EMPTY, here
from store.transports.deadlines import begun
from store.transports.retrying import delay_before

log = logging.getLogger(__name__)

_AT_ONCE: Final = 60
"""For how many files is looked in one request: their names stand in its address."""

_TOLD: Final = 16
"""How many digits of a digest are looked for: enough to find it, few enough for an address."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,10}")
_LONGEST_TITLE: Final = 100
"""How much of a title stands in a blob's name, in characters: a server takes names of 200."""


class CdcsBlobs:
    """The blobs of one title in one workspace: what is there is not sent again.

    A blob is called ``{title}.{sha256}{suffix}``, so that a later run, and a later version, finds it. Only
    the user's own are found: a CDCS tells of no others.

    Args:
        curator: The session.
        title: The release's title, without a version.
        workspace: Where the blobs are to lie.
        sure: The ids of blobs that are known to be there; those that are brought are added.
        damaged: The ids of blobs that are not to be used.

    Attributes:
        read: The files that were read already, by their paths.
    """

    def __init__(
        self,
        curator: Curator,
        title: str,
        workspace: Workspace,
        *,
        sure: set[str],
        damaged: Iterable[str] = (),
    ) -> None:
        self._curator = curator
        self._sure = sure
        self._damaged = set(damaged)
        self._title = title[:_LONGEST_TITLE]
        self._workspace = workspace
        self.read: dict[Path, Local] = {}
        self._known: dict[str, Blob] = {}
        self._looked_for: set[str] = set()
        self._going_up: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def look_for(self, digests: Iterable[str]) -> None:
        """Find out which of many files are there already, in few requests.

        Args:
            digests: Their SHA-256 in hex.
        """
        missing = sorted(set(digests) - self._looked_for)
        for begin in range(0, len(missing), _AT_ONCE):
            some = missing[begin : begin + _AT_ONCE]
            pattern = "|".join(one[:_TOLD] for one in some)
            found = self._curator.get_blobs(pattern=rf"^{re.escape(self._title)}\.({pattern})")
            self._note(found)
            self._looked_for.update(some)

    def bring(self, local: Local, counted: Callable[[int], None]) -> str:
        """Let a file be there, and return the id of its blob.

        Args:
            local: The file.
            counted: Is told how many bytes more went up.

        Raises:
            DriftError: It was changed meanwhile.
            IntegrityError: The server keeps something else than was sent.
            StoreError: The server fails.
        """
        if local.size == 0:
            return EMPTY
        with self._alone(local.sha256):
            if local.sha256 not in self._looked_for:
                self.look_for([local.sha256])
            blob = self._known.get(local.sha256)
            if blob is None or not self._stands(blob, local):
                blob = self._sent(local, counted)
            else:
                counted(local.size)
            if blob.workspace != self._workspace.id:
                self._curator.assign_blobs(self._workspace, [blob.id])
                blob = blob._replace(workspace=self._workspace.id)
            self._known[local.sha256] = blob
            self._sure.add(self._id(blob))
        return self._id(blob)

    def _id(self, blob: Blob) -> str:
        return blob.pid or blob.handle or self._curator.blob_address(blob.id)

    def _stands(self, blob: Blob, local: Local) -> bool:
        """Whether a blob that is to be used again is there, and as long as the file; it is not moved."""
        name = self._id(blob)
        if name in self._sure:
            return True
        try:
            size = self._curator.blob_size(here(name, self._curator), about=local.size)
        except ResourceNotFoundError:
            size = -1
        if size in {None, local.size}:
            return True
        log.warning("%s has damaged %s: it is sent anew", self._curator.host, blob.filename)
        self._damaged.add(name)
        return False

    def _sent(self, local: Local, counted: Callable[[int], None]) -> Blob:
        """Send a file; what broke off is sent again, unless it has arrived after all."""
        options = self._curator.options
        deadline = begun(options.clock, options.bounds.deadline)
        suffix = _SUFFIX.fullmatch(local.path.suffix)
        name = f"{self._title}.{local.sha256}{suffix[0] if suffix else ''}"
        tries = 0
        while True:
            tries += 1
            try:
                blob = self._curator.upload_blob(
                    local.path, size=local.size, filename=name, sha256=local.sha256, counted=counted
                )
            except StoreError as error:
                delay = delay_before(tries, error, options.retrying, deadline)
                if delay is None:
                    raise
                options.clock.sleep(delay)
                self._known.pop(local.sha256, None)
                self._note(self._curator.get_blobs(name))
                arrived = self._known.get(local.sha256)
                if arrived is not None:
                    return arrived
            else:
                return self._checked(blob, local)

    def _checked(self, blob: Blob, local: Local) -> Blob:
        """Hold what the server keeps against what was sent, where it tells a SHA-256."""
        found = blob.checksum or ""
        if not _SHA256.fullmatch(found) or found == local.sha256:
            return blob
        self._curator.delete_blob(blob.id)
        raise IntegrityError(
            f"{self._curator.host} keeps something else than {local.path}, which was sent: try again",
            path=str(local.path),
            url=self._curator.host,
            expected=f"sha256:{local.sha256}",
            found=f"sha256:{found}",
        )

    def _note(self, found: Iterable[Blob]) -> None:
        """Remember which blobs may be used: those here, and those that lie nowhere yet."""
        for blob in found:
            digest = blob.filename.removeprefix(f"{self._title}.")[:64]
            if blob.workspace not in {None, self._workspace.id} or not _SHA256.fullmatch(digest):
                continue
            told = blob.checksum or ""
            if (_SHA256.fullmatch(told) and told != digest) or self._id(blob) in self._damaged:
                continue
            known = self._known.get(digest)
            if known is None or (known.workspace is None and blob.workspace is not None):
                self._known[digest] = blob  # the newest of those here: an older one may be damaged

    def _alone(self, digest: str) -> threading.Lock:
        with self._lock:
            return self._going_up.setdefault(digest, threading.Lock())


class CdcsBringing:
    """What one session brings to a server, of whatever release.

    Args:
        curator: The session.

    Attributes:
        sure: The ids of the blobs that it has brought, or found in order.
    """

    def __init__(self, curator: Curator) -> None:
        self.sure: set[str] = set()
        self._curator = curator
        self._open: dict[tuple[str, str], CdcsBlobs] = {}

    def blobs(self, title: str, workspace: str, *, damaged: Iterable[str] = ()) -> CdcsBlobs:
        """Return the blobs of a title in a workspace: those that `knowing` knows, else as yet unknown.

        Args:
            title: The title.
            workspace: The title of the workspace.
            damaged: The ids of blobs that are not to be used.

        Raises:
            ReleaseRecordNotFoundError: There is no such workspace.
        """
        found = self._open.get((title, workspace))
        if found is not None:
            return found
        room = self._curator.get_workspace(check_workspace(workspace))
        return CdcsBlobs(self._curator, check_title(title), room, sure=self.sure, damaged=damaged)

    @contextlib.contextmanager
    def knowing(self, title: str, workspace: str, files: Iterable[Local]) -> Iterator[None]:
        """Know, while the block uploads them, which files are at the server already."""
        blobs = self.blobs(title, workspace)
        blobs.read.update({one.path: one for one in files})
        blobs.look_for(one.sha256 for one in blobs.read.values() if one.size)
        self._open[title, workspace] = blobs
        try:
            yield
        finally:
            self._open.pop((title, workspace), None)
