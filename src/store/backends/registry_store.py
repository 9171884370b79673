"""The store of what lies in the registry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import parse_qsl

import attrs

from store import jsontext
from store.addresses import public_query
from store.backends.base import DigestedResource, Store
from store.backends.queries import (
    DIGEST_KEYS,
    check_configuration,
    check_keys,
    digests_of_query,
    filename_of,
    size_of,
    text_of,
)
from store.config.directories import cache_directory
from store.errors import (
    ConfigurationError,
    LocatorError,
    QueryError,
    RegistryError,
    ResourceNotFoundError,
)
from store.integrity.digest import SIZES, digests_from

if TYPE_CHECKING:
    # Dear to load, and only where this driver is asked.
    from store.registry.item import CacheItem
    from store.registry.manager import Cache as Registry

SETTINGS: Final = frozenset({"path", "url", "files"})
"""The keys of the driver's configuration."""

_NAMES: Final = frozenset({"uri", "params", "key", "version", "attrs", "where"})
"""The keys of a query that name an item."""


def locate(text: str) -> Mapping[str, Any]:
    """Return the query that follows ``registry:`` in a locator: a URI, or ``key=value`` pairs.

    Raises:
        LocatorError: It cannot be read.
    """
    if text.partition("=")[0] not in RegistryStore.query_keys:
        if not text:
            raise LocatorError(
                "after 'registry:' comes a uri, or pairs such as where=driver%3D'pypi'"
            )
        return {"uri": text}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError as error:
        raise LocatorError(f"'registry:{text}' cannot be read: give key=value pairs") from error
    if len(dict(pairs)) != len(pairs):
        raise LocatorError(f"'registry:{text}' names a key twice")
    return dict(pairs)


@attrs.frozen
class RegistryResource(DigestedResource):
    """The file of a READY item, known by the digest that the registry has of it."""


class RegistryStore(Store[RegistryResource]):
    """Hands out READY items of the registry.

    A query names one item by ``uri`` and ``params`` (a mapping, or JSON), by ``key``, by ``attrs`` (a
    mapping, or JSON) or by a search, ``where``; the newest version, unless ``version`` says which.
    ``digest``,
    ``digests`` or an algorithm's own name pin the content; then the item need not exist while the cache has
    it. ``size`` (bytes) and ``filename`` are optional.

    Args:
        store_configuration: A mapping with ``path``, the registry's directory, or ``url`` and ``files`` for
            one on PostgreSQL; None is the user's own.
        cache_backend: The cache to be asked first.

    Raises:
        ConfigurationError: A key is unknown, or a value cannot be what it says.
    """

    name = "registry"
    needs_network: ClassVar[bool] = False
    metadata_needs_network: ClassVar[bool] = False
    query_keys: ClassVar[frozenset[str]] = (
        DIGEST_KEYS | SIZES.keys() | _NAMES | {"size", "filename"}
    )

    def __init__(self, store_configuration: Any, cache_backend: Any) -> None:  # noqa: ANN401 - as the base
        super().__init__(store_configuration, cache_backend)
        self._settings = check_configuration(store_configuration, SETTINGS, "registry")
        for key, value in self._settings.items():
            if value is not None and not isinstance(value, str | os.PathLike):
                raise ConfigurationError(
                    f"the configuration of the driver registry: {key} is a path or an address",
                    key=key,
                )

    def get_resource_metadata(self, query: Mapping[str, Any]) -> RegistryResource:
        """Return the newest READY item that the query means.

        Args:
            query: See the class.

        Raises:
            QueryError: A key is missing, unknown or malformed, or several items are meant.
            DigestError: A digest is malformed or weak.
            ResourceNotFoundError: There is no such item, or it has no file, and nothing is pinned.
            RegistryError: The registry cannot be read.
        """
        check_keys(query, self.query_keys, self.name)
        if not _NAMES - {"version"} & query.keys():
            raise QueryError(
                "the driver registry needs a 'uri', 'params', 'key', 'attrs' or 'where'",
                known=tuple(sorted(self.query_keys)),
            )
        digests, size = digests_of_query(query), size_of(query)
        filename = filename_of(query)
        item = self._item(query)
        if item is None:
            if not digests:
                raise ResourceNotFoundError(
                    "there is no READY item with a file like that: look with 'store registry search'",
                    query=public_query(query),
                )
            return RegistryResource(digests, size=size, filename=filename)
        return RegistryResource(
            digests or digests_from(item.digest),
            size=item.size if size is None else size,
            filename=filename or item.filename,
            urls=(_address(item.path),),
        )

    def download_resource_content(self, metadata: DigestedResource, dest: str) -> str:
        """Copy the item's file into a directory.

        Args:
            metadata: What `get_resource_metadata` returned.
            dest: A directory.

        Returns:
            The copy's path.

        Raises:
            StoreError: The item is gone, or its file is not what its digests say.
        """
        from store.backends.bringing import bring

        if not metadata.urls:
            raise ResourceNotFoundError("the registry has no such item any longer")
        return bring(metadata, dest, self.options)

    def _item(self, query: Mapping[str, Any]) -> CacheItem | None:
        params, attributes = _mapping(query, "params"), _mapping(query, "attrs")
        try:
            with self._registry() as registry:
                found = registry.search(
                    text_of(query, "uri"),
                    params,
                    key=text_of(query, "key"),
                    attrs=attributes,
                    where=text_of(query, "where"),
                    status="ready",
                    version=_version(query),
                )
        except RegistryError as error:
            if error.missing:
                return None
            raise
        with_files = [one for one in found if one.has_file]
        if len({one.key for one in with_files}) > 1:
            raise QueryError(
                f"{len(with_files)} items are meant: name one, by its key for example",
                query=public_query(query),
                known=tuple(sorted({one.key for one in with_files})),
            )
        return max(with_files, key=lambda one: one.version, default=None)

    def _registry(self) -> Registry:
        from store.registry.manager import Cache as Registry

        settings = self._settings
        if settings.get("url") is not None:
            files = settings.get("files") or cache_directory() / "registry"
            return Registry(
                url=str(settings["url"]), files=files, transfer=self.options, read_only=True
            )
        return Registry(settings.get("path"), read_only=True)


def _address(path: str) -> str:
    from pathlib import Path

    return Path(path).as_uri()


def _mapping(query: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    value = query.get(key)
    if isinstance(value, str):
        try:
            value = jsontext.loads(value)
        except ValueError as error:
            raise QueryError(f"{key!r} cannot be read as JSON: {error}") from error
    if value is None or isinstance(value, Mapping):
        return value
    raise QueryError(f"{key!r} must be a mapping, or JSON of one, not {value!r}")


def _version(query: Mapping[str, Any]) -> int | None:
    value = query.get("version")
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise QueryError(f"'version' must be a whole number, not {value!r}") from error
