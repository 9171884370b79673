"""The store of URLs: one resource at one or more, pinned by digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urldefrag

from store.addresses import label, public
from store.backends.base import Store
from store.backends.known import KnownResource
from store.backends.queries import (
    DIGEST_KEYS,
    address_of,
    check_configuration,
    check_keys,
    digests_of_query,
    filename_of,
    flag_of,
    settings_errors,
    size_of,
    texts_of,
)
from store.errors import OfflineError, QueryError, TransportError, UnverifiedError
from store.files.names import safe_name
from store.integrity.digest import SIZES, Digests, digests_from

if TYPE_CHECKING:
    # A hit makes none of these: to import attrs takes a sixth of a warm fetch.
    from store.backends.digested import DigestedResource
    from store.backends.http_resources import HTTPResource, UnverifiedHTTPResource

SETTINGS: Final = frozenset({"allow_unverified", "allow_weak"})
"""The keys of the driver's configuration."""


class HTTPStore(Store["HTTPResource | UnverifiedHTTPResource"]):
    """Fetches URLs.

    A query has ``url`` (text) or ``urls`` (the same resource at several addresses, the best first), and
    pins its content by ``digest``, ``digests`` or an algorithm's own name (``sha256``, ``sha512``, …); a
    digest may also stand in a URL's fragment (``#sha256=…``). ``size`` (bytes) and ``filename`` are
    optional. Without any digest ``allow_unverified`` must be true, here or in the configuration, and the
    server is asked once for the version it has; a server that names none is asked for the whole content
    each time.

    Any scheme that a transport opens will do.

    Args:
        store_configuration: A mapping with ``allow_unverified`` (do without digests) and ``allow_weak``
            (take MD5 and SHA-1 alone), both false by default; or None.
        cache_backend: The cache to be asked first.

    Raises:
        ConfigurationError: A key is unknown, or a value no flag.
    """

    name = "http"
    metadata_needs_network: ClassVar[bool] = False
    """A pinned URL needs no server to be known; an unpinned one raises `OfflineError` by itself."""

    query_keys: ClassVar[frozenset[str]] = (
        DIGEST_KEYS
        | SIZES.keys()
        | {
            "url",
            "urls",
            "size",
            "filename",
            "allow_unverified",
        }
    )

    def __init__(self, store_configuration: Any, cache_backend: Any) -> None:  # noqa: ANN401 - as the base
        super().__init__(store_configuration, cache_backend)
        settings = check_configuration(store_configuration, SETTINGS, "http")
        with settings_errors("http", "allow_unverified"):
            self._allow_unverified = bool(flag_of(settings, "allow_unverified"))
        with settings_errors("http", "allow_weak"):
            self._allow_weak = bool(flag_of(settings, "allow_weak"))

    @property
    def allow_weak(self) -> bool:
        """Whether MD5 and SHA-1 will do, also where they stand beside the query."""
        return self._allow_weak

    def get_resource_metadata(
        self, query: Mapping[str, Any]
    ) -> HTTPResource | UnverifiedHTTPResource:
        """Return what the query says, and for a URL without a digest what its server says.

        Args:
            query: See the class.

        Raises:
            QueryError: A key is missing, unknown or malformed, or several addresses come without a
                digest.
            DigestError: A digest is malformed, or only weak ones are given.
            UnsafeNameError: The file name is no plain one.
            UnverifiedError: There is no digest, and none was waived.
            StoreError: What the server of an unpinned URL said.
        """
        known = self._known(query)
        if isinstance(known, KnownResource):
            return self._whole(known)
        url, filename, size = known
        return self._asked(url, filename, size)

    def resource_in(self, query: Mapping[str, Any]) -> KnownResource | None:
        """Return what a query with a digest says; None where the server must be asked."""
        known = self._known(query)
        return known if isinstance(known, KnownResource) else None

    def download_resource_content(
        self, metadata: DigestedResource | UnverifiedHTTPResource, dest: str
    ) -> str:
        """Download from the first address that gives the right content.

        Args:
            metadata: What `get_resource_metadata` returned, or any digested resource with ``urls``.
            dest: A directory.

        Returns:
            The file's path.

        Raises:
            StoreError: What the last address said.
            TransportError: The version changed since the server was asked for it.
        """
        from store.backends.http_resources import UnverifiedHTTPResource
        from store.transports.receiving import receive

        digests: Digests = () if isinstance(metadata, UnverifiedHTTPResource) else metadata.digests
        received = receive(
            metadata.urls,
            dest,
            options=self.options,
            name=metadata.filename,
            digests=digests,
            size=metadata.size,
        )
        if isinstance(metadata, UnverifiedHTTPResource):
            told = (received.etag, received.last_modified)
            if told != (metadata.etag, metadata.last_modified):
                raise TransportError(
                    f"{public(metadata.url)} changed while it was fetched: fetch it again",
                    url=public(metadata.url),
                )
        return str(received.path)

    def _known(
        self, query: Mapping[str, Any]
    ) -> KnownResource | tuple[str, str | None, int | None]:
        """Return what a query says; of one without a digest the address, the name and the size."""
        check_keys(query, self.query_keys, self.name)
        pinned, urls = _addresses(query)
        found = digests_of_query(query, allow_weak=True)
        digests = _trusted(
            digests_from([*found, *pinned], allow_weak=True), allow_weak=self._allow_weak
        )
        filename, size = filename_of(query), size_of(query)
        if not digests:
            self._must_be_waived(query, urls)
            return urls[0], filename, size
        name = filename or _name_in(urls[0])
        return KnownResource(
            digests=digests, size=size, filename=name, urls=urls, makes=self._whole
        )

    def _whole(self, known: KnownResource) -> HTTPResource:
        from store.backends.http_resources import HTTPResource, WeakHTTPResource

        kind = WeakHTTPResource if self._allow_weak else HTTPResource
        return kind(known.digests, size=known.size, filename=known.filename, urls=known.urls)

    def _must_be_waived(self, query: Mapping[str, Any], urls: Sequence[str]) -> None:
        waived = flag_of(query, "allow_unverified")
        if not (self._allow_unverified if waived is None else waived):
            raise UnverifiedError(
                f"nothing says what {public(urls[0])} should be: append #sha256=<digest> to the URL,"
                " or allow it with --allow-unverified (allow_unverified=True)",
                url=public(urls[0]),
            )
        if len(urls) > 1:
            raise QueryError(
                "several addresses of one resource need a digest: nothing else joins them"
            )

    def _asked(self, url: str, filename: str | None, size: int | None) -> UnverifiedHTTPResource:
        from store.backends.http_resources import UnverifiedHTTPResource
        from store.backends.patience import in_turn
        from store.transports.opening import transport_for
        from store.transports.pages import refuse_page

        def asked(address: str) -> UnverifiedHTTPResource:
            """Read the headers of one answer, and leave its body; the address is a part of what is known."""
            with transport_for(address, self.options).open_stream(address) as stream:
                refuse_page(stream, address=address, name=filename or _name_in(url) or "")
                nonce = ""
                if not stream.etag and not stream.last_modified:
                    from secrets import token_hex

                    nonce = f"{self.options.clock.now_ns()}-{token_hex(8)}"
                suggested = safe_name(stream.filename, "") if stream.filename else None
                return UnverifiedHTTPResource(
                    url=address,
                    etag=stream.etag,
                    last_modified=stream.last_modified,
                    size=size if size is not None else stream.size,
                    filename=filename or suggested or _name_in(url),
                    nonce=nonce,
                )

        try:
            return in_turn(asked, url, self.options)
        except OfflineError as error:
            raise OfflineError(
                f"{public(url)} has no digest, so that its server is asked each time, and the network is not"
                " to be used: pin it with #sha256=<digest>, or say how old it may be (--max-age), to have it"
                " offline",
                missing=error.missing,
            ) from error


def _addresses(query: Mapping[str, Any]) -> tuple[Digests, tuple[str, ...]]:
    """Return the digests that stand in the addresses' fragments, and the addresses without them."""
    texts = dict.fromkeys([*texts_of(query, "url"), *texts_of(query, "urls")])
    if not texts:
        raise QueryError(
            "the driver http needs a 'url', or 'urls'", known=tuple(sorted(HTTPStore.query_keys))
        )
    pinned: list[str] = []
    urls = []
    for text in texts:
        url, fragment = urldefrag(address_of(text))
        urls.append(url)
        pinned += [one for one in fragment.split("&") if one.split("=")[0].lower() in SIZES]
    return digests_from(pinned, allow_weak=True), tuple(dict.fromkeys(urls))


def _trusted(digests: Digests, *, allow_weak: bool) -> Digests:
    """Refuse weak digests that stand alone; beside a strong one they are checked no less."""
    if allow_weak or all(digest.weak for digest in digests):
        return digests_from(digests, allow_weak=allow_weak)
    return tuple(digest for digest in digests if not digest.weak)


def _name_in(url: str) -> str | None:
    return safe_name(label(url), "") or None
