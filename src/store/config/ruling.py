"""Reads the rules of addresses that stand in a file of settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from store.config.patterns import check_replacement, normal_pattern
from store.config.routes import Routes
from store.config.rules import Block, Mirror, RuleError, unknown_key

_KEYS: Final[Mapping[str, Mapping[str, type]]] = {
    "mirror": {"match": str, "replace": str, "only": bool, "unpinned": bool},
    "block": {"match": str, "message": str},
}
_NEEDED: Final = {"mirror": ("match", "replace"), "block": ("match",)}


def read_rules(key: str, value: Any, directory: str | None = None) -> Any:  # noqa: ANN401 - as above
    """Return the rules that stand under one of `RULES` in a file, or the tiers under ``shared``.

    Args:
        key: The key.
        value: What stood there.
        directory: What a relative path in it counts from.

    Returns:
        `Routes`, or a tuple of tiers.

    Raises:
        RuleError: They cannot be read.
    """
    if key == "shared":
        from store.config.tiering import read_tiers

        return read_tiers(value, directory)
    if key == "allow":
        return Routes(allow=(_patterns(value),))
    if not isinstance(value, list):
        raise RuleError(f"is no array of tables: write [[{key}]]")
    tables = [_table(key, one, number) for number, one in enumerate(value)]
    if key == "block":
        return Routes(block=tuple(Block(**one) for one in tables))
    return Routes(mirrors=tuple(Mirror(**one) for one in tables))


def _patterns(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever stood in the file
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise RuleError("is no list of patterns: write such as ['https://host/**']")
    return tuple(_pattern(one, ()) for one in texts)


def _table(key: str, value: Any, number: int) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Return one table of an array, its patterns in their normal spelling."""
    if key == "block" and isinstance(value, str):
        value = {"match": value}
    if not isinstance(value, dict):
        raise RuleError(f"is no table: write [[{key}]]", (number,))
    known = _KEYS[key]
    for name, one in value.items():
        if name not in known:
            raise unknown_key(name, tuple(known), (number, name))
        if type(one) is not known[name]:
            wanted = "text" if known[name] is str else "flag: write true or false"
            raise RuleError(f"is no {wanted}", (number, name))
    missing = [name for name in _NEEDED[key] if name not in value]
    if missing:
        raise RuleError(f"needs {' and '.join(map(repr, missing))}", (number,))
    found = {**value, "match": _pattern(value["match"], (number, "match"))}
    if key == "mirror":
        found["replace"] = _replacement(found, (number, "replace"))
    return found


def _pattern(text: str, steps: tuple[int | str, ...]) -> str:
    try:
        return normal_pattern(text)
    except ValueError as error:
        raise RuleError(str(error), steps) from None


def _replacement(rule: Mapping[str, Any], steps: tuple[int | str, ...]) -> str:
    try:
        whole = rule.get("unpinned", False)
        return check_replacement(rule["match"], rule["replace"], whole=whole)
    except ValueError as error:
        raise RuleError(str(error), steps) from None
