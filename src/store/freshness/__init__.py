"""One file, kept from somewhere else until it is too old.

The names below are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from store.freshness.aged_file import AgedFile
    from store.freshness.furnishing import furnished, short_path
    from store.freshness.kernel_file import KernelFileCache
    from store.freshness.listing import newest_in
    from store.freshness.results import AgedResult

_HOMES: Final = {
    "AgedFile": "aged_file",
    "AgedResult": "results",
    "KernelFileCache": "kernel_file",
    "furnished": "furnishing",
    "newest_in": "listing",
    "short_path": "furnishing",
}

__all__ = [
    "AgedFile",
    "AgedResult",
    "KernelFileCache",
    "furnished",
    "newest_in",
    "short_path",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
