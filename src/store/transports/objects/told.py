"""Reads what the library obstore tells of an object."""

from __future__ import annotations

import re
from typing import Any, Final

from store.transports.objects.answers import bare
from store.transports.objects.base import ObjectMeta

_NAMED: Final = frozenset(
    {
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Type",
        "Storage-Class",
    }
)
"""The attributes of the library that are no metadata of the writer's."""

_PLAIN: Final = r"(?:[^\x00-\x1f\x7f/]+/)*[^\x00-\x1f\x7f/]+"
_DOTS: Final = r"(?:.*/)?\.{1,2}(?:/.*)?"


def is_plain(key: str) -> bool:
    """Whether the library takes a key as it stands: ``a/`` it would take for ``a``, ``../a`` for an error."""
    return bool(re.fullmatch(_PLAIN, key) and not re.fullmatch(_DOTS, key, re.DOTALL))


def meta_told(key: str, result: Any) -> ObjectMeta:  # noqa: ANN401 - the library's
    """Return what a result says of an object, with its metadata.

    Args:
        key: The object's name.
        result: What the library returned.
    """
    told = result.meta
    kept = {name: value for name, value in result.attributes.items() if name not in _NAMED}
    return ObjectMeta(
        key,
        told["size"],
        bare(told["e_tag"]),
        told["last_modified"] if told["last_modified"].timestamp() else None,
        version_told(told["version"]),
        {name.lower(): value for name, value in kept.items()},
    )


def version_told(told: str | None) -> str | None:
    """Return a version id; None where the bucket keeps no versions."""
    return told if told and told != "null" else None
