"""Opens the registry that a command speaks of, and finds items in it."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from store.cli.frame import Frame
from store.cli.options import given, remember
from store.cli.registry.spelling import values_of

if TYPE_CHECKING:
    from store.registry.item import CacheItem
    from store.registry.manager import Cache

F = TypeVar("F", bound=Callable[..., Any])

ITEM: Final = "ITEM"
"""What an item is named by: id, version id, key, or URI (the newest version)."""

_VERSION_ID: Final = re.compile(r"([0-9a-f]{32,64})-([1-9][0-9]*)")
_KEY: Final = re.compile(r"[0-9a-f]{32,64}")


def with_registry(function: F) -> F:
    """Give a command the options that say which registry is meant."""
    return given(
        function,
        click.option(
            "--files",
            metavar="DIR|URL",
            expose_value=False,
            callback=remember("registry_files"),
            help="The directory or bucket of the files, with --registry postgresql://….",
        ),
        click.option(
            "--registry",
            metavar="DIR|URL",
            expose_value=False,
            callback=remember("registry"),
            help="The registry: a directory, or postgresql://host/database.",
        ),
    )


def with_params(function: F) -> F:
    """Give a command the parameters that name an item beside its URI."""
    return click.option(
        "--param",
        "params",
        metavar="NAME=VALUE",
        multiple=True,
        help="A parameter of the item; a value is JSON, or else text.",
    )(function)


@contextlib.contextmanager
def opened_registry(frame: Frame, *, reading: bool = False) -> Iterator[Cache]:
    """Open the registry that the settings name, and close it afterwards.

    Args:
        frame: Knows the settings.
        reading: Whether what is asked needs a registry: then none is made at a path that somebody gave.

    Raises:
        RegistryError: There is none at that path, or it cannot be opened.
        UsageError: ``--files`` is given for a registry in a directory.
        StoreError: The settings cannot be read.
    """
    from store.config.directories import cache_directory
    from store.registry.manager import Cache

    settings = frame.settings
    default = (settings.cache_dir or cache_directory()) / "registry"
    where = settings.registry
    if where is not None and "://" in where:
        from store.transports.base import TransferOptions

        cache = Cache(
            url=where,
            files=settings.registry_files or default,
            transfer=TransferOptions.from_settings(settings),
            durability=settings.durability,
        )
    else:
        _refuse_files(frame)
        if reading and where is not None:
            _check_there(Path(where).expanduser())
        place = Path(where or default).expanduser()
        # Who may only look has no other way, and need not say so.
        only = reading and place.is_dir() and not os.access(place, os.W_OK)
        cache = Cache(place, durability=settings.durability, read_only=only)
    with cache:
        yield cache


def _refuse_files(frame: Frame) -> None:
    if "registry_files" in frame.flags:
        raise click.UsageError(
            "--files goes with --registry postgresql://…: a registry in a directory has its files there",
            click.get_current_context(silent=True),
        )


def _check_there(path: Path) -> None:
    from store.errors import RegistryError

    if not path.exists():
        raise RegistryError(
            f"there is no registry at {path}: is the path right? 'store registry add' makes one",
            path=str(path),
            missing=True,
        )


def find_item(cache: Cache, what: str, params: Sequence[str] = ()) -> CacheItem:
    """Return the item that a text names: an id, a version id, a key or a URI; of the latter the newest.

    Raises:
        ResourceNotFoundError: There is none.
        QueryError: There are several items of that URI, with other parameters; or it is the id of one item
            and the URI of another.
    """
    from store.addresses import public
    from store.errors import QueryError, ResourceNotFoundError

    item = _named(cache, what) if not params else None
    if item is not None:
        _check_alone(cache, what, item)
        return item
    given = values_of(params) if params else None
    found = cache.search(what, given, newest=True, include_removed=True)
    if not found:
        raise ResourceNotFoundError(
            f"the registry has no {public(what)!r}: look with 'store registry search'", query=what
        )
    if len(found) > 1:
        raise QueryError(
            f"{public(what)!r} is the uri of {len(found)} items: name one by --param, or by its id",
            query=what,
            known=tuple(str(one.id) for one in found),
        )
    return found[0]


def _check_alone(cache: Cache, what: str, item: CacheItem) -> None:
    from store.errors import QueryError

    others = [one for one in cache.search(what, newest=True, include_removed=True) if one != item]
    if others and what != item.uri:
        raise QueryError(
            f"{what!r} is the id of {item.version_id} and the uri of {others[0].version_id}: name one of"
            " them by that",
            query=what,
            known=(item.version_id, others[0].version_id),
        )


def _named(cache: Cache, what: str) -> CacheItem | None:
    if what.isascii() and what.isdigit():
        return cache.by_id(int(what)) if len(what) < 19 else None  # noqa: PLR2004 - 64 bits
    version = _VERSION_ID.fullmatch(what)
    if version:
        return cache.by_key(version[1], int(version[2]))
    if _KEY.fullmatch(what):
        return cache.best(key=what, status=None)
    return None
