"""Reads a TOML file of settings, and knows each key's line."""

from __future__ import annotations

import functools
import os
import re
import stat
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn

from store.errors import ConfigurationError

_MAX_BYTES: Final = 16 * 1024 * 1024
"""The largest file that is read, in bytes."""

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED: Final = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"


class TomlFile(NamedTuple):
    """A TOML file that was read.

    Attributes:
        path: Where it lies.
        data: What it holds.
        text: Its text.
    """

    path: str
    data: Mapping[str, Any]
    text: str

    def line_of(self, *keys: str | int) -> int | None:
        """Return the line on which a key or table begins, counted from 1, or None if it is not found.

        Args:
            keys: The way to it from the top: ``"driver", "pypi", "index_url"``; a number, counted from 0,
                is one of the tables ``[[…]]`` of that name. Where a key stands in an inline table, the
                line of the nearest key above it is returned.
        """
        lines = _lines(self.text)
        for length in range(len(keys), 0, -1):
            if keys[:length] in lines:
                return lines[keys[:length]]
        return None


def read_toml(path: str, marker: bytes = b"") -> TomlFile | None:
    """Read a TOML file.

    Args:
        path: The file.
        marker: Bytes without which the file is not parsed.

    Returns:
        The file, or None where it is missing or has no marker.

    Raises:
        ConfigurationError: It cannot be read, or is no TOML; ``line`` says where.
    """
    try:
        data = _content(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"the settings file {path} cannot be read: {reason}; mend or remove it, or name another"
            " with STORE_CONFIG_FILE",
            path=path,
        ) from error
    return _parsed(path, data) if marker in data else None


def _content(path: str) -> bytes:
    # A FIFO under the name of a settings file must not make us wait; /dev/null is a usual empty file.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
            raise ValueError("it is no regular file")
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES} bytes")
    return data


def _parsed(path: str, data: bytes) -> TomlFile:
    import tomllib

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _damaged(path, line, "it is no UTF-8", error)
    try:
        return TomlFile(path, tomllib.loads(text), text)
    except RecursionError as error:
        _damaged(path, None, "it is nested too deeply", error)
    except ValueError as error:
        found = re.search(r"at line ([0-9]+)", str(error))
        ended = "at end of document" in str(error)
        line_number = int(found[1]) if found else max(1, len(text.splitlines())) if ended else None
        _damaged(path, line_number, str(error), error)


def _damaged(path: str, line: int | None, reason: str, error: Exception) -> NoReturn:
    where = path if line is None else f"{path}:{line}"
    raise ConfigurationError(
        f"{where}: the settings file is no TOML: {reason}; mend it, or move it away",
        path=path,
        line=line,
    ) from error


@functools.lru_cache(maxsize=8)
def _lines(text: str) -> Mapping[tuple[str | int, ...], int]:
    """Return the first line of each key and table, in one pass that needs no parser."""
    found: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    path: tuple[str | int, ...]
    numbers: dict[tuple[str | int, ...], int] = {}
    until = ""
    for number, line in enumerate(text.splitlines(), 1):
        if until:
            until = "" if until in line else until
            continue
        if header := re.match(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]", line):
            table = path = _parts(header[2])
            if header[1] == "[[":
                numbers[path] = numbers.get(path, -1) + 1
                table = path = (*path, numbers[path])
        elif key := re.match(rf"[ \t]*({_DOTTED})[ \t]*=", line):
            path = table + _parts(key[1])
            until = _left_open(line[key.end() :])
        else:
            continue
        named = tuple(part for part in path if isinstance(part, str))
        for way in (path, named):
            for length in range(1, len(way) + 1):
                found.setdefault(way[:length], number)
    return found


def _left_open(value: str) -> str:
    """Return the quotes of a text over several lines that begins here and does not end here, or ''."""
    match = re.match(r"""[ \t]*("{3}|'{3})""", value)
    return match[1] if match and match[1] not in value[match.end() :] else ""


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
