"""Archives of versioned releases: a directory, a bucket, or a server.

It stands in for the module ``rmellipse.workflows.archive_interface``. The names below are loaded when they
are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from store.errors import ReleaseRecordNotFoundError
    from store.releases.cdcs import CDCSArchive
    from store.releases.filesystem import FileSystemArchive
    from store.releases.hashing import chunked_sha
    from store.releases.interface import ArchiveInterface
    from store.releases.logins import get_credentials
    from store.releases.opening import get_interface, is_url

_HOMES: Final = {
    "CDCSArchive": "store.releases.cdcs",
    "ArchiveInterface": "store.releases.interface",
    "FileSystemArchive": "store.releases.filesystem",
    "ReleaseRecordNotFoundError": "store.errors",
    "chunked_sha": "store.releases.hashing",
    "get_credentials": "store.releases.logins",
    "get_interface": "store.releases.opening",
    "is_url": "store.releases.opening",
}

__all__ = [
    "ArchiveInterface",
    "CDCSArchive",
    "FileSystemArchive",
    "ReleaseRecordNotFoundError",
    "chunked_sha",
    "get_credentials",
    "get_interface",
    "is_url",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
