"""Archives of versioned releases: a directory, a bucket, or a server.

It stands in for the module ``rmellipse.workflows.archive_interface``. The names below are loaded when they
are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.faces import face

if TYPE_CHECKING:
    from store.errors import ReleaseRecordNotFoundError
    from store.releases.cdcs import CDCSArchive
    from store.releases.filesystem import FileSystemArchive
    from store.releases.hashing import chunked_sha
    from store.releases.interface import ArchiveInterface
    from store.releases.logins import get_credentials
    from store.releases.opening import get_interface, is_url

_HOMES: Final = {
    "store.errors": ("ReleaseRecordNotFoundError",),
    "store.releases.cdcs": ("CDCSArchive",),
    "store.releases.filesystem": ("FileSystemArchive",),
    "store.releases.hashing": ("chunked_sha",),
    "store.releases.interface": ("ArchiveInterface",),
    "store.releases.logins": ("get_credentials",),
    "store.releases.opening": ("get_interface", "is_url"),
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

__getattr__, __dir__ = face(__name__, _HOMES)
