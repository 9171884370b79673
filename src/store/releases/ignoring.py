"""Reads what ``.gitignore`` files name, as git does (``gitignore(5)``).

What a pattern means is what git's ``wildmatch.c`` and ``dir.c`` make of it, byte by byte: a ``?`` stands for
one byte of UTF-8, letters are those of ASCII, and ``**`` is more than ``*`` only between slashes, or where
all that stands before it is plain text.
"""

from __future__ import annotations

import codecs
import functools
import os
import re
import stat
import string
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from store.errors import RefusedError
from store.files.failures import storage_errors

NAME: Final = ".gitignore"
"""What the files are called."""

OWN: Final = ".git/info/exclude"
"""What a repository's own file is called, which is not shared with others."""

_MAX_BYTES: Final = 16 << 20
"""How large one may be, in bytes."""

_SPECIAL: Final = frozenset(b"*?[\\")
_SLASH: Final = ord("/")
_STAR: Final = b"[^/]*"
"""What a star means: anything within a name."""

_NEVER: Final = rb"(?!)"
"""What a pattern means that can match nothing: it is not closed, or ends within an escape."""


def _bytes_that(test: Callable[[str], bool]) -> frozenset[int]:
    return frozenset(one for one in range(128) if test(chr(one)))


_CLASSES: Final = {
    b"alnum": _bytes_that(lambda one: one in string.ascii_letters + string.digits),
    b"alpha": _bytes_that(lambda one: one in string.ascii_letters),
    b"blank": frozenset(b" \t"),
    b"cntrl": _bytes_that(lambda one: ord(one) < ord(" ") or one == "\x7f"),
    b"digit": frozenset(string.digits.encode()),
    b"graph": _bytes_that(lambda one: "!" <= one <= "~"),
    b"lower": frozenset(string.ascii_lowercase.encode()),
    b"print": _bytes_that(lambda one: " " <= one <= "~"),
    b"punct": frozenset(string.punctuation.encode()),
    b"space": frozenset(b" \t\n\r"),
    b"upper": frozenset(string.ascii_uppercase.encode()),
    b"xdigit": frozenset(string.hexdigits.encode()),
}


class Rule(NamedTuple):
    """One line of a ``.gitignore``.

    Attributes:
        base: The directory that it counts from, relative to the project; an empty text for the project.
        pattern: What a path below that must match, as bytes.
        negated: Whether it takes back what rules before it said.
        directories: Whether it means directories alone.
        text: As it was written, behind the name of the file.
        way: What stands before each path that is asked: the way from a directory above the project.
    """

    base: str
    pattern: re.Pattern[bytes]
    negated: bool
    directories: bool
    text: str
    way: str = ""


def rules_in(directory: Path, base: str, *, name: str = NAME) -> tuple[Rule, ...]:
    """Return the rules of a directory's own ``.gitignore``; none where there is none.

    Args:
        directory: The directory.
        base: Its path relative to the project.
        name: The file that they stand in, from there.

    Raises:
        StorageError: It cannot be read: what it names would be released.
        RefusedError: It is too large to be read.
    """
    path = directory / name
    with storage_errors(path):
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                return ()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
    if len(text) > _MAX_BYTES:
        raise RefusedError(
            f"{path} is too large to be read, and what it names would be released: {_MAX_BYTES} bytes are"
            " allowed",
            limit=_MAX_BYTES,
        )
    text = text.removeprefix(codecs.BOM_UTF8)
    found = filter(None, (_rule(line, base) for line in text.split(b"\n")))
    return tuple(one._replace(text=f"{name}: {one.text}") for one in found)


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
        if rule.pattern.fullmatch(os.fsencode(rule.way + below)):
            found = None if rule.negated else rule
    return found


def _rule(line: bytes, base: str) -> Rule | None:
    text = _trimmed(line.removesuffix(b"\r"))
    if not text or text.startswith(b"#"):
        return None
    negated = text.startswith(b"!")
    body = text[1:] if negated else text
    directories = body.endswith(b"/")
    shown = text.decode(errors="replace")
    return Rule(base, _compiled(body.removesuffix(b"/")), negated, directories, shown)


