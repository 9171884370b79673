"""What a store and a resource are: what every driver implements.

The base class verifies, flies single, caches and places; a driver only finds and moves bytes.
"""

from __future__ import annotations

import abc
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from store.backends.delivery import obtain
from store.backends.resources import Digested, ResourceInfo, digests_of, uid_of
from store.backends.telling import label_of, tell_failed
from store.cache.backends.base import Cache
from store.errors import StoreError
from store.faces import face
from store.records import CachedResource
from store.transports.base import TransferOptions

if TYPE_CHECKING:
    from store.backends.digested import DigestedResource

__all__ = [
    "CachedResource",
    "DigestedResource",
    "ResourceInfo",
    "Store",
    "StoreError",
    "digests_of",
    "logger",
    "uid_of",
]

logger = logging.getLogger("store")

R = TypeVar("R", bound=ResourceInfo)

# What drivers inherit is loaded when the first asks for it: a hit has no need of attrs.
__getattr__, __dir__ = face(__name__, {"store.backends.digested": ("DigestedResource",)})


class Store(abc.ABC, Generic[R]):
    """Finds resources and brings them here.

    A driver implements `get_resource_metadata` and `download_resource_content`; the rest is done here.

    Args:
        store_configuration: Whatever the driver wants to be told; a mapping in the settings.
        cache_backend: The cache to be asked before anything is downloaded.

    Attributes:
        options: How bytes are to be moved; the face replaces it.
        name: The name the driver was loaded by, for provenance and messages; until then its class's.
    """

    needs_network: ClassVar[bool] = True
    """Whether `download_resource_content` is of no use offline; a driver of local files says False."""

    metadata_needs_network: ClassVar[bool] = True
    """Whether `get_resource_metadata` may open a socket; one that only reads the query says False."""

    query_keys: ClassVar[frozenset[str]] = frozenset()
    """The keys that a query may have; a locator's digests are handed to a driver with a key ``digests``."""

    path_settings: ClassVar[frozenset[str]] = frozenset()
    """The keys of the configuration that are paths: in a file a relative one counts from its directory."""

    options: TransferOptions = TransferOptions()

    name: str = ""

    def __init_subclass__(cls, **arguments: Any) -> None:  # noqa: ANN401 - whatever a base takes
        """Take no short cut around what the subclass says of its resources."""
        super().__init_subclass__(**arguments)
        if "get_resource_metadata" in cls.__dict__ and "resource_in" not in cls.__dict__:
            cls.resource_in = Store.resource_in  # type: ignore[method-assign]

    def __init__(self, store_configuration: Any, cache_backend: Cache) -> None:  # noqa: ANN401 - e3-core's signature
        self.store_configuration = store_configuration
        self.cache_backend = cache_backend
        self.name = self.name or type(self).__name__

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
        delivery = None
        if dest is not None:
            from store.backends.placing import Delivery

            delivery = Delivery(directory=dest)
        try:
            path = obtain(self, metadata, delivery).path
        except BaseException as error:
            tell_failed(
                self.options.listener, label_of(metadata), error, self.name, uid_of(metadata)
            )
            raise
        if path is None:
            tell_failed(
                self.options.listener, label_of(metadata), None, self.name, uid_of(metadata)
            )
        return path

    def resource_in(self, query: Mapping[str, Any]) -> Digested | None:
        """Return the resource where the query alone says which it is, as light as a hit needs it.

        A short cut for drivers of ours, which a subclass with a `get_resource_metadata` of its own does not
        inherit.

        Args:
            query: What names it, by the driver's own keys.

        Returns:
            What `get_resource_metadata` would return, or a `KnownResource` that will be made whole before
            the driver is to bring it; None, the default, where that must be asked.

        Raises:
            QueryError: As `get_resource_metadata`.
        """
        del query
        return None

    def asks_network(self, query: Mapping[str, Any]) -> bool:
        """Return whether to find what a query names may open a socket.

        It is what `metadata_needs_network` says, unless a driver can tell by the query. It is asked on the
        warm path and must be cheap.
        """
        del query
        return self.metadata_needs_network

    def resolution_max_age(self, query: Mapping[str, Any]) -> float | None:
        """Return how long what a query resolved to stays true, in seconds.

        A driver that returns an age promises that its `download_resource_content` takes a plain
        `DigestedResource` with ``urls`` in place of its own class.

        Returns:
            ``math.inf``: for good (an exact pin). 0: for ``metadata_max_age`` of the settings. Less: it is
            remembered for a time at which another age is told, and asked each time until then. None, the
            default: only an offline fetch may use what was remembered, of a query that asks the network.
        """
        del query
        return None

    def resolution_lasts(self, query: Mapping[str, Any], answer: R) -> bool:
        """Return whether an answer stays true as long as `resolution_max_age` says of its query.

        One that does not is remembered for an offline fetch alone.
        """
        del query, answer
        return True

    def resolution_query(self, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a query's answer is remembered by: the query, unless the settings decide a part of it.

        It is asked on the warm path and must be cheap.
        """
        return query

    def resolution_context(self) -> Mapping[str, str]:
        """Return what beside the query and the configuration decides an answer (interpreter, index…).

        It is asked on the warm path and must be cheap.
        """
        return {}

    def __repr__(self) -> str:
        """Name the driver only: a configuration may hold secrets."""
        return f"<{type(self).__module__}.{type(self).__qualname__} {self.name!r}>"
