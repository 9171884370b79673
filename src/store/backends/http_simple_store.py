"""The store of e3-core's contract: a URL and the SHA-1 of its content."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from store.addresses import public
from store.backends.base import DigestedResource, Store
from store.backends.queries import address_of
from store.errors import (
    CredentialsError,
    IntegrityError,
    QueryError,
    RefusedError,
    ResourceNotFoundError,
    TransportError,
)

log = logging.getLogger(__name__)


class HTTPSimpleStoreResourceInfo(DigestedResource):
    """A resource that is named by its URL and its SHA-1.

    SHA-1 no longer keeps an attacker from making another file of the same digest. It is accepted here
    because the contract is e3-core's; new code uses the driver ``http`` with a SHA-256. The uid is the
    bare SHA-1, so that what a cache of e3-core remembers is found again.

    Args:
        url: Where the resource is.
        sha: Its SHA-1, 40 hexadecimal digits.

    Raises:
        DigestError: It is no SHA-1.
    """

    allow_weak: ClassVar[bool] = True
    # verify() adds a line to the log and nothing else, so the digest is still the whole identity.
    digests_decide: ClassVar[bool] = True

    def __init__(self, url: str, sha: str) -> None:
        super().__init__(f"sha1:{sha}", urls=(url,))

    @property
    def url(self) -> str:
        """Where the resource is."""
        return self.urls[0]

    @property
    def sha(self) -> str:
        """Its SHA-1, in lower-case hexadecimal."""
        return self.digests[0].hex

    @property
    def uid(self) -> str:
        """The SHA-1."""
        return self.sha

    def verify(self, resource_path: str) -> bool:
        """Whether the file has the SHA-1; the log tells when it has not."""
        good = super().verify(resource_path)
        if not good:
            log.critical("wrong sha for resource %s: expected %s", resource_path, self.sha)
        return good


class HTTPSimpleStore(Store[HTTPSimpleStoreResourceInfo]):
    """Fetches a URL and holds it against a SHA-1: the contract of ``e3.store``, kept as it is.

    A query has ``url`` and ``sha``, both text. No server is asked for metadata. As in e3-core, a
    download that fails is told in the log and by None; `OfflineError` and a full or forbidden disk are
    raised all the same, since e3-core knew no such answers.

    Args:
        store_configuration: Not looked at.
        cache_backend: The cache to be asked first.
    """

    name = "http-simple-store"
    metadata_needs_network: ClassVar[bool] = False
    query_keys: ClassVar[frozenset[str]] = frozenset({"url", "sha"})

    def get_resource_metadata(self, query: Mapping[str, Any]) -> HTTPSimpleStoreResourceInfo:
        """Return what the query says; other keys are passed over, as e3-core does.

        Args:
            query: A mapping with ``url``, the address, and ``sha``, its content's SHA-1.

        Raises:
            QueryError: One of them is missing or no text, or the URL is malformed.
            DigestError: The SHA-1 is malformed.
        """
        for key in ("sha", "url"):
            if not isinstance(query.get(key), str):
                raise QueryError(
                    'missing either "sha" or "url" in query: both must be text',
                    known=("sha", "url"),
                )
        return HTTPSimpleStoreResourceInfo(address_of(query["url"]), query["sha"])

    def download_resource_content(
        self, metadata: HTTPSimpleStoreResourceInfo, dest: str
    ) -> str | None:
        """Download the URL into a directory, under the name that the URL ends with.

        Args:
            metadata: What `get_resource_metadata` returned.
            dest: A directory.

        Returns:
            The file's path; None where the server, the way or the content failed, which is logged.

        Raises:
            OfflineError: The network is not to be used.
            StorageError: The disk is full or forbidden.
            UnknownNameError: No transport opens the URL's scheme.
        """
        from store.transports.receiving import receive

        try:
            received = receive(
                metadata.url, dest, options=self.options, digests=metadata.digests, algorithms=()
            )
        except (
            CredentialsError,
            IntegrityError,
            RefusedError,
            ResourceNotFoundError,
            TransportError,
        ) as error:
            if self.options.strict:
                raise
            log.error("cannot download %s: %s", public(metadata.url), error)  # noqa: TRY400 - the message tells it all
            return None
        return str(received.path)
