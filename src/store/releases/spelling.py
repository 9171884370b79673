"""Records as text: YAML, of which JSON is the part that we write.

JSON is read and written a hundred times faster than any other YAML, and every reader of YAML reads it
(YAML 1.2, section 1.3). What YAML 1.1 would read as something else than JSON says is written in block
style.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import json
import re
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final

from store import jsontext
from store.errors import ArchiveError, TooLargeError

MAX_BYTES: Final = 256 * 1024**2
"""How large a record may be, in bytes of text."""

_MAX_DEPTH: Final = 200
_MAX_VALUES: Final = 10_000_000

_LONGEST_NAME: Final = 100
"""The longest name, in characters, that YAML 1.1 takes on a line however it is escaped (1,024 bytes)."""

_MEND: Final = ": mend the file by hand, or move it out of the archive"

_PAIR: Final = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


def read_record(text: bytes, *, name: str = "") -> dict[str, Any]:
    """Return the mapping that a record's text stands for.

    Args:
        text: YAML or JSON in UTF-8.
        name: What the record is called, for the error.

    Raises:
        ArchiveError: It is neither, or no mapping, or its references make it far larger than its text.
        TooLargeError: It is longer than `MAX_BYTES`.
    """
    if len(text) > MAX_BYTES:
        raise TooLargeError(
            f"the record {name} is refused: it has {len(text)} bytes, and {MAX_BYTES} are allowed",
            size=len(text),
            limit=MAX_BYTES,
        )
    try:
        found = _parsed(text)
        if isinstance(found, dict):
            return found
        reason = f"it is a {type(found).__name__}, not a mapping"
    except (ValueError, RecursionError) as error:
        told = str(error).partition("\n")[0] or type(error).__name__
        raise _damaged(name, f"{told}{_MEND}") from error
    raise _damaged(name, f"{reason}{_MEND}")


def to_json(data: Mapping[str, Any]) -> str:
    """Return plain data as JSON: dates become text (ISO 8601), bytes too (Base64), sets become sorted lists.

    Raises:
        ArchiveError: It is nested too deeply, or holds what JSON has not.
    """
    return _json(data, allow_nan=False)


def to_yaml(data: Mapping[str, Any]) -> str:
    """Return plain data as YAML that every version of YAML reads alike.

    Raises:
        ArchiveError: It is nested too deeply, or holds what is no plain data.
    """
    try:
        try:
            # DEL is plain text to JSON, and no character at all to YAML.
            lines = _in_lines(data).replace("\x7f", "\\u007f")
            return (_PAIR.sub(_joined, lines) if "\\u" in lines else lines) + "\n"
        except _OnlyYamlError:
            _count(data)
        import yaml

        text: str = yaml.safe_dump(dict(data), sort_keys=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(_title(data), f"it cannot be written: {error}") from error
    except yaml.YAMLError as error:
        raise _damaged(_title(data), "it holds what is no plain data") from error
    return text


def canonical(data: Mapping[str, Any]) -> bytes:
    """Return the one spelling of plain data that its digest is taken of: JSON, names sorted, no white space.

    Raises:
        ArchiveError: It cannot be written so.
    """
    return _json(data, sort_keys=True, separators=(",", ":")).encode()


def _json(data: Mapping[str, Any], **how: Any) -> str:  # noqa: ANN401 - passed on
    """Return plain data as JSON; names of several kinds, as YAML may have them, become text as JSON's do."""
    try:
        try:
            return json.dumps(dict(data), default=_plain, **how)
        except TypeError:
            return json.dumps(_text_named(data), default=_plain, **how)
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(_title(data), f"it cannot be written: {error}") from error


def _text_named(data: Any) -> Any:  # noqa: ANN401 - any plain data
    if isinstance(data, list | tuple):
        return [_text_named(one) for one in data]
    if not isinstance(data, Mapping):
        return data
    found: dict[str, Any] = {}
    for name, value in data.items():
        text = name if isinstance(name, str) else _name_as_text(name)
        if text in found:
            raise ValueError(f"it says two things of {text!r}")
        found[text] = _text_named(value)
    return found


def _name_as_text(name: object) -> str:
    kept = name is None or isinstance(name, bool | int | float)
    return json.dumps(name) if kept else str(_plain(name))


def _title(data: Mapping[str, Any]) -> str:
    return str(data.get("title", ""))[:200]


