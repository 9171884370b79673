"""The store of objects: one in a bucket of s3, gs or az."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from store.addresses import public
from store.backends.http_store import HTTPStore
from store.backends.known import KnownResource
from store.backends.queries import DIGEST_KEYS, check_keys, text_of
from store.errors import DigestError, OfflineError, QueryError, UnverifiedError
from store.files.names import safe_name
from store.integrity.digest import SIZES, Digest

if TYPE_CHECKING:
    # A hit makes none of these: to import attrs takes a sixth of a warm fetch.
    from store.backends.http_resources import HTTPResource, UnverifiedHTTPResource

_PLACE: Final = frozenset({"bucket", "key", "version", "connection"})
"""The keys that name an object in place of its address."""


def locate(text: str) -> Mapping[str, Any]:
    """Return the query that follows ``bucket:`` in a locator: ``NAME/key``, or ``key=value`` pairs."""
    from urllib.parse import parse_qsl

    if text.partition("=")[0] in BucketStore.query_keys:
        return dict(parse_qsl(text, keep_blank_values=True))
    return {"url": f"bucket://{text}"}


class BucketStore(HTTPStore):
    """Fetches objects.

    A query has ``url`` (``s3://bucket/key``, ``gs://…``, ``az://…``, each perhaps with ``?versionId=…``, or
    ``bucket:NAME/key`` for a connection of the settings); or ``bucket`` and ``key``, and perhaps
    ``version`` and the name of a ``connection``. ``digest``, ``digests`` or an algorithm's own name pin the
    content; without them the SHA-256 that stands in the object's metadata (``store-sha256``) does. Where
    that is missing, too, ``allow_unverified`` must be true, as for the driver ``http``. ``size`` (bytes) and
    ``filename`` are optional.

    Args:
        store_configuration: A mapping with ``allow_unverified`` and ``allow_weak``, both false by default;
            or None. How stores are reached is told in ``[connection.NAME]``, not here.
        cache_backend: The cache to be asked first.

    Raises:
        ConfigurationError: A key is unknown, or a value no flag.
    """

    name = "bucket"
    query_keys: ClassVar[frozenset[str]] = (
        DIGEST_KEYS | SIZES.keys() | _PLACE | {"url", "size", "filename", "allow_unverified"}
    )

    def get_resource_metadata(
        self, query: Mapping[str, Any]
    ) -> HTTPResource | UnverifiedHTTPResource:
        """Return what the query says, and of an object without a digest what its metadata says.

        Raises:
            QueryError: A key is missing, unknown or malformed.
            DigestError: A digest is malformed, or only weak ones are given.
            UnverifiedError: Neither query nor metadata has a digest, and none was waived.
            StoreError: What the store of an unpinned object said.
        """
        told = self._spelled(query)
        try:
            return super().get_resource_metadata(told)
        except UnverifiedError:
            found = self._recorded(told)
            if found is None:
                raise
            return self._whole(found)

    def resource_in(self, query: Mapping[str, Any]) -> KnownResource | None:
        """Return what a query with a digest says; None where the store must be asked."""
        try:
            return super().resource_in(self._spelled(query))
        except UnverifiedError:
            return None

    def _spelled(self, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a query with the object's address in place of its parts."""
        check_keys(query, self.query_keys, self.name)
        if not _PLACE & query.keys():
            url = query.get("url")
            if isinstance(url, str) and url[:7].lower() == "bucket:" and url[7:9] != "//":
                return {**query, "url": f"bucket://{url[7:]}"}
            return query
        from store.transports.objects.addresses import ObjectAddress

        rest = {key: value for key, value in query.items() if key not in _PLACE}
        bucket, key, version, connection = (
            text_of(query, one) for one in ("bucket", "key", "version", "connection")
        )
        if key is None or (bucket is None and connection is None) or "url" in query:
            raise QueryError(
                "the driver bucket needs a 'url', or 'key' with 'bucket' or 'connection'",
                known=tuple(sorted(self.query_keys)),
            )
        if connection is None:
            return {**rest, "url": str(ObjectAddress("s3", bucket or "", key, version))}
        whole = key if bucket is None else f"{bucket}/{key}"
        return {**rest, "url": str(ObjectAddress("bucket", connection, whole, version))}

    def _recorded(self, query: Mapping[str, Any]) -> KnownResource | None:
        """Return the object as the digest in its metadata knows it, or None without one."""
        from urllib.parse import urldefrag

        from store.transports.objects.base import DIGEST_KEY
        from store.transports.objects.opening import locate as place_of
        from store.transports.objects.opening import open_objects

        url = urldefrag(str(query["url"]))[0]
        try:
            place, _ = place_of(url, self.options)
            meta = open_objects(url, self.options).head(place.key, version=place.version)
        except OfflineError as error:
            raise OfflineError(
                f"{public(url)} has no digest, so that its store is asked each time, and the network is not"
                " to be used: pin it with #sha256=<digest> to have it offline",
                missing=error.missing,
            ) from error
        told = (meta.metadata or {}).get(DIGEST_KEY)
        if told is None:
            return None
        try:
            digests = (Digest.parse(f"sha256:{told}"),)
        except DigestError:
            return None
        size, filename = query.get("size"), query.get("filename")
        return KnownResource(
            digests=digests,
            size=meta.size if size is None else int(size),
            filename=filename or safe_name(place.key.rpartition("/")[2], "") or None,
            urls=(url,),
            makes=self._whole,
        )
