"""Reads a setting's value from text or from what TOML gives.

The kinds, by the name that ``config.model.setting`` is told:

=========  ==================================================================================
text       any text that is not blank
flag       ``true``/``false``, ``yes``/``no``, ``on``/``off``, ``1``/``0``
seconds    a number, or one with ``s``, ``m``, ``h``, ``d`` or ``w``: ``90``, ``1.5h``; ``none``
bytes      a number, or one with a unit: ``K M G T P`` and ``KiB MiB …`` are powers of 1024,
           ``KB MB …`` powers of 1000 (IEC 80000-13): ``20G``, ``50GiB``, ``4GB``; ``none``
count      a whole number that is not negative
choice     one of the words after the colon: ``choice:full|relaxed``
path       a path; ``~`` is the home directory
list       words with commas between them, or a TOML array
header     printable ASCII on one line, or nothing
=========  ==================================================================================

Case does not matter for flags, units, choices and ``none``.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

_FLAGS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES: Final = {
    "": 1,
    "b": 1,
    **{
        letter + suffix: base ** (power + 1)
        for power, letter in enumerate("kmgtp")
        for suffix, base in (("", 1024), ("ib", 1024), ("b", 1000))
    },
}
_BUCKET: Final = re.compile(r"(?:s3|gs|az)://|bucket:")
_NUMBER_AND_UNIT: Final = r"([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*([a-z]*)"


def parse_value(value: Any, kind: str, *, directory: str | None = None) -> Any:  # noqa: ANN401
    """Return the value that a text, or a value of TOML, stands for.

    Args:
        value: What was given.
        kind: How it is to be read: see above.
        directory: What a relative path counts from; None is the working directory.

    Raises:
        ValueError: It cannot be read so; the message says what is wanted, to follow the value itself.
    """
    name, _, rest = kind.partition(":")
    if name == "choice":
        return parse_choice(value, tuple(rest.split("|")))
    if name == "path":
        return parse_path(value, directory)
    if name == "place":
        return parse_place(value, directory)
    return _PARSERS[name](value)


def parse_text(value: Any) -> str:  # noqa: ANN401 - whatever was given
    """Return a text that is not blank, without the white space around it.

    Raises:
        ValueError: It is no text, or blank.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is no text")
    return value.strip()


def parse_flag(value: Any) -> bool:  # noqa: ANN401 - whatever was given
    """Return a flag.

    Raises:
        ValueError: It is no flag.
    """
    if isinstance(value, bool):
        return value
    found = _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("is no flag: write true or false")
    return found


def parse_seconds(value: Any) -> float | None:  # noqa: ANN401 - whatever was given
    """Return a duration in seconds; None for ``none``.

    Raises:
        ValueError: It is no duration, or negative.
    """
    found = _measured(value, _SECONDS)
    if found is False:
        raise ValueError("is no duration: write seconds, or such as '30s', '5m', '1h' or '7d'")
    return None if found is None else float(found)


def parse_bytes(value: Any) -> int | None:  # noqa: ANN401 - whatever was given
    """Return a size in bytes; None for ``none``.

    Raises:
        ValueError: It is no size, or negative.
    """
    found = _measured(value, _BYTES)
    if found is False:
        raise ValueError("is no size: write bytes, or such as '500M', '20G' or '50GiB'")
    return None if found is None else int(found)


def parse_count(value: Any) -> int:  # noqa: ANN401 - whatever was given
    """Return a whole number that is not negative.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value.strip()):
        return int(value)
    if type(value) is not int or value < 0:
        raise ValueError("is no whole number of 0 or more")
    return value


def parse_choice(value: Any, choices: tuple[str, ...]) -> str:  # noqa: ANN401 - whatever was given
    """Return one of the words.

    Raises:
        ValueError: It is none of them.
    """
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in choices:
        raise ValueError(f"is none of {', '.join(choices)}")
    return word


def parse_place(value: Any, directory: str | None = None) -> str:  # noqa: ANN401 - whatever was given
    """Return a bucket's address (``s3://``, ``gs://``, ``az://``, ``bucket:``) as it is, else a path.

    Args:
        value: The address or path.
        directory: What a relative path counts from; None is the working directory.

    Returns:
        The address, or the path as `parse_path` has it, as text.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, str) and _BUCKET.match(value.strip()):
        return value.strip()
    return os.fspath(parse_path(value, directory))


def parse_path(value: Any, directory: str | None = None) -> Path:  # noqa: ANN401 - whatever was given
    """Return an absolute path; ``~`` is the home directory.

    Args:
        value: The path.
        directory: What a relative one counts from; None is the working directory.

    Raises:
        ValueError: It is no path, or blank, or holds a NUL.
    """
    if not isinstance(value, str | os.PathLike):
        raise ValueError("is no path")  # noqa: TRY004 - the caller maps one kind of error
    text = os.fspath(value)
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise ValueError("is no path")
    text = os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser fails where there is no home
    if directory is not None:
        text = os.path.join(directory, text)  # noqa: PTH118 - both are texts
    return Path(os.path.normpath(text) if os.path.isabs(text) else os.path.abspath(text))  # noqa: PTH100, PTH117


def parse_list(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever was given
    """Return words: those of an array, or those between commas.

    Raises:
        ValueError: It is neither, or one of them is no text.
    """
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise ValueError("is no list of texts")
    return tuple(value)


def parse_header(value: Any) -> str:  # noqa: ANN401 - whatever was given
    """Return a text that may stand in a header (RFC 9110, section 5.5), perhaps an empty one.

    Raises:
        ValueError: It is no text, or holds what would break out of a header.
    """
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ValueError("is no text of printable ASCII")
    return value.strip()


def _measured(value: Any, units: Mapping[str, int]) -> float | None:  # noqa: ANN401
    """Return a number times its unit, None for ``none``, False for what cannot be read."""
    if isinstance(value, bool):
        return False
    if value is None or isinstance(value, int | float):
        readable = value is None or (math.isfinite(value) and value >= 0)
        return value if readable else False
    text = value.strip().lower() if isinstance(value, str) else ""
    if text == "none":
        return None
    match = re.fullmatch(_NUMBER_AND_UNIT, text)
    if match is None or match[2] not in units:
        return False
    number = float(match[1]) if "." in match[1] else int(match[1])
    return number * units[match[2]]


_PARSERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": parse_text,
    "flag": parse_flag,
    "seconds": parse_seconds,
    "bytes": parse_bytes,
    "count": parse_count,
    "list": parse_list,
    "header": parse_header,
}