def _in_lines(data: Mapping[str, Any]) -> str:
    """Return JSON with a line for each field, and for each file of the project.

    The encoder of the standard library is in Python, and slow, where it is to indent.
    """
    lines = []
    for name, value in data.items():
        nested = name == "project" and isinstance(value, dict) and value
        told = f"{{\n{_nodes(value, '  ')}\n }}" if nested else _dumped(value)
        lines.append(f" {_named(name)}: {told}")
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"


def _nodes(node: dict[str, Any], indent: str) -> str:
    lines = []
    for name, value in node.items():
        if not isinstance(value, dict):
            told = _dumped(value)
        elif _holds_nodes(value):
            told = f"{{\n{_nodes(value, indent + ' ')}\n{indent}}}"
        else:
            told = _flat(value)
        lines.append(f"{indent}{_named(name)}: {told}")
    return ",\n".join(lines)


def _holds_nodes(node: dict[str, Any]) -> bool:
    for name, value in node.items():  # noqa: SIM110 - a generator costs twice as much, for thousands
        if isinstance(value, dict) and str(name)[:1] != "/":
            return True
    return False


def _flat(node: dict[str, Any]) -> str:
    """Return the JSON of a mapping on one line, as ``json.dumps`` does at twice the cost."""
    told = [_TOLD.get(type(value), _dumped)(value) for value in node.values()]
    return _line_of(tuple(node)) % tuple(told)


@functools.lru_cache(maxsize=64)
def _line_of(names: tuple[object, ...]) -> str:
    """Return a mapping's line with places for its values; most files have the same names in theirs."""
    told = ", ".join(f"{_named(name)}: \0" for name in names)
    return f"{{{told}}}".replace("%", "%%").replace("\0", "%s")


def _named(name: object) -> str:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise _OnlyYamlError
    return _quoted(name)


def _dumped(value: Any) -> str:  # noqa: ANN401 - any plain data
    if not _is_json(value):
        raise _OnlyYamlError
    return json.dumps(value)


_TOLD: Final[dict[type, Callable[[Any], str]]] = {
    str: _quoted,
    int: str,
    dict: lambda value: _dumped(value) if value else "{}",
}
"""How the kinds are told that most values have, without a look at what they hold."""


class _OnlyYamlError(Exception):
    """Data that YAML does not read as JSON says."""


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - whatever it stands for
    if text.lstrip()[:1] == b"{":
        try:
            return jsontext.loads(text, parse_constant=_refuse_constant)
        except ValueError:
            pass  # a flow mapping of YAML looks like that, too
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # Neither loader makes anything but plain data: this is yaml.safe_load, by the faster parser.
        found = yaml.load(text.decode(), Loader=loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ValueError(f"{error.problem or error.context}{place}") from error
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    _count(found)
    return found


def _refuse_constant(name: str) -> Any:  # noqa: ANN401 - never returns
    raise ValueError(f"{name} is no JSON")


def _count(data: Any) -> None:  # noqa: ANN401 - any plain data
    """Refuse what is too deep, or large only by referring to itself over and over."""
    stack, seen = [(data, 0)], 0
    while stack:
        value, depth = stack.pop()
        seen += 1
        if depth > _MAX_DEPTH or seen > _MAX_VALUES:
            raise ValueError("it is nested too deeply, or refers to itself")
        if isinstance(value, dict):
            stack.extend((one, depth + 1) for one in value.values())
        elif isinstance(value, list | tuple):
            stack.extend((one, depth + 1) for one in value)


def _is_json(data: Any) -> bool:  # noqa: ANN401 - any plain data
    """Whether YAML 1.1 reads the JSON of it as the same: no name but text, no ``1e+16``."""
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if not all(isinstance(name, str) and len(name) <= _LONGEST_NAME for name in value):
                return False
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, float):
            if not repr(value).lstrip("-").replace(".", "", 1).isdigit():
                return False
        elif not (value is None or isinstance(value, str | bool | int)):
            return False
    return True


def _joined(match: re.Match[str]) -> str:
    """Write a character beyond the basic plane as itself: YAML knows no pairs of surrogates."""
    if match[1] is None:
        return match[0]
    high, low = int(match[1], 16), int(match[2], 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _plain(value: object) -> str | list[str]:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    raise TypeError(f"a {type(value).__name__} is no plain data")


def _damaged(name: str, reason: str) -> ArchiveError:
    return ArchiveError(f"the release record {name} cannot be used: {reason[:300]}", archive=name)
