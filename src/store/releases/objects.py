"""An archive of the established layout in a bucket."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

from store.errors import (
    ArchiveError,
    DriftError,
    MissingKeyError,
    ResourceNotFoundError,
    StorageError,
)
from store.releases.hashing import CHUNK
from store.releases.laid_out import LaidOutArchive, T
from store.releases.layout import MARKER, OURS, blob_name, shelf_of, version_in, yank_name
from store.releases.mapping import Blob
from store.releases.names import DEFAULT_WORKSPACE, check_title, check_workspace
from store.releases.objects_beginning import check_room
from store.releases.objects_bringing import bring_object, bytes_there, put_anew
from store.releases.objects_laying import lay_object
from store.releases.records import Record
from store.releases.shelves import reason_as_bytes
from store.releases.sources import file_in
from store.releases.spelling import MAX_BYTES
from store.releases.transfer import following
from store.releases.values import Naming, Uploaded
from store.releases.versions import Version
from store.transports.objects.base import Absent, ObjectClient

_LAST: Final = "\U0010ffff"
"""What no name in a directory comes behind."""

_FEW: Final = 20
"""Up to how many blobs are asked for one by one."""


class ObjectArchive(LaidOutArchive):
    """An archive below a prefix of a bucket: see `store.releases.layout` for the names of its objects.

    Of several who publish one version at the same time, one wins where the store honours conditions; where it
    does not, a version that is there is refused all the same, and only a true race may be lost.

    Args:
        client: The bucket's objects.
        prefix: What the archive's names begin with; an empty text for the whole bucket.
        user: Kept as it is.

    Raises:
        ArchiveError: There is no archive: it has no marker.
    """

    def __init__(self, client: ObjectClient, prefix: str = "", user: str | None = None) -> None:
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        super().__init__(f"{client.address}/{self._prefix}".rstrip("/"), user)
        self._client = client
        try:
            client.head(self._prefix + MARKER)
        except MissingKeyError as error:
            raise ArchiveError(
                f"{self.host} is no archive: it has no {MARKER}; make it one with 'store release init"
                f" {self.host}'",
                archive=str(self.host),
            ) from error

    @classmethod
    def create(
        cls, client: ObjectClient, prefix: str = "", user: str | None = None
    ) -> ObjectArchive:
        """Begin an archive below a prefix, where there is none, and open it.

        Raises:
            ArchiveError: Other things lie there: an archive is not begun among them.
            RefusedError: It would lie in an archive.
            StoreError: The store refuses.
        """
        begin = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        check_room(client, begin)
        with contextlib.suppress(DriftError):
            client.put(begin + MARKER, b"", condition=Absent())
        return cls(client, prefix, user)

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
        """Bring one blob to a file: see `ArchiveInterface`.

        Raises:
            ResourceNotFoundError: The record, which tells where the blob lies, is missing.
        """
        title = None if release_record is None else release_record.get("title_versionless")
        if title is None:
            raise ResourceNotFoundError(
                f"{self.host}: which release has the blob {blob_pid}? give its record"
            )
        target = Path(target_file)
        with following(update_dict) as update:
            bring_object(
                self._client,
                f"{self._prefix}{shelf_of(workspace, title)}/{blob_name(blob_pid)}",
                target,
                target.parent,
                update,
                digest=Blob("", blob_pid).digest,
                size=expected_size,
                chunk=chunk_size,
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
        """Put a file of a release in its place: see `Further.bring_blob`."""
        shelf = shelf_of(workspace, record.title_versionless)
        bring_object(
            self._client,
            f"{self._prefix}{shelf}/{blob_name(blob.pid or '')}",
            Path(target),
            via,
            update,
            digest=blob.digest,
            size=blob.size,
            mode=mode,
            chunk=chunk,
        )

    def upload_blob(
        self,
        source: Path,
        naming: Naming,
        update: MutableMapping[str, Any],
        *,
        path: str,
        chunk_size: int = CHUNK,  # noqa: ARG002 - the client knows its own parts
    ) -> Uploaded:
        """Make one file a blob, unless one of that digest and size is there: see `Further.upload_blob`."""
        shelf = f"{self._prefix}{shelf_of(naming.workspace, naming.title_versionless)}"
        return lay_object(self._client, shelf, Path(file_in(source, path)), update)

    def mend_blobs(
        self, record: Record, workspace: str, source: Path, paths: Collection[str]
    ) -> None:
        """Write blobs anew, whatever their metadata say: see `Further.mend_blobs`."""
        shelf = f"{self._prefix}{shelf_of(workspace, record.title_versionless)}"
        for blob in record.blobs:
            if blob.path in paths:
                file = Path(file_in(source, blob.path))
                put_anew(self._client, f"{shelf}/{blob_name(blob.pid or '')}", file, blob)

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def _shelves(
        self,
        workspace: str | None,
        title: str | None,
        passed: list[StorageError] | None = None,  # noqa: ARG002 - a store shows all or nothing
    ) -> Iterator[tuple[str, str]]:
        if workspace is not None and title is not None:
            yield check_workspace(workspace), check_title(title)
            return
        seen = None
        for parts in self._names("" if workspace is None else f"{check_workspace(workspace)}/"):
            shelf = (parts[0], parts[1])
            if shelf != seen and (title is None or title == parts[1]):
                yield shelf
            seen = shelf

    def _names(self, below: str) -> Iterator[list[str]]:
        """Give the names of all that lies on shelves, blobs passed over without listing them."""
        after = None
        while True:
            for meta in self._client.list(self._prefix + below, after=after):
                parts = meta.key.removeprefix(self._prefix).split("/")
                if len(parts) < 3 or parts[0][:1] == "." or parts[1][:1] == ".":  # noqa: PLR2004
                    continue  # neither workspace, title and name, nor of anything but another tool's
                yield parts
                if parts[2] == "blobs":
                    after = f"{self._prefix}{parts[0]}/{parts[1]}/blobs/{_LAST}"
                    break
            else:
                return

    def _versions(self, workspace: str, title: str) -> Iterable[Version]:
        shelf = f"{self._prefix}{shelf_of(workspace, title)}/"
        listed = self._client.list(f"{shelf}{title}-v")
        found = (version_in(meta.key.removeprefix(shelf), title) for meta in listed)
        return [one for one in found if one is not None]

    def _yanked(self, workspace: str, title: str) -> Mapping[Version, str]:
        return {
            version: (self._read(name) or b"").decode(errors="replace")
            for version, name in self._marks(workspace, title).items()
        }

    def _marked(self, workspace: str, title: str) -> Collection[Version]:
        return self._marks(workspace, title)

    def _marks(self, workspace: str, title: str) -> dict[Version, str]:
        """Return the names of the notes that versions are yanked."""
        place = f"{shelf_of(workspace, title)}/{OURS}/yanked/"
        found = {}
        for meta in self._client.list(self._prefix + place):
            name = meta.key.removeprefix(self._prefix + place)
            version = version_in(f"-v{name}.yml", "")
            if version is not None:
                found[version] = place + name
        return found

    def _read(self, name: str) -> bytes | None:
        return bytes_there(self._client, self._prefix + name, limit=MAX_BYTES)

    def _alias(self, source: str, target: str) -> None:
        self._client.copy(self._prefix + source, self._prefix + target)

    def _settle(self, record: Record, workspace: str, meanwhile: Callable[[], T]) -> T:
        shelf = f"{self._prefix}{shelf_of(workspace, record.title_versionless)}/"
        wanted = {shelf + blob_name(one.pid or ""): one for one in record.blobs}
        if len(wanted) <= _FEW:
            sizes = {key: self._size(key) for key in wanted}
        else:
            sizes = {meta.key: meta.size for meta in self._client.list(f"{shelf}blobs/")}
        for key, blob in wanted.items():
            if sizes.get(key) is None or blob.size not in {None, sizes[key]}:
                raise ResourceNotFoundError(
                    f"{record.title} cannot be published: the content of {blob.path!r} is not in the archive;"
                    " upload its blobs first",
                    query=blob.path,
                )
        return meanwhile()

    def _size(self, key: str) -> int | None:
        try:
            return self._client.head(key).size
        except MissingKeyError:
            return None

    def _create(self, name: str, text: bytes) -> bool:
        key = self._prefix + name
        if self._size(key) is not None:
            return False
        try:
            self._client.put(key, text, condition=Absent())
        except DriftError:
            return False
        return True

    def _pid(self, name: str) -> str:
        return f"{self._client.address}/{self._prefix}{name}"

    def _mark(self, workspace: str, title: str, version: Version, reason: str | None) -> None:
        key = self._prefix + yank_name(workspace, title, version)
        if reason is None:
            self._client.delete([key])
        else:
            self._client.put(key, reason_as_bytes(reason))
