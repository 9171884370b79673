"""Reads what ``.gitignore`` files name, as git does (``gitignore(5)``)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

NAME: Final = ".gitignore"
"""What the files are called."""

_MAX_BYTES: Final = 1 << 20
"""How much of one is read, in bytes."""


class Rule(NamedTuple):
    """One line of a ``.gitignore``.

    Attributes:
        base: The directory that it counts from, relative to the project; an empty text for the project.
        pattern: What a path below that must match.
        negated: Whether it takes back what rules before it said.
        directories: Whether it means directories alone.
        text: As it was written.
    """

    base: str
    pattern: re.Pattern[str]
    negated: bool
    directories: bool
    text: str


def rules_in(directory: Path, base: str) -> tuple[Rule, ...]:
    """Return the rules of a directory's own ``.gitignore``; none where there is none that can be read.

    Args:
        directory: The directory.
        base: Its path relative to the project.
    """
    path = directory / NAME
    try:
        if path.is_symlink() or not path.is_file():
            return ()
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode(errors="surrogateescape")
    except OSError:
        return ()
    return tuple(filter(None, (_rule(line, base) for line in text.splitlines())))


def ignored_by(path: str, rules: Iterable[Rule], *, directory: bool) -> Rule | None:
    """Return the rule that names a path, the last one counting, or None.

    Args:
        path: The path relative to the project.
        rules: Those of the directories above it, the outermost first.
        directory: Whether it is a directory.
    """
    found = None
    for rule in rules:
        if rule.directories and not directory:
            continue
        if rule.base and not path.startswith(f"{rule.base}/"):
            continue
        below = path[len(rule.base) + 1 :] if rule.base else path
        if rule.pattern.fullmatch(below):
            found = None if rule.negated else rule
    return found


def _rule(line: str, base: str) -> Rule | None:
    text = line.rstrip("\r")
    while text.endswith(" ") and not text.endswith("\\ "):
        text = text[:-1]
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    body = text[1:] if negated else text
    if body.startswith(("\\#", "\\!")):
        body = body[1:]
    directories = body.endswith("/")
    body = body.rstrip("/")
    if not body:
        return None
    return Rule(base, _compiled(body), negated, directories, text)


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return what a pattern means: anchored where a slash stands before its end, else anywhere below."""
    anchored = "/" in pattern
    parts = pattern.lstrip("/").split("/")
    text = "" if anchored else "(?:.*/)?"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:.*/)?"
        else:
            text += _component(part) + ("" if last else "/")
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))


def _component(part: str) -> str:
    text, at = "", 0
    while at < len(part):
        letter = part[at]
        at += 1
        if letter == "*":
            text += "[^/]*"
        elif letter == "?":
            text += "[^/]"
        elif letter == "[" and (end := part.find("]", at + 1)) > 0:
            inner = part[at:end].replace("\\", "\\\\").replace("[", "\\[")
            text += f"(?!/)[{'^' + inner[1:] if inner[:1] in '!^' else inner}]"
            at = end + 1
        elif letter == "\\" and at < len(part):
            text += re.escape(part[at])
            at += 1
        else:
            text += re.escape(letter)
    return text
