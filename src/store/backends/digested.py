"""The resource that drivers inherit: known by its digests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from store.backends.resources import Digested
from store.errors import DigestError
from store.integrity.digest import Digests, DigestsLike, digests_from


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _digests(value: DigestsLike, resource: Any) -> Digests:  # noqa: ANN401 - attrs knows only instances
    digests = digests_from(value, allow_weak=type(resource).allow_weak)
    if not digests:
        raise DigestError("a resource is known by its digests: give at least one, best a sha256")
    return digests


@attrs.frozen
class DigestedResource(Digested):
    """A resource whose digests are known: they are its uid, and it is verified by them.

    A subclass adds keyword-only fields, and is an attrs class too.

    Attributes:
        digests: One digest, several, or a mapping; all of them must match.
        size: The size in bytes, where it is known.
        filename: What the file is called, a label, where it is known.
        urls: Where it can be had, the best first; never shown, since secrets may stand in them.

    Raises:
        DigestError: A digest is malformed or weak, or there is none.
    """

    digests: Digests = attrs.field(converter=attrs.Converter(_digests, takes_self=True))  # type: ignore[misc]
    size: int | None = attrs.field(default=None, kw_only=True)
    filename: str | None = attrs.field(default=None, kw_only=True)
    urls: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=_texts, repr=False)
