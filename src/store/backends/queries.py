"""Reads the keys and values that queries of several drivers share."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from store.addresses import public, public_query
from store.errors import ConfigurationError, QueryError, UnsafeNameError
from store.files.names import safe_name
from store.integrity.digest import SIZES, Digest, Digests, digests_from

DIGEST_KEYS: Final = frozenset({"digest", "digests"})
"""The keys under which a query pins digests, in any spelling that `digests_from` takes."""

_OF_HOSTS: Final = frozenset({"http", "https"})
"""The schemes whose addresses need a host; what a stranger's scheme needs, its transport knows."""

_FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def check_keys(query: object, known: Collection[str], driver: str) -> Mapping[str, Any]:
    """Return a query, made sure to be a mapping that has none but the known keys.

    Args:
        query: The query as it came.
        known: The keys that the driver understands.
        driver: The driver's name, for the message.

    Raises:
        QueryError: It is no mapping, or a key is unknown; the nearest known one is told.
    """
    if not isinstance(query, Mapping):
        raise QueryError(
            f"the driver {driver} is asked with a mapping, not with {type(query).__name__}",
            known=tuple(sorted(known)),
        )
    for key in query:
        if key not in known:
            raise QueryError(
                f"the driver {driver} does not know the key {key!r}{_nearest(key, known)}",
                query=public_query(query),
                known=tuple(sorted(known)),
            )
    return query


def check_configuration(
    configuration: object, known: Collection[str], driver: str
) -> Mapping[str, Any]:
    """Return a driver's configuration, made sure to be a mapping that has none but the known keys.

    Args:
        configuration: What the store was given; None is an empty one.
        known: The keys that the driver understands.
        driver: The driver's name, for the message.

    Raises:
        ConfigurationError: It is no mapping, or a key is unknown; the nearest known one is told.
    """
    if configuration is None:
        return {}
    if not isinstance(configuration, Mapping):
        raise ConfigurationError(
            f"the driver {driver} is configured with a mapping, not with"
            f" {type(configuration).__name__}",
            known=tuple(sorted(known)),
        )
    for key in configuration:
        if key not in known:
            raise ConfigurationError(
                f"the driver {driver} has no setting {key!r}{_nearest(key, known)}",
                key=str(key),
                known=tuple(sorted(known)),
            )
    return configuration


@contextlib.contextmanager
def settings_errors(driver: str, key: str | None = None) -> Iterator[None]:
    """Turn what is said of a query's value in the block into what is said of a setting.

    Args:
        driver: The driver's name, for the message.
        key: The setting that is read, by which its line in a file is found.

    Raises:
        ConfigurationError: A value cannot be read.
    """
    try:
        yield
    except QueryError as error:
        raise ConfigurationError(
            f"the configuration of the driver {driver}: {error}", key=key
        ) from error


def text_of(query: Mapping[str, Any], key: str) -> str | None:
    """Return the text under a key, or None where the key is absent or None.

    Raises:
        QueryError: It is no text, or empty.
    """
    value = query.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise QueryError(f"{key!r} must be a text that is not empty, not {value!r}")
    return value


def texts_of(query: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the text or texts under a key, an empty tuple where the key is absent or None.

    Raises:
        QueryError: One of them is no text, or empty; or it is neither a text nor a list of texts.
    """
    value = query.get(key)
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple):
        raise QueryError(f"{key!r} must be a text or a list of texts, not {type(value).__name__}")
    return tuple(text for one in values if (text := text_of({key: one}, key)) is not None)


def flag_of(mapping: Mapping[str, Any], key: str) -> bool | None:
    """Return the flag under a key (a bool, or ``true`` or ``false``), None where it is absent.

    Raises:
        QueryError: It is neither.
    """
    value = mapping.get(key)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    raise QueryError(f"{key!r} must be true or false, not {value!r}")


def size_of(query: Mapping[str, Any]) -> int | None:
    """Return the size in bytes under ``size``, None where it is absent.

    Raises:
        QueryError: It is no number of bytes.
    """
    value = query.get("size")
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise QueryError(f"'size' must be a number of bytes, not {value!r}")


def filename_of(query: Mapping[str, Any]) -> str | None:
    """Return the plain file name under ``filename``, None where it is absent.

    Raises:
        QueryError: It is no text.
        UnsafeNameError: It would lead into another directory.
    """
    name = text_of(query, "filename")
    if name is None:
        return None
    if "/" in name or "\\" in name or safe_name(name, "") == "":
        raise UnsafeNameError(
            f"{name!r} is no plain file name: give it without a directory", name=name
        )
    return safe_name(name)


def digests_of_query(query: Mapping[str, Any], *, allow_weak: bool = False) -> Digests:
    """Return the digests under ``digest``, ``digests`` and the algorithms' own names, merged.

    Args:
        query: The query.
        allow_weak: Accept MD5 and SHA-1.

    Raises:
        DigestError: One of them is malformed or weak, or two of one algorithm disagree.
    """
    found: list[str | Digest] = []
    for key in sorted(DIGEST_KEYS & query.keys()):
        found += digests_from(query[key], allow_weak=allow_weak)
    found += [f"{name}:{query[name]}" for name in SIZES if query.get(name) is not None]
    return digests_from(found, allow_weak=allow_weak)


def address_of(text: str) -> str:
    """Return an address, made sure to be one before anything is asked of it.

    Raises:
        QueryError: It has no scheme, or no host where its scheme needs one, holds a space or control
            character, or its port is no number.
    """
    if any(one.isspace() or not one.isprintable() for one in text):
        raise _no_address(text, "it holds a space or a control character (a space is written %20)")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        # What cannot be parsed is not shown, nor is urllib's message: a password may stand in both.
        raise QueryError(
            "the host or the port of an address is malformed (a port is a number up to 65535); it is not"
            " shown, since a password may stand in it"
        ) from None
    if not parts.scheme or "://" not in text:
        raise _no_address(text, "it must begin with a scheme, as in https://host/path")
    if not parts.hostname and (parts.scheme in _OF_HOSTS or "@" in parts.netloc):
        raise _no_address(text, "it names no host")
    if port == 0:
        raise _no_address(text, "its port is 0")
    return text


def _no_address(text: str, fault: str) -> QueryError:
    return QueryError(f"{public(text)!r} is no address that can be asked: {fault}")


def _nearest(key: object, known: Collection[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(key), sorted(known), n=1)
    hint = f": did you mean {close[0]!r}?" if close else ":"
    return f"{hint} Known are {', '.join(sorted(known))}"
