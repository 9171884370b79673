"""The store of Python packages: a project's file from a package index."""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from store.backends.base import Store
from store.backends.pypi_query import KEYS, is_pinned, read_locator, read_query, specifier_of
from store.backends.queries import (
    address_of,
    check_configuration,
    flag_of,
    settings_errors,
    text_of,
    texts_of,
)
from store.errors import UnverifiedError
from store.integrity.digest import SIZES, digests_from
from store.transports.base import TransferOptions

if TYPE_CHECKING:
    # A hit makes none of these: to import attrs takes a sixth of a warm fetch.
    from store.backends.digested import DigestedResource
    from store.backends.pypi_resource import PyPIResource

log = logging.getLogger(__name__)

SETTINGS: Final = frozenset({"index_url", "extra_index_urls", "use_pip_config"})
"""The keys of the driver's configuration."""


def locate(text: str) -> Mapping[str, Any]:
    """Return the query that follows ``pypi:`` in a locator; see `pypi_query.read_locator`.

    Raises:
        LocatorError: It cannot be read.
    """
    return read_locator(text)


class PyPIStore(Store["PyPIResource"]):
    """Finds the file of a project that fits, and fetches it.

    A query has ``name``, and perhaps ``version`` (``1.2``, or clauses as PEP 440 has them; absent for the
    latest), ``filename`` (that very file), ``packagetype`` (``wheel`` or ``sdist``), ``python_version``
    (``3.12``; else this interpreter), ``platform`` (a tag such as ``manylinux2014_x86_64``, or several;
    else this machine's), ``pre`` (pre-releases too), ``yanked`` (yanked files too), and ``digest``,
    ``digests`` or an algorithm's own name, which must match beside what the index says.

    Indexes are asked in turn: ``index_url``, then ``extra_index_urls``. **The first that has the project
    answers alone**, so that nobody can put a file of that name on a later one and have it taken for a
    private one. Without ``index_url`` those that pip was told of are asked, else pypi-simple's own default.
    A URL may hold user and password; they are shown to that origin only. ``file:`` URLs lead to
    directories with one ``PROJECT/index.html`` a project.

    The index's digests (SHA-256 or stronger) are mandatory: a file without is refused unless the query
    pins one.

    Args:
        store_configuration: A mapping with ``index_url``, ``extra_index_urls`` and ``use_pip_config``
            (true by default); or None.
        cache_backend: The cache to be asked first.

    Raises:
        ConfigurationError: A key is unknown, or an index is no address.
    """

    name = "pypi"
    query_keys: ClassVar[frozenset[str]] = KEYS | SIZES.keys()

    def __init__(self, store_configuration: Any, cache_backend: Any) -> None:  # noqa: ANN401 - as the base
        super().__init__(store_configuration, cache_backend)
        self._credited: tuple[TransferOptions, tuple[str | None, ...], TransferOptions] | None = (
            None
        )
        settings = check_configuration(store_configuration, SETTINGS, "pypi")
        with settings_errors("pypi", "index_url"):
            index = text_of(settings, "index_url")
            self._index = address_of(index) if index else None
        with settings_errors("pypi", "extra_index_urls"):
            self._extra = tuple(map(address_of, texts_of(settings, "extra_index_urls")))
        with settings_errors("pypi", "use_pip_config"):
            self._asks_pip = index is None and flag_of(settings, "use_pip_config") is not False

    def get_resource_metadata(self, query: Mapping[str, Any]) -> PyPIResource:
        """Ask the indexes, and choose.

        Args:
            query: See the class.

        Raises:
            QueryError: A key is missing, unknown or malformed.
            ConfigurationError: An index's address, or pip's configuration, cannot be read.
            ResourceNotFoundError: No index has the project, or nothing of it fits; the message says what
                there is.
            UnverifiedError: Neither the index nor the query gives a digest.
            IntegrityError: The index gives another digest than the query pins.
            CredentialsError: An index wants credentials, or others.
            OfflineError: The network is not to be used.
            TransportError: An index cannot be reached, or its page cannot be read.
        """
        from store.backends.pypi_choice import choose
        from store.backends.pypi_index import listing
        from store.backends.pypi_resource import PyPIResource

        wanted = read_query(query)
        endpoints = self._endpoints()
        found = listing(wanted.name, endpoints, self._options(endpoints))
        chosen = choose(wanted, found.candidates, found.source)
        if not chosen.digests and not wanted.digests:
            raise UnverifiedError(
                f"{found.source} gives no trustworthy digest of {chosen.filename}:"
                " append #sha256=<digest> to the locator if you know it",
                url=found.source,
            )
        if chosen.yanked is not None:
            log.warning(
                "%s was withdrawn from %s: %s", chosen.filename, found.source, chosen.yanked
            )
        return PyPIResource(
            digests_from([*chosen.digests, *wanted.digests]),
            size=chosen.size,
            filename=chosen.filename,
            urls=(chosen.url,),
            project=wanted.name,
            version=chosen.version,
            yanked=chosen.yanked,
        )

    def download_resource_content(self, metadata: DigestedResource, dest: str) -> str:
        """Download the file.

        Args:
            metadata: What `get_resource_metadata` returned, or any digested resource with ``urls``.
            dest: A directory.

        Returns:
            The file's path.

        Raises:
            StoreError: What the last address said.
        """
        from store.backends.bringing import bring

        return bring(metadata, dest, self._options(self._endpoints()))

    def resolution_max_age(self, query: Mapping[str, Any]) -> float | None:
        """Return for good for an exact version or file, else 0: as long as the settings say."""
        version = query.get("version")
        pinned = isinstance(version, str) and is_pinned(specifier_of(version))
        return math.inf if pinned or query.get("filename") else 0

    def resolution_context(self) -> Mapping[str, str]:
        """Return the interpreter, the platform, and what stands for pip's configuration."""
        from store.backends.pypi_pipconfig import pip_fingerprint

        uname = os.uname()
        libc = (
            os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else ""
        )
        return {
            "python": f"{sys.implementation.cache_tag}-{sys.version.split()[0]}-{sys.abiflags}",
            "platform": f"{sys.platform}-{uname.machine}-{libc or uname.release}",
            "pip": pip_fingerprint() if self._asks_pip else "",
        }

    def _endpoints(self) -> tuple[str | None, ...]:
        """Return the indexes in the order they are asked; None stands for pypi-simple's default."""
        if not self._asks_pip:
            return (self._index, *self._extra)
        from store.backends.pypi_pipconfig import pip_indexes

        index, extra = pip_indexes()
        with settings_errors("pypi (from pip's)"):
            index = address_of(index) if index else None
            return (index, *(self._extra or tuple(map(address_of, extra))))

    def _options(self, endpoints: tuple[str | None, ...]) -> TransferOptions:
        """Return the options, with the secrets of the indexes' addresses bound to their origins.

        The same ones each time, since a transport and its connections are kept for the same options.
        """
        known = self._credited
        if known is None or known[0] is not self.options or known[1] != endpoints:
            from store.backends.pypi_index import with_credentials

            known = (self.options, endpoints, with_credentials(self.options, endpoints))
            self._credited = known
        return known[2]
