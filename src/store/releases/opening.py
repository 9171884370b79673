"""Opens an archive by its address."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from store.addresses import public
from store.errors import (
    PluginConflictError,
    PluginError,
    QueryError,
    UnknownNameError,
    UnsafeNameError,
)
from store.releases.interface import ArchiveInterface

Factory = Callable[..., Any]
"""Makes an archive from a host, user and password, by those names."""

_BUILTIN: Final = {
    "file": "store.releases.filesystem:open_directory",
    "http": "store.releases.cdcs_opening:open_cdcs",
    "https": "store.releases.cdcs_opening:open_cdcs",
    **dict.fromkeys(("s3", "gs", "az", "bucket"), "store.releases.objects_opening:open_bucket"),
}
"""Where the builtin factories lie, by scheme; a path is a ``file``. Imported when first used."""

_strangers: Final[dict[str, Factory]] = {}

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def is_url(input_string: object) -> bool:
    """Return whether a text has a scheme and a host, as addresses of the network have."""
    try:
        parts = urlsplit(str(input_string))
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def get_interface(
    host: str | Path,
    user: str | None = None,
    password: str | None = None,
    resolve_relative_paths_to: str | Path | None = None,
) -> ArchiveInterface:
    """Open an archive.

    Args:
        host: Its address: a directory, ``file:``, ``http:`` and ``https:`` (CDCS), ``s3://bucket/prefix``,
            or what a plugin opens.
        user: Who asks, where the archive wants to know.
        password: The user's.
        resolve_relative_paths_to: What a relative directory counts from; the working directory at the call
            where it is None.

    Raises:
        QueryError: It is no text and no path, or none that any file system has.
        UnknownNameError: Nothing opens addresses of that scheme (``kind`` is ``archive``).
        ArchiveError: The directory is no archive.
        StoreError: The archive cannot be opened.
    """
    text = address_of(host)
    scheme = scheme_of(text)
    if scheme in {"", "file"}:
        from store.releases.pathing import path_of

        path = text if scheme == "" else path_of(text)
        text, scheme = str(Path(resolve_relative_paths_to or Path.cwd()) / path), "file"
    factory = _factory(scheme)
    if factory is None:
        raise UnknownNameError(
            f"{public(text)}: nothing opens archives of the scheme {scheme!r}; known are"
            f" {', '.join(schemes())}, and the path of a directory",
            kind="archive",
            name=scheme,
            known=schemes(),
        )
    made: object = factory(host=text, user=user, password=password)
    if not isinstance(made, ArchiveInterface):
        raise PluginError(
            f"the archive {_name(factory)} cannot be used: it makes a {type(made).__name__};"
            " tell its authors",
            plugin=_name(factory),
        )
    return made


def address_of(host: object) -> str:
    """Return the address or path of an archive as text.

    Raises:
        QueryError: It is neither, or empty, or none that any file system has.
    """
    if not isinstance(host, str | os.PathLike) or not isinstance(os.fspath(host), str):
        raise QueryError(
            f"an archive is opened by its address or path, which are text, not a {type(host).__name__}",
            query=host,
        )
    text = str(host)
    if not text or "\0" in text:
        raise QueryError(
            f"{text!r} leads to no archive: give the address or the path of one", query=text
        )
    return text


def scheme_of(address: str) -> str:
    """Return the scheme of an address in lower case, or an empty text for a path.

    ``name:rest`` without slashes is an address only where its scheme is known, else a path: file names may
    hold colons.
    """
    match = _SCHEME.match(address)
    if match is None:
        return ""
    scheme = match[1].lower()
    slashes = address[match.end() : match.end() + 2] == "//"
    return scheme if slashes or scheme in _BUILTIN or scheme in _strangers else ""


def register(scheme: str, factory: Factory) -> None:
    """Register a stranger's archive for a scheme; ``plugins`` calls this when it loads.

    Raises:
        PluginConflictError: The scheme is taken by another factory.
    """
    name = scheme.lower()
    known = _strangers.get(name)
    if name in _BUILTIN or (known is not None and known != factory):
        other = _BUILTIN.get(name) or _name(known)
        raise PluginConflictError(
            f"two archives open the scheme {name!r}: {other} and {_name(factory)}; uninstall one of them",
            kind="archive",
            name=name,
            plugins=(other, _name(factory)),
        )
    _strangers[name] = factory


def is_builtin(scheme: str) -> bool:
    """Return whether addresses of a scheme, or paths, are opened by the house itself."""
    return scheme in {"", *_BUILTIN}


def schemes() -> tuple[str, ...]:
    """Return the schemes that can be opened, sorted."""
    return tuple(sorted({*_BUILTIN, *_strangers}))


def _factory(scheme: str) -> Factory | None:
    place = _BUILTIN.get(scheme)
    if place is None:
        return _strangers.get(scheme)
    module, _, name = place.partition(":")
    found: Factory = getattr(importlib.import_module(module), name)
    return found


def _name(factory: Any) -> str:  # noqa: ANN401 - a class or a function
    return f"{factory.__module__}.{getattr(factory, '__qualname__', type(factory).__name__)}"


def is_at_hand(host: str) -> bool:
    """Return whether an address leads to a directory that is there and holds an archive."""
    from store.releases.layout import MARKER
    from store.releases.pathing import path_of

    try:
        return scheme_of(host) in {"", "file"} and os.path.lexists(f"{path_of(host)}/{MARKER}")
    except UnsafeNameError:
        return False
