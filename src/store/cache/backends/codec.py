"""What an entry looks like as text, and what can be remembered at all.

An entry is a JSON object: ``uid``, ``expires`` (seconds since 1970 UTC, or null for never) and ``value``.
Only what comes back as it went in is taken: None, booleans, whole and finite numbers, text, lists, and
mappings with text for keys, of exactly these types; and `CachedResource`, as
``{"cached-resource": [uid, path]}`` with the path relative to the cache's directory where it lies inside
(so that a cache can be moved), and with ``"as-is"`` for a third where the given path was relative.
"""

from __future__ import annotations

import json
import logging
import math
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final

from store import jsontext
from store.files.names import derived_name
from store.records import CachedResource

log = logging.getLogger(__name__)

TAG: Final = "cached-resource"
"""The key of the one-key mapping that stands for a `CachedResource`."""

MISS: Final[Any] = object()
"""What `decode` returns where an entry is none."""

_AS_IS: Final = "as-is"

_LONGEST_INTEGER: Final = 13_000
"""In bits: Python refuses to read numbers of more than 4,300 digits."""

_DEEPEST: Final = 64
"""How deep lists and mappings may lie in each other."""


def encode(uid: str, value: Any, expires: float, root: str) -> str | None:  # noqa: ANN401
    """Return an entry as text, or None (logged) where it would not come back as it went in.

    Args:
        uid: Whose entry it is.
        value: What is to be remembered.
        expires: Until when, in seconds since 1970 UTC; infinite for good.
        root: The cache's directory, absolute, without a slash at its end.
    """
    if isinstance(value, CachedResource):
        resource_uid, path = value
        if type(resource_uid) is not str or type(path) is not str:
            log.warning("the entry of %.100r is not remembered: its uid or path is no text", uid)
            return None
        value = {TAG: _located(resource_uid, path, root)}
    elif not _plain(value, _DEEPEST):
        log.warning(
            "the entry of %.100r is not remembered: a %s is no plain data",
            uid,
            type(value).__name__,
        )
        return None
    entry = {"uid": _spelled(uid), "expires": _bounded(expires), "value": value}
    text = json.dumps(entry, allow_nan=False, separators=(",", ":"))
    if jsontext.loads(text) != entry:  # halves of a surrogate pair become one character
        log.warning("the entry of %.100r is not remembered: its text would change", uid)
        return None
    return text


def plain_entry(uid: str, path: str, root: str) -> str | None:
    """Return the entry of a resource that does not grow old, as text, where it is of the plainest.

    Args:
        uid: Whose entry it is.
        path: Where the resource lies.
        root: The cache's directory, absolute, without a slash at its end.

    Returns:
        None where anything in it might not come back as it went in: `encode` looks closer.
    """
    begin = len(root) + 1
    inside = path.startswith(f"{root}/") and path[begin : begin + 1] not in {"", "/"}
    if not (inside and uid.isascii() and path.isascii()):
        return None
    spelled = _quoted(uid)
    return f'{{"uid":{spelled},"expires":null,"value":{{"{TAG}":[{spelled},{_quoted(path[begin:])}]}}}}'


def decode(text: str | bytes, uid: str, now: float, root: str) -> Any:  # noqa: ANN401
    """Return the value of an entry, or `MISS` where it has expired, is damaged or another uid's.

    Args:
        text: What `encode` returned.
        uid: Whose entry it should be.
        now: The time, in seconds since 1970 UTC.
        root: The cache's directory, as it is now.
    """
    try:
        # As text: of bytes, json would first find out how they are encoded.
        entry = jsontext.loads(text if isinstance(text, str) else text.decode())
        found, expires, value = entry["uid"], entry["expires"], entry["value"]
        if found != uid and found != _spelled(uid):
            log.warning("the entry of %.100r is another's: it is passed over", uid)
            return MISS
        if expires is not None and not expires > now:  # so that NaN has expired, too
            return MISS
        if type(value) is dict and len(value) == 1 and TAG in value:
            return _resource(root, *value[TAG])
    except (ValueError, KeyError, TypeError, RecursionError):
        log.warning("the entry of %.100r is damaged: it is passed over", uid)
        return MISS
    return value


def _located(uid: str, path: str, root: str) -> list[str]:
    if not path.startswith("/"):
        return [uid, path, _AS_IS]
    inside = (
        path.startswith(f"{root}/") and len(path) > len(root) + 1 and path[len(root) + 1] != "/"
    )
    return [uid, path[len(root) + 1 :] if inside else path]


def _resource(root: str, uid: str, path: str, manner: str | None = None) -> CachedResource:
    if type(uid) is not str or type(path) is not str or manner not in {None, _AS_IS}:
        raise TypeError(TAG)
    return CachedResource(uid, path if path[:1] == "/" or manner else f"{root}/{path}")


def _spelled(uid: str) -> str:
    """Return the uid, or what stands for one that JSON would not give back."""
    try:
        uid.encode()
    except UnicodeEncodeError:
        return f"surrogates:{derived_name(uid)}"
    return uid


def _bounded(expires: float) -> float | None:
    if expires == math.inf:
        return None
    return 0.0 if expires == -math.inf else expires


def _plain(value: Any, depth: int) -> bool:  # noqa: ANN401
    """Whether JSON gives back exactly this."""
    kind = type(value)
    if kind is int:
        return int(value).bit_length() <= _LONGEST_INTEGER
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        return depth > 0 and all(_plain(one, depth - 1) for one in value)
    if kind is dict:
        tagged = len(value) == 1 and TAG in value
        plain = (type(key) is str and _plain(one, depth - 1) for key, one in value.items())
        return depth > 0 and not tagged and all(plain)
    return value is None or kind in {bool, str}
