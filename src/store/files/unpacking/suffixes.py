"""What the suffixes of archives and compressed files say of their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ARCHIVES: Final = (
    ".tar.gz",
    ".tar.bz2",
    ".tar.xz",
    ".tar.zst",
    ".tar",
    ".tgz",
    ".tbz2",
    ".tbz",
    ".txz",
    ".tzst",
    ".zip",
    ".whl",
    ".jar",
)
"""How the names of archives end, the longer before the shorter."""

_COMPRESSED: Final[Mapping[str, str]] = {
    ".tgz": ".tar",
    ".tbz2": ".tar",
    ".tbz": ".tar",
    ".txz": ".tar",
    ".tzst": ".tar",
    ".gz": "",
    ".bz2": "",
    ".xz": "",
    ".zst": "",
}
"""What the name of a compressed file ends in, and what that becomes once it is decompressed."""


def names_archive(name: str) -> bool:
    """Whether a name, or the end of a path, has an archive's suffix, and something before it."""
    base = name.rpartition("/")[2].lower()
    return any(base.endswith(suffix) and base != suffix for suffix in _ARCHIVES)


def stem_of(name: str) -> str:
    """Return an archive's file name without its suffix; as it is where it has none."""
    for suffix in _ARCHIVES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def decompressed_name(name: str) -> str:
    """Return what a compressed file is called once decompressed: ``a.csv.gz`` is ``a.csv``.

    A name without such a suffix stays as it is.
    """
    for suffix, instead in _COMPRESSED.items():
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)] + instead
    return name
