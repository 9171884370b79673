"""Every error that ``store`` raises, in one tree.

Each carries its data as attributes and the exit status that the command line ends with::

    StoreError (e3.error.E3Error)                             1
    ├── ConfigurationError (ValueError)                       2   a setting is unknown or malformed
    ├── QueryError (ValueError)                               2   a query lacks or has too much
    │   ├── LocatorError                                      2   a locator cannot be read
    │   └── DigestError                                       2   a digest is malformed or too weak
    ├── UnknownNameError (LookupError)                        2   no driver, cache, … of that name
    ├── PluginConflictError                                   2   two plugins bring one name
    ├── PluginError                                           1   a plugin cannot be loaded
    ├── ResourceNotFoundError (LookupError)                   3   the store does not have it
    │   ├── MissingKeyError (KeyError)                        3   a bucket has no such key; a ValueError too
    │   └── ReleaseRecordNotFoundError                        3   an archive has no such release
    ├── IntegrityError                                        4   the content is not what was pinned
    ├── DriftError                                            4   what was relied on has changed since
    ├── ArchiveError                                          4   damaged, or no archive at all
    ├── RefusedError                                          5   a safety limit says no
    │   ├── UnverifiedError                                   5   no digest, and none was waived
    │   ├── UnsafeNameError (ValueError)                      5   a name would lead elsewhere
    │   ├── UnsafeArchiveError                                5   an archive's member, or its size, is refused
    │   ├── TooLargeError                                     5   more bytes than max_size
    │   ├── ReleaseExistsError                                5   a release is never written twice
    │   └── StatusError                                       5   an item may not move so
    ├── OfflineError                                          6   not cached, and offline
    ├── CredentialsError                                      7   401, 403
    ├── TransportError                                        8   the bytes could not be moved
    │   ├── TransportTimeoutError (TimeoutError)              8   no answer, stalled, or out of time
    │   ├── TruncatedError                                    8   shorter or longer than announced
    │   ├── RedirectError                                     8   a redirect that is not followed
    │   └── RateLimitedError                                  8   told to come back later
    ├── LockTimeoutError (TimeoutError)                       9   another holds the lock
    └── StorageError (OSError)                                10  disk full, no permission, …
        ├── CacheError                                        10  the cache itself cannot be used
        └── RegistryError                                     10  the registry itself cannot be used

``store.transports.http.HTTPRequestError`` is a `TransportError` and a ``requests`` error at once; it
lives where requests may be imported.
"""

from __future__ import annotations

from typing import Any, ClassVar

from store.carried import CarriedError


class StoreError(CarriedError):
    """Anything that goes wrong in ``store``.

    Args:
        message: What happened, to what, and the next step.
        origin: Who says so (e3-core's second argument).
        data: Values for the attributes that the class declares.

    Attributes:
        attempts: Every attempt that was made, for an error that ends several.
        exit_status: What the command line exits with.
    """

    exit_status: ClassVar[int] = 1
    attempts: tuple[Any, ...] = ()


class ConfigurationError(StoreError, ValueError):
    """A setting is unknown or malformed."""

    exit_status = 2
    path: str | None = None
    """The file it stands in, or None."""
    line: int | None = None
    """Its line there, counted from 1, or None."""
    key: str | None = None
    """The setting's key, or the name of its variable."""
    known: tuple[str, ...] = ()


class QueryError(StoreError, ValueError):
    """A query lacks a key, has an unknown one, or one of its values cannot be read."""

    exit_status = 2
    query: Any = None
    known: tuple[str, ...] = ()
    """The keys that the driver understands."""


class LocatorError(QueryError):
    """A locator cannot be read."""


class DigestError(QueryError):
    """A digest is malformed, of an unknown algorithm, or of one too weak to be trusted."""

    digest: str | None = None


class UnknownNameError(StoreError, LookupError):
    """Nothing of that name is registered."""

    exit_status = 2
    kind: str = ""
    """What was looked for: ``driver``, ``cache``, ``transport``, …"""
    name: str = ""
    known: tuple[str, ...] = ()


class PluginConflictError(StoreError):
    """Two plugins bring the same name."""

    exit_status = 2
    kind: str = ""
    name: str = ""
    plugins: tuple[str, ...] = ()


class PluginError(StoreError):
    """A plugin cannot be loaded, or what it brings cannot be made."""

    plugin: str = ""


