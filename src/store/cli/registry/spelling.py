"""How items and values are spelled on the command line."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from store import jsontext

if TYPE_CHECKING:
    from store.registry.item import CacheItem


def values_of(pairs: Sequence[str]) -> dict[str, Any]:
    """Return what ``name=value`` pairs say: a value is JSON, ``@`` and a time, or else text.

    Raises:
        UsageError: One of them has no ``=``, what stands behind an ``@`` is no time, or a name is one of a
            value and of a namespace.
    """
    found: dict[str, Any] = {}
    spaces: dict[str, bool] = {}
    for pair in pairs:
        name, mark, value = pair.partition("=")
        if not mark or not name:
            raise click.UsageError(
                f"{pair!r} is no NAME=VALUE", click.get_current_context(silent=True)
            )
        space, dot, inner = name.partition(".")
        in_space = bool(dot and space and inner)
        whole = space if in_space else name
        if spaces.setdefault(whole, in_space) is not in_space:
            raise click.UsageError(
                f"{whole!r} is given as a value and as a namespace: an item has one of them",
                click.get_current_context(silent=True),
            )
        if in_space:
            found.setdefault(space, {})[inner] = _value(value)
        else:
            found[name] = _value(value)
    return found


_LONGEST: Final = 14_000
"""Longer integers are given as text, in hexadecimal; in bits."""


def item_as_data(item: CacheItem) -> dict[str, Any]:
    """Return an item as plain data."""
    return {
        "id": item.id,
        "uri": item.uri,
        "params": plain(item.params),
        "key": item.key,
        "version": item.version,
        "status": item.rstatus.name,
        "path": item.path if item.has_file else None,
        "size": item.size,
        "digest": item.digest,
        "filename": item.filename,
        "label": item.label,
        "pinned": item.pinned,
        "date": plain(item.date),
        "attrs": plain(item.attrs),
    }


def plain(value: Any) -> Any:  # noqa: ANN401 - any attribute
    """Return a value as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else _number(value)


def _number(value: Any) -> Any:  # noqa: ANN401 - any attribute
    """Return a number that JSON or Python cannot spell as text; all else as it is."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > _LONGEST:
        return hex(value)  # not in decimal: Python refuses to spell 4,300 digits and more
    return value


def _value(text: str) -> Any:  # noqa: ANN401 - any value
    if text.startswith("@"):
        return _moment(text)
    try:
        return jsontext.loads(text)
    except ValueError:
        return text


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text[1:])
    except ValueError as error:
        raise click.UsageError(
            f"{text!r} is no time: write @2026-01-31 or @2026-01-31T12:00:00Z; a text that begins with an"
            f" @ is JSON: {json.dumps(text)}",
            click.get_current_context(silent=True),
        ) from error
