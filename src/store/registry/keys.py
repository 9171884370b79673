"""Names an item by its URI and parameters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from store.errors import QueryError
from store.registry.values import canonical, canonical_pair, is_clean, write

KEY: Final = re.compile(r"[0-9a-f]{32,64}")
"""What a key looks like: 64 hexadecimal digits; 32 for one that was imported."""


class Name(NamedTuple):
    """What an item is called.

    Attributes:
        key: What stands for the other two.
        uri: The canonical identifier, or an empty text.
        params: The parameters as `values.write` has a dictionary.
    """

    key: str
    uri: str
    params: str


NO_PARAMS: Final = write({}).text
"""How no parameters at all are written."""


def name_of(uri: str | None, params: Mapping[str, Any] | None = None) -> Name:
    """Return the name of an item; the same in every process, and for no other URI and parameters.

    The key is the SHA-256 of the canonical spelling of both. ``1`` and ``"1"``, ``[1, 2]`` and ``[2, 1]``,
    ``True`` and ``1`` differ; dictionaries and sets have no order. What is given is not changed.

    Args:
        uri: A canonical identifier; None or an empty text where the parameters alone name the item.
        params: The parameters; None is none.

    Raises:
        QueryError: The URI is no text or holds a NUL, or neither is given.
        TypeError: A parameter cannot be written down.
    """
    text, given = _checked(uri, params)
    return Name(_key(text, given), text, write(given).text if given else NO_PARAMS)


def key_of(uri: str | None, params: Mapping[str, Any] | None = None) -> str:
    """Return the key of a URI and parameters: see `name_of`."""
    return _key(*_checked(uri, params))


def legacy_key(uri: str | None, params: Mapping[str, Any] | None = None) -> str:
    """Return the key that the project ``cachedir`` (cache-manager) gave: an MD5 of a lossy spelling.

    Different parameters may share one; it serves to find what was imported from there.
    """
    given = dict(params or {})
    if uri:
        given["_uri"] = uri
    return hashlib.md5(_lossy(given).encode(), usedforsecurity=False).hexdigest()


def _lossy(value: Any) -> str:  # noqa: ANN401 - any value
    if isinstance(value, Mapping):
        value = [f"{_lossy(key)}={_lossy(one)}" for key, one in value.items()]
    elif isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)
    return f"[{','.join(sorted(map(_lossy, value)))}]"


def _key(uri: str, params: dict[Any, Any]) -> str:
    # Without parameters, which is what most items are, the canonical spelling is known but for the URI.
    spelling = canonical([uri, params]) if params else canonical_pair(uri)
    return hashlib.sha256(spelling.encode()).hexdigest()


def _checked(uri: str | None, params: Mapping[str, Any] | None) -> tuple[str, dict[Any, Any]]:
    text, given = _checked_uri(uri), _checked_params(params)
    if not text and not given:
        raise QueryError("an item is named by a uri, by params, or by both: give one of them")
    return text, given


def _checked_uri(uri: object) -> str:
    if uri is None:
        return ""
    if not isinstance(uri, str):
        raise QueryError(f"a uri is text, not {type(uri).__name__}", query=uri)
    if not is_clean(uri):
        raise QueryError(f"the uri {uri!r} holds a NUL or half of a character", query=uri)
    return uri


def _checked_params(params: object) -> dict[Any, Any]:
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise TypeError(f"params is a mapping, not {type(params).__name__}")
    return dict(params)
