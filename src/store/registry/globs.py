"""Writes SQL's LIKE as the GLOB of SQLite, which tells cases apart."""

from __future__ import annotations


def glob_of(pattern: str) -> str:
    """Return SQL's LIKE pattern as a GLOB, whose own special characters stand for themselves."""
    found, escaped = [], False
    for one in pattern:
        if escaped:
            found.append(_literal(one))
            escaped = False
        elif one == "\\":
            escaped = True
        else:
            found.append({"%": "*", "_": "?"}.get(one) or _literal(one))
    return "".join(found)


def _literal(one: str) -> str:
    return f"[{one}]" if one in "*?[" else one
