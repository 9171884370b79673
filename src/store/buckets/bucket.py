"""A bucket, with the methods that the page of the original has."""

from __future__ import annotations

import contextlib
from typing import NoReturn, Self

from store.buckets.background import JOBS, Background
from store.buckets.client import check_deletable, create_bucket, delete_bucket
from store.buckets.destinations import dest_for
from store.buckets.filling import FilledStorage
from store.buckets.meters import Meter
from store.buckets.naming import beginning_of, key_of
from store.buckets.opening import open_bucket
from store.buckets.storage import Key, LocalPath
from store.buckets.summaries import Summary
from store.buckets.transfers import get_file
from store.errors import CredentialsError, MissingKeyError, UnsafeNameError
from store.integrity.digest import Digest
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient
from store.transports.progress import Progress, several


class Bucket(FilledStorage):
    """A bucket of an object store. May be used from several threads, and as a context manager.

    What was handed to the background is waited for before the bucket is read: a caller sees its own files.
    Two are equal that are of one name at one server. A bucket cannot be pickled: another process opens it.

    Args:
        connection: How the store is reached: a `store.transports.objects.connection.Connection`, the name of
            one in the settings, a store of obstore's, or a client of ours; None takes environment and files.
        name: The bucket's name.
        create: Make it where it is missing.
        options: How bytes are moved; None takes the settings'.
        jobs: How many files are moved at once.
        sha1: Keep the SHA-1 of what is uploaded with it too (metadata ``sha1sum``).

    Raises:
        ResourceNotFoundError: It is missing and not to be made; by the first call that asks for it.
        StoreError: It cannot be opened or made: see `store.buckets.client.create_bucket`.
    """

    def __init__(
        self,
        connection: object,
        name: str,
        create: bool = True,  # noqa: FBT001, FBT002 - the page's signature
        *,
        options: TransferOptions | None = None,
        jobs: int = JOBS,
        sha1: bool = False,
    ) -> None:
        self._opened = open_bucket(connection, name, options)
        self._jobs = jobs
        self._sha1 = sha1
        self._background = Background(jobs)
        self._seen = create
        if create:
            create_bucket(self.client, options=self.options)

    @property
    def client(self) -> ObjectClient:
        """The bucket's objects, for what has no method here."""
        return self._opened.client

    @property
    def options(self) -> TransferOptions:
        """How bytes are moved."""
        return self._opened.options

    @property
    def uuid(self) -> str:
        """The bucket's identifier: its name."""
        return self._opened.name

    @property
    def description(self) -> str:
        """The bucket's identifier: its name."""
        return self._opened.name

    def list_files(self) -> list[Summary]:
        """Return what is known of every object, in order of keys."""
        return self.directory()

    def directory(self, directory: Key = "") -> list[Summary]:
        """Return what is known of the objects whose keys begin with a text, in order of keys.

        Args:
            directory: The beginning, as text: ``data`` also finds ``data2/x``, and ``data/`` does not; of a
                path what is below it.

        Raises:
            ResourceNotFoundError: There is no such bucket.
        """
        self.flush()
        return [Summary.of(one, self.uuid) for one in self.client.list(beginning_of(directory))]

    def has_file(self, remote: Key) -> bool:
        """Return whether there is an object of that key.

        Raises:
            ResourceNotFoundError: There is no such bucket.
        """
        if not remote:
            return False
        self.flush()
        try:
            self.client.head(key_of(remote))
        except MissingKeyError:  # or the whole bucket is: the answer to a HEAD does not tell
            self._make_sure()
            return False
        except UnsafeNameError:  # what cannot be a key is none
            return False
        return True

    def _make_sure(self) -> None:
        """Make sure that the bucket is there, once; who may not list it is not told."""
        if not self._seen:
            with contextlib.suppress(CredentialsError):
                self.update()
            self._seen = True

    def get_file(
        self,
        remote: Key,
        local: LocalPath | None = None,
        progress: Progress = None,
        *,
        expected: Digest | str | None = None,
        version: str | None = None,
    ) -> str:
        """Get an object into a file, verified, whole or not at all; missing directories are made.

        Args:
            remote: Its key.
            local: Where it is to lie, or a directory (one that is there, or a text with a slash at its end);
                None takes the key, below the working directory.
            progress: A callback ``(read, total, filename)``, True for a bar, or None.
            expected: What its content must be: a digest, or its text (``sha256:…``).
            version: Its version id, where an older one is wanted.

        Returns:
            The file's path.

        Raises:
            MissingKeyError: There is no such object; a ValueError and a KeyError.
            DigestError: ``expected`` is no digest.
            UnsafeNameError: The key would lead out of the directory.
            IntegrityError: The content is not what its digest says; an old file is as it was.
            RefusedError: What lies there is no regular file.
            StorageError: The file cannot be written.
        """
        self.flush()
        target = dest_for(key := key_of(remote), local)
        wanted = Digest.parse(expected) if isinstance(expected, str) else expected
        meter = Meter(progress, key)
        options = self.options._replace(listener=several(self.options.listener, meter))
        try:
            get_file(self.client, key, target, expected=wanted, version=version, options=options)
        except Exception as error:
            meter.fail(error)
            raise
        return str(target)

    def copy_file(self, source: Key, dest: Key) -> None:
        """Make a copy of an object; its bytes do not come here.

        Args:
            source: Its key.
            dest: The copy's key.

        Raises:
            MissingKeyError: There is no such object.
        """
        self.flush()
        if key_of(source) == key_of(dest):
            self.client.head(key_of(source))  # some servers refuse to copy a thing onto itself
            return
        self.client.copy(key_of(source), key_of(dest))

    def delete_file(self, remote: Key) -> None:
        """Delete an object; a missing one is no error. ``del bucket[remote]`` tells.

        Args:
            remote: Its key.
        """
        self.flush()
        self.client.delete([key_of(remote)])

    def __delitem__(self, remote: Key) -> None:
        """Delete an object.

        Raises:
            MissingKeyError: There is no such object.
        """
        self.flush()
        self.client.head(key_of(remote))
        self.delete_file(remote)

    def delete(self) -> None:
        """Delete the bucket and every object in it.

        Raises:
            ResourceNotFoundError: It is not there.
            RefusedError: It holds older versions, or the cloud does not let it be deleted from here.
            CredentialsError: The keys may not delete it.
        """
        check_deletable(self.client)
        self.flush()
        self.client.delete([one.key for one in self.client.list()])
        delete_bucket(self.client, options=self.options)

    def flush(self) -> None:
        """Return when all background uploads are complete.

        Raises:
            StoreError: What the first one that failed raised; the others have ended, too.
        """
        self._background.flush()

    def update(self, flush: bool = False) -> None:  # noqa: FBT001, FBT002 - the page's signature
        """Make sure that the bucket is there. Nothing of it is kept here that could grow old.

        Args:
            flush: Wait for background uploads first; the page's word for passing over a cache.

        Raises:
            ResourceNotFoundError: It is not there.
        """
        if flush:
            self.flush()
        next(iter(self.client.list()), None)

    def close(self) -> None:
        """Wait for background uploads, and close what is open; the bucket may be used again.

        Raises:
            StoreError: See `flush`.
        """
        try:
            self.flush()
        finally:
            self._background.close()
            self.client.close()

    def __enter__(self) -> Self:
        """Return the bucket itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Return its address, without secrets."""
        return f"Bucket({self.client.address!r})"

    def __eq__(self, other: object) -> bool:
        """Whether both are one bucket: of one name, at one server."""
        return isinstance(other, Bucket) and self._identity == other._identity

    def __hash__(self) -> int:
        """Hash the server and the name."""
        return hash(self._identity)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            f"{self!r} cannot be pickled: it holds connections, and what they log in with; open it in the"
            f" other process, with Bucket(connection, {self.uuid!r}, create=False)"
        )

    @property
    def _identity(self) -> tuple[str | int, str]:
        """What no other bucket has; where nothing names the server, a client is of its own."""
        return self.client.server or id(self.client), self.uuid