class ResourceNotFoundError(StoreError, LookupError):
    """The store does not have what the query names."""

    exit_status = 3
    query: Any = None
    url: str | None = None
    status: int | None = None


class MissingKeyError(ResourceNotFoundError, KeyError, ValueError):
    """A bucket holds nothing under that key, or an archive that is opened nothing of that name."""

    key: str | None = None


class ReleaseRecordNotFoundError(ResourceNotFoundError):
    """An archive holds no release of that title, or none that the expressions admit."""


class DriftError(StoreError):
    """What was read, planned or recorded earlier has been changed by another since."""

    exit_status = 4
    name: str | None = None
    """What changed: a key, a path, a version."""
    expected: str | None = None
    found: str | None = None


class IntegrityError(StoreError):
    """A file's content is not what was pinned."""

    exit_status = 4
    path: str | None = None
    url: str | None = None
    """The address it came from, without secrets, or None."""
    expected: str | None = None
    """The digest that was pinned, as ``algorithm:hex``; or the size."""
    found: str | None = None
    """The digest that the content has; or its size."""
    size: int | None = None
    """The size of what was found, in bytes."""


class ArchiveError(StoreError):
    """A file cannot be unpacked: damaged, perhaps at its source, or no archive that is understood."""

    exit_status = 4
    archive: str | None = None
    member: str | None = None
    """The member at which it was noticed, as the archive spells it, or None."""


class RefusedError(StoreError):
    """A safety limit says no."""

    exit_status = 5
    limit: Any = None
    url: str | None = None


class UnverifiedError(RefusedError):
    """Nothing says what the content should be, and the caller did not waive that."""


class UnsafeNameError(RefusedError, ValueError):
    """A name would lead outside the directory that was chosen for it."""

    name: str = ""


class UnsafeArchiveError(RefusedError):
    """An archive holds what is not unpacked, or more than the limits allow; ``limit`` says which."""

    archive: str | None = None
    member: str | None = None
    """The member that is refused, as the archive spells it, or None."""


class TooLargeError(RefusedError):
    """A body is larger than ``max_size``."""

    size: int | None = None
    """The announced or counted size, in bytes."""


class ReleaseExistsError(RefusedError):
    """A release of that title and version is in the archive, and a version never changes."""

    name: str | None = None


class StatusError(RefusedError):
    """An item may not move from the status it has to the one that was asked for."""

    item: str | None = None
    """The item's version id."""
    current: str | None = None
    """The name of the status it has, or None where it is gone."""
    wanted: str | None = None
    """The name of the status that was asked for."""


class OfflineError(StoreError):
    """What was asked for is not on this machine, and the network was not to be used."""

    exit_status = 6
    missing: tuple[str, ...] = ()
    """The locators, addresses or uids that are missing."""


class CredentialsError(StoreError):
    """The server wants credentials, or does not accept the ones it was given."""

    exit_status = 7
    url: str | None = None
    status: int | None = None


class TransportError(StoreError):
    """The bytes could not be moved."""

    exit_status = 8
    url: str | None = None
    """The address, without secrets."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds that the server asked to wait, or None."""


class TransportTimeoutError(TransportError, TimeoutError):
    """No answer in time, no progress, or the deadline has passed."""


class TruncatedError(TransportError):
    """A body was shorter or longer than announced."""

    expected: int | None = None
    found: int | None = None


class RedirectError(TransportError):
    """A redirect that must not be followed: a loop, too many, or to a worse place."""


class RateLimitedError(TransportError):
    """The server says to come back later than the deadline allows; see ``retry_after``."""


class LockTimeoutError(StoreError, TimeoutError):
    """Another process holds a lock for longer than we were to wait."""

    exit_status = 9
    path: str | None = None
    holder: str | None = None
    """Who holds it, as far as it says."""


class StorageError(StoreError, OSError):
    """The disk is full, read-only or forbidden, or failed."""

    exit_status = 10
    path: str | None = None
    needed: int | None = None
    """Bytes that were needed, where that is known."""
    free: int | None = None


class CacheError(StorageError):
    """The cache itself cannot be used; what needs no cache may go on."""


class RegistryError(StorageError):
    """The registry itself cannot be used: it is newer than we are, gone, or on a full disk."""

    missing: bool = False
    """Whether there is none at all where it was looked for."""
