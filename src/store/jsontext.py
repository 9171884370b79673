"""Read JSON that others may have written, however deep it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

_DEEPEST: Final = 200
"""So many lists and objects in one another are read; what is ours has fewer than ten."""

_REST: Final = bytes(set(range(256)) - set(b"[]{}"))
_MARKS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')


def loads(text: str | bytes, *, parse_constant: Callable[[str], Any] | None = None) -> Any:  # noqa: ANN401 - as the standard library's
    """Read a JSON text as :func:`json.loads` does, but refuse what is nested too deeply before it.

    The standard decoder recurses, and stops at the interpreter's limit. On CPython 3.11 the
    garbage collector may run right there, at the limit: finalizers of others then fail for want
    of a frame, and ``Exception ignored in`` stands on the terminal. So a damaged file must not
    lead that far down.

    Args:
        text: The JSON text; bytes are UTF-8, UTF-16 or UTF-32, as :rfc:`8259` and its elders say.
        parse_constant: Gives the value of ``NaN``, ``Infinity`` or ``-Infinity``, or refuses it; without
            it they are numbers, as the standard library has it.

    Returns:
        What it says, as plain data.

    Raises:
        ValueError: It is no JSON, or has more than 200 lists and objects in one another.
    """
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if data.count(b"[") + data.count(b"{") > _DEEPEST and _is_deep(data):
        raise ValueError(f"more than {_DEEPEST} levels of JSON")
    return json.loads(text, parse_constant=parse_constant)


def _is_deep(data: bytes) -> bool:
    """Count levels: pairs are struck out from the inside; only where text has brackets, one by one."""
    marks = data.translate(None, _REST)
    for _ in range(_DEEPEST):
        fewer = marks.replace(b"[]", b"").replace(b"{}", b"")
        if len(fewer) == len(marks):
            break
        marks = fewer
    return bool(marks) and _levels(data) > _DEEPEST


def _levels(data: bytes) -> int:
    depth = deepest = 0
    for mark in _MARKS.finditer(data):
        first = mark[0][0]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest
