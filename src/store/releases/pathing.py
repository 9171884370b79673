"""Says which directory a path, or a ``file:`` address, means."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from store.addresses import public
from store.errors import QueryError, UnsafeNameError


def path_of(host: str) -> str:
    """Return the path that a path, or a ``file:`` address, leads to.

    Raises:
        QueryError: It is no address that can be read, or leads to no path that any file system has.
        UnsafeNameError: The address is of another machine.
    """
    if host[:5].lower() != "file:":
        return host
    try:
        parts = urlsplit(host)
        path = unquote(parts.path)
    except ValueError:
        path = "\0"
    if "\0" in path:
        raise QueryError(
            f"{host[:200]!r} leads to no directory: write it as file:///path", query=host
        )
    if parts.netloc not in {"", "localhost"}:
        raise UnsafeNameError(f"{public(host)} is refused: it lies on another machine", name=host)
    return path
