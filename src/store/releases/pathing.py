"""Says which directory a path, or a ``file:`` address, means."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from store.addresses import public
from store.errors import UnsafeNameError


def path_of(host: str) -> str:
    """Return the path that a path, or a ``file:`` address, leads to.

    Raises:
        UnsafeNameError: The address is of another machine, cannot be read, or leads to no path that any file
            system has.
    """
    if host[:5].lower() != "file:":
        return host
    try:
        parts = urlsplit(host)
        path = unquote(parts.path)
    except ValueError:
        path = "\0"
    if "\0" in path:
        raise UnsafeNameError(
            f"{host[:200]!r} is refused: it leads to no directory; write it as file:///path",
            name=host,
        )
    if parts.netloc not in {"", "localhost"}:
        raise UnsafeNameError(f"{public(host)} is refused: it lies on another machine", name=host)
    return path
