"""One file, kept from somewhere else until it is too old.

The names below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.faces import face

if TYPE_CHECKING:
    from store.freshness.aged_file import AgedFile
    from store.freshness.furnishing import furnished, short_path
    from store.freshness.kernel_file import KernelFileCache
    from store.freshness.listing import newest_in
    from store.freshness.results import AgedResult

_HOMES: Final = {
    "store.freshness.aged_file": ("AgedFile",),
    "store.freshness.furnishing": ("furnished", "short_path"),
    "store.freshness.kernel_file": ("KernelFileCache",),
    "store.freshness.listing": ("newest_in",),
    "store.freshness.results": ("AgedResult",),
}

__all__ = [
    "AgedFile",
    "AgedResult",
    "KernelFileCache",
    "furnished",
    "newest_in",
    "short_path",
]

__getattr__, __dir__ = face(__name__, _HOMES)
