"""What a store and a resource are: the two classes that every driver implements.

The base class verifies, flies single, caches and places; a driver only finds and moves bytes.
"""

from __future__ import annotations

import abc
import logging
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from store.cache.backends.base import Cache
from store.errors import StoreError
from store.integrity.digest import Digest, Digests
from store.records import CachedResource
from store.transports.base import TransferOptions

__all__ = [
    "CachedResource",
    "DigestedResource",
    "ResourceInfo",
    "Store",
    "StoreError",
    "logger",
]

logger = logging.getLogger("store")


class ResourceInfo(abc.ABC):
    """What a store knows of a resource before it is on this machine; every driver has its own."""

    @property
    @abc.abstractmethod
    def uid(self) -> str:
        """The identity of the content: any text, the same for the same content, for ever.

        A driver of e3-core may have written it as a method; the core accepts both.
        """

    @abc.abstractmethod
    def verify(self, resource_path: str) -> bool:
        """Hold a file against the resource.

        Args:
            resource_path: The file.

        Returns:
            Whether it is the resource; False for a file that is missing or cannot be read, too.
        """


R = TypeVar("R", bound=ResourceInfo)


@attrs.frozen
class DigestedResource(ResourceInfo):
    """A resource whose digests are known: they are its uid, and it is verified by them.

    A subclass adds keyword-only fields.

    Attributes:
        digests: One digest, several, or a mapping; all of them must match. Weak ones are refused here.
        size: The size in bytes, where it is known.
        filename: What the file is called, a label, where it is known.
        urls: Where it can be had, the best first.
    """

    digests: Digests
    size: int | None = attrs.field(default=None, kw_only=True)
    filename: str | None = attrs.field(default=None, kw_only=True)
    urls: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=tuple)

    @property
    def uid(self) -> str:
        """The digests as ``algorithm:hex``, joined by ``+``, strongest first."""
        raise NotImplementedError

    def verify(self, resource_path: str) -> bool:
        """Whether the file has the size and all the digests; what was just hashed is not read again."""
        raise NotImplementedError


class Store(abc.ABC, Generic[R]):
    """Finds resources and brings them here.

    A driver implements `get_resource_metadata` and `download_resource_content`.

    Args:
        store_configuration: Whatever the driver wants to be told; a mapping in the settings.
        cache_backend: The cache to be asked before anything is downloaded. One of e3-core's is taken too.

    Attributes:
        options: How bytes are to be moved; the face replaces it.
        name: The name the driver was loaded by, for provenance and messages.
    """

    needs_network: ClassVar[bool] = True
    """Whether the store is of no use offline; a driver of local files says False."""

    query_keys: ClassVar[frozenset[str] | None] = None
    """The keys of a query that the driver understands, for messages; None where it does not say."""

    def __init__(self, store_configuration: Any, cache_backend: Cache) -> None:  # noqa: ANN401
        self.store_configuration = store_configuration
        self.cache_backend = cache_backend
        self.options = TransferOptions()
        self.name = type(self).__name__

    @abc.abstractmethod
    def get_resource_metadata(self, query: Mapping[str, Any]) -> R:
        """Find the resource that a query names.

        Args:
            query: What names it, by the driver's own keys.

        Raises:
            QueryError: The query lacks a key, has an unknown one, or a value cannot be read.
            ResourceNotFoundError: There is no such resource.
        """

    @abc.abstractmethod
    def download_resource_content(self, metadata: R, dest: str) -> str | None:
        """Move the bytes of a resource into a directory: the one gap that a driver fills.

        Args:
            metadata: What `get_resource_metadata` returned.
            dest: A private, empty directory. The file's name is the driver's choice.

        Returns:
            The file's path, or None where the driver reports failure so (the old contract; a new driver
            raises). The caller verifies it.
        """

    def download_resource(self, metadata: R, dest: str | None = None) -> str | None:
        """Bring a resource here: from the cache, else by one download among all who ask.

        Args:
            metadata: What `get_resource_metadata` returned.
            dest: A directory that gets a private, editable file (made if missing); None hands out the
                path inside the cache, read-only, with no copy.

        Returns:
            The path; None where the driver returned None or brought what does not verify (logged).

        Raises:
            StoreError: What the driver raised, or the file could not be placed.
        """
        raise NotImplementedError

    def resolution_max_age(self, query: Mapping[str, Any]) -> float | None:
        """Return how long what a query resolved to stays true, in seconds.

        ``math.inf``: for good (an exact pin). None, the default: it is not to be remembered. 0: until
        ``metadata_max_age`` of the settings.
        """
        del query
        return None

    def resolution_context(self) -> Mapping[str, str]:
        """Return what beside the query and the configuration decides an answer (interpreter, index…).

        Must be cheap: it is asked on the warm path.
        """
        return {}


def uid_of(metadata: ResourceInfo) -> str:
    """Return a resource's uid, which an old driver may have written as a method."""
    uid: Any = metadata.uid
    return uid() if callable(uid) else uid


def digests_of(metadata: ResourceInfo) -> Iterable[Digest]:
    """Return the digests that are a resource's identity, or none for a stranger with a verify of its own."""
    raise NotImplementedError
