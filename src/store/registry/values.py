"""Writes plain values as text that gives back exactly what went in.

A value is a *kind* and a *text*. Text that a database cannot hold (NUL, lone surrogates) is escaped as
JSON. Containers are JSON in which whatever JSON has no word for is a list ``[kind, text]``.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import math
import re
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from store import jsontext

EXACT: Final = 2**53
"""From here on a float does not tell neighbouring whole numbers apart."""

_DEEPEST: Final = 64
"""How deep containers may lie in each other."""

_UNCLEAN: Final = re.compile("[\x00\ud800-\udfff]")

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
"""Writes JSON; an encoder of one's own is made only once."""


class Written(NamedTuple):
    """A value as it is kept.

    Attributes:
        kind: The name of its type; ``text`` for a str that had to be escaped.
        text: What it is, exactly.
    """

    kind: str
    text: str


def write(value: Any) -> Written:  # noqa: ANN401 - any value
    """Return a value as it is kept.

    Raises:
        TypeError: It, or something in it, is no plain value: None, bool, int, float, str, bytes, date,
            datetime, and list, tuple, set, frozenset and dict of these; of exactly these types.
    """
    return _write(value, _DEEPEST, ordered=True)


def canonical(value: Any) -> str:  # noqa: ANN401 - any value
    """Return one text for equal values of equal types: dictionaries and sets have no order.

    Raises:
        TypeError: See `write`.
    """
    kind, text = _write(value, _DEEPEST, ordered=False)
    return _encode([kind, text])


def canonical_pair(text: str) -> str:
    """Return `canonical` of a list of a text and an empty dictionary, in one step."""
    return _encode(["list", _encode([text, ["dict", "[]"]])])


def read(kind: str, text: str) -> Any:  # noqa: ANN401 - any value
    """Return the value that was written.

    Raises:
        ValueError: It was not written by `write`.
    """
    try:
        return _READERS[kind](text)
    except (KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"{kind!r} {text[:80]!r} is no value that was written here") from error


def is_clean(text: str) -> bool:
    """Whether a text holds neither a NUL nor a lone surrogate."""
    return ("\0" not in text) if text.isascii() else _UNCLEAN.search(text) is None


def _write(value: Any, depth: int, *, ordered: bool) -> Written:  # noqa: ANN401 - any value
    kind = type(value)
    if kind is str:
        return Written("str", value) if is_clean(value) else Written("text", json.dumps(value))
    writer = _WRITERS.get(kind)
    if writer is not None:
        return Written(kind.__name__, writer(value))
    if kind not in _CONTAINERS:
        raise TypeError(
            f"a value of type {kind.__qualname__} cannot be kept: give None, bool, int, float, str, bytes,"
            " date, datetime, or list, tuple, set and dict of these"
        )
    if not depth:
        raise TypeError(f"a value of type {kind.__name__} lies in itself, or too deep in others")
    if kind is dict:
        pairs = [
            [_item(key, depth, ordered=ordered), _item(one, depth, ordered=ordered)]
            for key, one in value.items()
        ]
        return Written("dict", _json(pairs if ordered else sorted(pairs, key=_json)))
    # What has no order is always written in one, so that equal sets are equal texts.
    items = [_item(one, depth, ordered=ordered) for one in value]
    return Written(kind.__name__, _json(sorted(items, key=_json) if kind in _SETS else items))


def _item(value: Any, depth: int, *, ordered: bool) -> Any:  # noqa: ANN401 - any value
    if value is None or type(value) in {bool, str}:
        return value
    return list(_write(value, depth - 1, ordered=ordered))


def _json(value: Any) -> str:  # noqa: ANN401 - lists and scalars
    return _encode(value)


def _write_int(value: int) -> str:
    # Beyond what a float tells apart in hexadecimal: decimal has a limit of 4,300 digits.
    return str(value) if -EXACT < value < EXACT else hex(value)


def _write_datetime(value: dt.datetime) -> str:
    zone = value.tzinfo
    key = f"[{zone.key}]" if isinstance(zone, zoneinfo.ZoneInfo) and zone.key else ""
    fold = "@" if value.fold else ""
    return f"{value.isoformat()}{fold}{key}"


def _read_datetime(text: str) -> dt.datetime:
    moment, _, zone = text.partition("[")
    bare = moment.removesuffix("@")
    value = dt.datetime.fromisoformat(bare)
    if zone:
        # The wall's time is kept, also where the zone skips that hour; without the zone its offset is left.
        with contextlib.suppress(zoneinfo.ZoneInfoNotFoundError):
            value = value.replace(tzinfo=zoneinfo.ZoneInfo(zone.removesuffix("]")))
    return value.replace(fold=1) if bare != moment else value


def _read_float(text: str) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}.get(text) or float(text)


def _read_item(value: Any) -> Any:  # noqa: ANN401 - a list or a scalar
    if isinstance(value, list):
        kind, text = value
        return read(kind, text)
    return value


def _read_items(text: str) -> list[Any]:
    return [_read_item(one) for one in jsontext.loads(text)]


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    type(None): lambda _: "",
    bool: lambda value: "true" if value else "false",
    int: _write_int,
    float: repr,
    bytes: lambda value: base64.b64encode(value).decode(),
    dt.date: lambda value: value.isoformat(),
    dt.datetime: _write_datetime,
}
_SETS: Final = frozenset({set, frozenset})
_CONTAINERS: Final = frozenset({list, tuple, dict}) | _SETS
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "NoneType": lambda _: None,
    "bool": lambda text: {"true": True, "false": False}[text],
    "int": lambda text: int(text, 0),
    "float": _read_float,
    "str": str,
    "text": jsontext.loads,
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "date": dt.date.fromisoformat,
    "datetime": _read_datetime,
    "list": _read_items,
    "tuple": lambda text: tuple(_read_items(text)),
    "set": lambda text: set(_read_items(text)),
    "frozenset": lambda text: frozenset(_read_items(text)),
    "dict": lambda text: {_read_item(key): _read_item(one) for key, one in jsontext.loads(text)},
}
