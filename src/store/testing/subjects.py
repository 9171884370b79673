"""What a store suite is told by its user, and what its tests share."""

# ruff: noqa: S101 - a suite's tests assert

from __future__ import annotations

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from store.backends.base import Store
from store.cache.backends.base import Cache
from store.testing.deviations import Suite


@attrs.frozen(kw_only=True)
class Published:
    """A resource that was laid down for a driver to find.

    Attributes:
        query: What the driver is asked.
        content: What it must bring.
    """

    query: Mapping[str, Any]
    content: bytes


class StoreSubject(Suite):
    """What a store's tests need to know; `store.testing.stores.StoreSuite` says it in full."""

    optional: ClassVar[frozenset[str]] = frozenset()
    """Keys of the published query that may be left out."""

    secrets: ClassVar[tuple[str, ...]] = ()
    """Texts in configuration or query that must never be shown."""

    @abc.abstractmethod
    def configuration(self, origin: Path) -> Any:  # noqa: ANN401 - the driver's own
        """Return the driver's configuration."""

    @abc.abstractmethod
    def missing(self, origin: Path) -> Mapping[str, Any]:
        """Return a query for a resource that is not there."""

    @abc.abstractmethod
    def withdraw(self, origin: Path) -> None:
        """Take away what was published."""

    @abc.abstractmethod
    def open_store(self, configuration: Any, cache: Cache) -> Store[Any]:  # noqa: ANN401 - the driver's own
        """Return the store."""

    @abc.abstractmethod
    def open_cache(self, directory: Path) -> Cache:
        """Return a cache in a directory."""


def bring(store: Store[Any], query: Mapping[str, Any], dest: Path | None = None) -> Path:
    """Ask a store for a resource, and return its file.

    Raises:
        AssertionError: The driver brought nothing, or what does not verify.
    """
    metadata = store.get_resource_metadata(query)
    path = store.download_resource(metadata, None if dest is None else str(dest))
    assert path is not None, (
        "download_resource answered None: nothing came, or what does not verify"
    )
    return Path(path)


def files_below(directory: Path) -> list[Path]:
    """Return everything below a directory that is no directory itself; nothing where it is missing."""
    return sorted(path for path in directory.rglob("*") if not path.is_dir() or path.is_symlink())