def _trimmed(line: bytes) -> bytes:
    """Return a line without the spaces at its end, of which one behind a backslash stays."""
    bare = line.rstrip(b" ")
    escaped = (len(bare) - len(bare.rstrip(b"\\"))) % 2 == 1
    return line[: len(bare) + 1] if escaped else bare


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Return what a pattern means: anchored where a slash stands before its end, else anywhere below."""
    if b"/" not in pattern:
        return re.compile(rb"(?:.*/)?" + _translated(pattern), re.DOTALL)
    whole = pattern.removeprefix(b"/")
    plain = next((at for at, one in enumerate(whole) if one in _SPECIAL), len(whole))
    # git compares the plain beginning first, so that what follows counts as the beginning of the pattern.
    return re.compile(re.escape(whole[:plain]) + _translated(whole[plain:]), re.DOTALL)


def _translated(pattern: bytes) -> bytes:
    """Return what a pattern means; what follows a star, up to the next, is taken where it first fits.

    That is enough, since the next star takes up the rest; to try it at every place would take the longer,
    the more stars there are.
    """
    text, at, star = b"", 0, -1
    while at < len(pattern):
        letter = pattern[at : at + 1]
        if letter == b"*":
            part, at = _stars(pattern, at)
            if star >= 0 and part == _STAR:
                text = text[:star] + b"(?>[^/]*?" + text[star + len(_STAR) :] + b")"
            star = len(text) if part == _STAR else -1
        elif letter == b"[":
            part, at = _one_of(pattern, at + 1)
        elif letter == b"\\":
            part, at = re.escape(pattern[at + 1 : at + 2]) or _NEVER, at + 2
        else:
            part, at = (b"[^/]" if letter == b"?" else re.escape(letter)), at + 1
        text += part
    return text


def _stars(pattern: bytes, begin: int) -> tuple[bytes, int]:
    """Return what stars mean, and where what follows begins."""
    at = begin
    while pattern[at : at + 1] == b"*":
        at += 1
    behind = pattern[at:]
    alone = begin == 0 or pattern[begin - 1] == _SLASH
    if at - begin == 1 or not alone or not (behind == b"" or behind.startswith((b"/", b"\\/"))):
        return _STAR, at
    return (rb"(?:.*/)?", at + 1) if behind.startswith(b"/") else (b".*", at)


def _one_of(pattern: bytes, at: int) -> tuple[bytes, int]:
    """Return what a bracket means whose content begins at a place, and where what follows begins."""
    negated = pattern[at : at + 1] in {b"!", b"^"}
    at += negated
    found: set[int] = set()
    before, first = None, True
    while first or pattern[at : at + 1] != b"]":
        first = False
        if (
            pattern[at : at + 1] == b"-"
            and before is not None
            and pattern[at + 1 : at + 2] not in {b"", b"]"}
        ):
            end, at = _letter(pattern, at + 1)
            found.update(range(before, -1 if end is None else end + 1))
            before = None
        elif pattern[at : at + 2] == b"[:" and (close := pattern.find(b"]", at + 2)) != at + 2:
            name = pattern[at + 2 : close]
            if close < 0 or (name.endswith(b":") and name[:-1] not in _CLASSES):
                return _NEVER, len(pattern)
            if name.endswith(b":"):
                found |= _CLASSES[name[:-1]]
                before, at = None, close + 1
            else:
                found.add(ord("["))
                before, at = ord("["), at + 1
        else:
            before, at = _letter(pattern, at)
            found.add(-1 if before is None else before)
        if at > len(pattern):
            return _NEVER, len(pattern)
    wanted = (set(range(1, 256)) - found if negated else found) - {_SLASH}
    inner = b"".join(b"\\x%02x" % one for one in sorted(wanted))
    return (b"[" + inner + b"]" if inner else _NEVER), at + 1


def _letter(pattern: bytes, at: int) -> tuple[int | None, int]:
    """Return a letter of a bracket, that behind a backslash as it is, and where what follows begins."""
    at += pattern[at : at + 1] == b"\\"
    return (pattern[at] if at < len(pattern) else None), at + 1
