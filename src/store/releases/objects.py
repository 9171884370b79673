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
)
from store.files.failures import storage_errors
from store.integrity.hashing import hash_file
from store.integrity.stamp import Stamp
from store.releases.hashing import CHUNK
from store.releases.laid_out import LaidOutArchive, T
from store.releases.layout import MARKER, OURS, blob_name, shelf_of, version_in, yank_name
from store.releases.mapping import Blob
from store.releases.names import DEFAULT_WORKSPACE, check_title, check_workspace
from store.releases.objects_bringing import bring_object, put_anew
from store.releases.records import Record
from store.releases.sources import file_in
from store.releases.transfer import counting, following
from store.releases.values import Naming, Uploaded
from store.releases.versions import Version
from store.transports.objects.base import DIGEST_KEY, Absent, ObjectClient

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
            StoreError: The store refuses.
        """
        begin = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
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
        target: Path,
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
            target,
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
        file = Path(file_in(source, path))
        shelf = shelf_of(naming.workspace, naming.title_versionless)
        with storage_errors(file):
            before = Stamp.of(file.lstat())
            hashed = hash_file(file, ["sha256"])
        sha256 = hashed.digests()[0].hex
        key = f"{self._prefix}{shelf}/{blob_name(sha256)}"
        counted = counting(update)
        if not self._has(key, hashed.size, sha256):
            self._client.put(key, file, metadata={DIGEST_KEY: sha256}, counted=counted)
            with storage_errors(file):
                if Stamp.of(file.lstat()) != before:
                    self._client.delete([key])
                    raise DriftError(
                        f"{file} was changed while it was published: publish it when it is at rest",
                        name=str(file),
                        expected=sha256,
                    )
        update["size"] = hashed.size
        return Uploaded(sha256, hashed.size, sha256)

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

    def _has(self, key: str, size: int, sha256: str) -> bool:
        try:
            meta = self._client.head(key)
        except MissingKeyError:
            return False
        return meta.size == size and (meta.metadata or {}).get(DIGEST_KEY) == sha256

    def _shelves(self, workspace: str | None, title: str | None) -> Iterator[tuple[str, str]]:
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
                if len(parts) < 3 or parts[0].startswith("."):  # noqa: PLR2004 - workspace, title, name
                    continue
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
        prefix = f"{shelf_of(workspace, title)}/{OURS}/yanked/"
        found = {}
        for meta in self._client.list(self._prefix + prefix):
            name = meta.key.removeprefix(self._prefix + prefix)
            version = version_in(f"-v{name}.yml", "")
            if version is not None:
                found[version] = (self._read(prefix + name) or b"").decode(errors="replace")
        return found

    def _read(self, name: str) -> bytes | None:
        try:
            with self._client.get(self._prefix + name) as body:
                data = bytearray(body.meta.size)
                view, filled = memoryview(data), 0
                while filled < len(data) and (count := body.readinto(view[filled:])):
                    filled += count
        except MissingKeyError:
            return None
        return bytes(data[:filled])

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
            self._client.put(key, reason.encode())
