"""Files of a registry in a bucket, with copies of what is used here."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from store.errors import IntegrityError, MissingKeyError, ResourceNotFoundError
from store.files.atomic import discard, make_directories, rename, writing
from store.files.unfinished import partial_name
from store.registry.places import Named, Places, named_of
from store.registry.publishing import seal
from store.registry.records import Entry
from store.transports.objects.base import DIGEST_KEY, Body, ObjectClient

log = logging.getLogger(__name__)

IS_BUCKET: Final = re.compile(r"(?:s3|gs|az)://|bucket:")
"""How the address of a bucket begins; anything else is a directory."""

_CHUNK: Final = 1 << 20
"""How much is moved at a time, in bytes."""

_FILES: Final = "files/"


class Shelved(NamedTuple):
    """An object of ours, and where its copy lies here."""

    named: Named
    size: int


class Remote:
    """The published files and sidecars of a registry, as objects under a prefix.

    Keys are those of the paths below a registry's directory:
    ``<prefix>/files/<2 hex>/<key>-<version>.<ext>``. An object is whole or not there, as its store promises;
    a copy here is verified before it gets its name.

    Args:
        objects: The bucket.
        prefix: What the keys begin with; an empty text for nothing.
        places: Where the copies lie.
    """

    def __init__(self, objects: ObjectClient, prefix: str, places: Places) -> None:
        self._objects = objects
        self._prefix = f"{prefix.strip('/')}/".lstrip("/")
        self._places = places

    def upload(self, path: str, digest: str | None = None) -> None:
        """Put a file that lies here into the bucket, whole or not at all.

        Raises:
            StoreError: It cannot be read, or the bucket refused.
        """
        metadata = {DIGEST_KEY: digest.partition(":")[2]} if digest else None
        self._objects.put(self._key_of(path), Path(path), metadata=metadata)

    def bring(self, entry: Entry) -> str:
        """See to it that an item's file lies here, verified, and return its path.

        Raises:
            ResourceNotFoundError: The bucket has it no more.
            IntegrityError: What it has is not what was published.
            StoreError: It cannot be read, or not be written here.
        """
        target = self._places.check(self._places.published(entry.key, entry.version, entry.ext))
        if os.path.lexists(target):
            return target
        self._download(target, entry.digest, entry.version_id)
        return target

    def remove(self, paths: Iterable[str]) -> None:
        """Remove objects, by the paths of their copies; one that is missing is no error."""
        self._objects.delete([self._key_of(path) for path in paths])

    def walk(self) -> Iterator[Shelved]:
        """Go through the objects that bear our names."""
        for one in self._objects.list(f"{self._prefix}{_FILES}"):
            path = self._places.root / one.key.removeprefix(self._prefix)
            found = named_of(path)
            shelf = path.parent
            if found is not None and shelf.parent == self._places.root / _FILES[:-1]:
                yield Shelved(found, one.size)

    def bring_any(self, path: str) -> None:
        """Bring a file or sidecar here anew, whatever a registry says of it.

        Raises:
            StoreError: It cannot be read, or not be written here.
        """
        discard(self._places.check(path))
        self._download(path, None, os.path.basename(path))  # noqa: PTH119 - text

    def close(self) -> None:
        """Close what is open; it may be used again."""
        self._objects.close()

    def _key_of(self, path: str) -> str:
        return f"{self._prefix}{os.path.relpath(path, self._places.root)}"

    def _download(self, target: str, digest: str | None, name: str) -> None:
        self._places.make_writing()
        make_directories(os.path.dirname(target))  # noqa: PTH120 - text
        temporary = f"{self._places.writing}/{partial_name()}"
        try:
            body = self._objects.get(self._key_of(target))
        except MissingKeyError as error:
            raise ResourceNotFoundError(
                f"the file of {name} is no longer in {self._objects.address}: was it removed there?",
                query=name,
            ) from error
        try:
            with body, writing(temporary) as file:
                _copy(body, file)
            self._verify(temporary, digest, name)
            rename(temporary, target)
        except BaseException:
            discard(temporary)
            raise

    def _verify(self, path: str, digest: str | None, name: str) -> None:
        found = seal(path, durable=False).digest
        if digest is not None and found != digest:
            raise IntegrityError(
                f"the file of {name} in {self._objects.address} is not what was published: it has {found},"
                f" not {digest}; put the item in anew",
                expected=digest,
                found=found,
            )


def _copy(body: Body, file: Any) -> None:  # noqa: ANN401 - a file open for writing
    buffer = memoryview(bytearray(_CHUNK))
    while count := body.readinto(buffer):
        file.write(buffer[:count])


def copies_of(address: str) -> str:
    """Return the name of the directory in which the copies of what is at an address lie."""
    return hashlib.sha256(address.encode()).hexdigest()[:32]
