"""Reads which shared tiers there are, from a file, a variable or a flag."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from store.config.rules import RuleError, unknown_key
from store.config.tier import READ_ONLY, TIMEOUT, Tier
from store.config.values import parse_flag, parse_path, parse_seconds

_KEYS: Final = ("address", "write", "timeout")
_WEB: Final = ("http", "https")
_OBJECTS: Final = ("s3", "gs", "az")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_NAMED: Final = re.compile(r"bucket:[A-Za-z0-9._-]+(?:/.*)?", re.DOTALL)


def read_tiers(value: Any, directory: str | None) -> tuple[Tier, ...]:  # noqa: ANN401 - as below
    """Return the tiers that stand under ``shared`` in a file.

    Args:
        value: What stood there: an array of tables, or of texts; or one text as a variable has it.
        directory: What a relative path counts from.

    Raises:
        RuleError: They cannot be read; ``steps`` leads to what cannot.
    """
    if isinstance(value, str):
        return parse_tiers(value, directory)
    if not isinstance(value, list | tuple):
        raise RuleError("is no array of tables: write [[shared]]")
    return tuple(_tier(one, number, directory) for number, one in enumerate(value))


def parse_tiers(value: Any, directory: str | None = None) -> tuple[Tier, ...]:  # noqa: ANN401
    """Return the tiers that a variable, a flag or a caller names.

    Args:
        value: Addresses with commas between, each with ``|read-only`` behind it where it is not written to
            (as ccache spells it); ``none`` for no tier. Or a sequence of such, or of tiers.
        directory: What a relative path counts from; None is the working directory.

    Raises:
        RuleError: An address is none.
    """
    if value is None:
        return ()
    if not isinstance(value, str):
        return read_tiers(value, directory)
    words = [word.strip() for word in value.split(",") if word.strip()]
    if [word.lower() for word in words] == ["none"]:
        return ()
    return tuple(_spelled(word, (), directory) for word in words)


def _tier(value: Any, number: int, directory: str | None) -> Tier:  # noqa: ANN401 - whatever stood there
    if isinstance(value, Tier):
        return value
    if isinstance(value, str):
        return _spelled(value, (number,), directory)
    if not isinstance(value, Mapping):
        raise RuleError("is no table: write [[shared]]", (number,))
    for name in value:
        if name not in _KEYS:
            raise unknown_key(name, _KEYS, (number, name))
    if "address" not in value:
        raise RuleError("needs 'address'", (number,))
    address = _address(value["address"], (number, "address"), directory)
    try:
        write = parse_flag(value.get("write", True))
    except ValueError as error:
        raise RuleError(str(error), (number, "write")) from None
    try:
        timeout = parse_seconds(value.get("timeout", TIMEOUT))
    except ValueError as error:
        raise RuleError(str(error), (number, "timeout")) from None
    if timeout is None or not timeout > 0:
        raise RuleError("is refused: it must be more than 0", (number, "timeout"))
    return Tier(address, write, timeout)


def _spelled(text: str, steps: tuple[int | str, ...], directory: str | None) -> Tier:
    address = text.strip()
    write = not address.endswith(READ_ONLY)
    return Tier(_address(address.removesuffix(READ_ONLY), steps, directory), write)


def _address(value: Any, steps: tuple[int | str, ...], directory: str | None) -> str:  # noqa: ANN401
    """Return an address in its normal spelling; it is never shown, since a secret may stand in it."""
    if not isinstance(value, str) or not value.strip():
        raise RuleError(
            "is no address: write a directory, or https://… or s3://bucket/prefix", steps
        )
    text = value.strip()
    match = _SCHEME.match(text)
    if match is None:
        if _NAMED.fullmatch(text):
            return text.rstrip("/")
        try:
            return str(parse_path(text, directory))
        except ValueError as error:
            raise RuleError(str(error), steps) from None
    scheme = match[1].lower()
    if scheme == "file":
        return _path_of(text, steps)
    if scheme not in {*_WEB, *_OBJECTS}:
        known = ", ".join((*_WEB, *_OBJECTS, "bucket"))
        raise RuleError(
            f"has the scheme {scheme!r}: a tier is a directory, or one of {known}", steps
        )
    return _remote(text, scheme, steps)


def _path_of(text: str, steps: tuple[int | str, ...]) -> str:
    """Return the path that a ``file:`` address (RFC 8089) names."""
    from urllib.parse import unquote

    parts = urlsplit(text)
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment or not parts.path:
        raise RuleError("names no directory of this machine: write its path", steps)
    return str(parse_path(unquote(parts.path)))


def _remote(text: str, scheme: str, steps: tuple[int | str, ...]) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise RuleError("cannot be parsed", steps) from None
    if not parts.hostname:
        raise RuleError("names no host" if scheme in _WEB else "names no bucket", steps)
    if "@" in parts.netloc:
        raise RuleError(
            "holds a user or password: credentials stand in netrc, the keyring or STORE_TOKEN_<ORIGIN>",
            steps,
        )
    if parts.query or parts.fragment:
        raise RuleError("has a query or fragment, and digests are put behind it", steps)
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"
