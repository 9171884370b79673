"""Maps keys of a bucket to names on disk, and back, without a loss."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from store.errors import QueryError, UnsafeNameError
from store.files.names import PARTIAL_PREFIX, unsafe_component
from store.files.unfinished import is_ours
from store.transports.objects.naming import TRIAL_PREFIX

MARK: Final = "%%"
"""How a component of a name begins that spells a key's component otherwise."""

_TRIAL: Final = re.compile(rf"(?:.*/)?{re.escape(TRIAL_PREFIX)}[0-9a-f]{{16}}", re.DOTALL)
"""The keys under which clients try out, with one byte, whether a store honours conditions."""

_ESCAPED: Final = re.compile(r"%%(?:[^%]|%[0-9A-F]{2})*")
_BEGUN: Final = re.compile(r"%%(?:[^%]|%[0-9A-F]{2})+%%")
_TOKEN: Final = re.compile(r"%[0-9A-F]{2}|[^%]")
_LONGEST: Final = 255
"""The longest component that the usual file systems take, in bytes."""

_LONGEST_NAME: Final = 3072
"""The longest relative path that is made, in bytes: with the directory above it 4096 is the end."""

_LONGEST_KEY: Final = 1024
"""The longest key that S3 takes, in bytes of UTF-8."""


class Names(NamedTuple):
    """Which key lies where.

    Attributes:
        names: The name below the directory, by key.
        notes: What is spelled otherwise or passed over, and why, for people.
    """

    names: dict[str, str]
    notes: list[str]


def within(remote: str | None) -> str:
    """Return the prefix of all keys inside a directory of the bucket: empty, or with one slash at its end.

    Raises:
        QueryError: It begins with a slash, or a component of it is empty, ``.`` or ``..``.
    """
    path = (remote or "").removesuffix("/")
    if path and any(part in {"", ".", ".."} for part in path.split("/")):
        raise QueryError(
            f"{remote!r} is no directory of a bucket: write it like 'data' or 'data/2026', without"
            " '.', '..' or a slash at its beginning",
            query=remote,
        )
    return f"{path}/" if path else ""


def names_for(keys: Collection[str], *, folding: bool = False) -> Names:
    """Return a safe name on disk for each key: no two share one, none leads out of the directory.

    A key that is a plain relative path keeps its spelling. Any other has the components in question
    escaped: ``%%``, then the component with percent-encoding where it needs that; one that is too long for a
    name becomes several, one below the other, of which all but the last end with ``%%``. `key_of` reads it
    back.

    Args:
        keys: The keys, relative to the directory that is kept alike.
        folding: Whether the file system takes names that differ in case alone for one.

    Raises:
        UnsafeNameError: A name would be longer than a file system takes.
    """
    notes: list[str] = []
    directories = directories_of(keys)
    names = {}
    for key in keys:
        name = _plain_or_escaped(key)
        if key in directories:
            # A file beside a directory of its own name: the file gets another.
            parent, slash, last = name.rpartition("/")
            name = f"{parent}{slash}{_escaped(last) if not last.startswith(MARK) else last + '%2F'}"
            notes.append(f"{key!r} is an object beside others below it: it lies at {name!r}")
        elif name != key:
            notes.append(f"{key!r} is no safe name here: it lies at {name!r}")
        names[key] = name
    _part_twins(names, notes, folding=folding)
    for key, name in names.items():
        _check_length(key, name)
    return Names(names, notes)


def key_of(name: str) -> str:
    """Return the key that a name on disk stands for: the name itself, or what was escaped in it.

    Args:
        name: The path relative to the directory, with ``/`` between components.

    Raises:
        UnsafeNameError: It is no text, or too long for a key.
    """
    key = "/".join(_read_back(part) for part in _joined(name)) if MARK in name else name
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise UnsafeNameError(
            f"{name!r} cannot be a key: it is no UTF-8 text; rename or exclude it", name=name
        ) from None
    if length > _LONGEST_KEY:
        raise UnsafeNameError(
            f"{name!r} cannot be a key: it is longer than {_LONGEST_KEY} bytes; exclude it",
            name=name,
        )
    return key


def shown(name: str) -> str:
    """Return a name for people: what does not print (tabs, new lines, escapes, bidi marks) is spelled out."""
    if name.isprintable():
        return name
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in name)


def keys_for(names: Iterable[str]) -> dict[str, str]:
    """Return the name on disk of each key that files stand for.

    Raises:
        UnsafeNameError: A name cannot be a key, or two names stand for one.
    """
    found: dict[str, str] = {}
    for name in names:
        key = key_of(name)
        if key in found:
            raise UnsafeNameError(
                f"{found[key]!r} and {name!r} both stand for the key {key!r}: remove or exclude one",
                name=name,
            )
        found[key] = name
    return found


def is_marker(key: str, size: int) -> bool:
    """Whether an object stands for a directory only (``data/``, empty), or for nothing (our own trial)."""
    return (size == 0 and (key.endswith("/") or not key)) or (
        size == 1 and _TRIAL.fullmatch(key) is not None
    )


def _plain_or_escaped(key: str) -> str:
    if key.isascii() and key.isprintable() and not _SUSPECT.search(f"/{key}/"):
        return key if len(key) <= _LONGEST else _by_parts(key)
    return _by_parts(key)


_SUSPECT: Final = re.compile(rf"//|/\.\.?/|\\|/%%|/{re.escape(PARTIAL_PREFIX)}")
"""What a printable ASCII key holds whose components have to be looked at."""


def _by_parts(key: str) -> str:
    return "/".join(_spelled(part) for part in key.split("/"))


def _spelled(part: str) -> str:
    if not (part.startswith(MARK) or is_ours(part) or unsafe_component(part)):
        return part
    text = _escaped(part)
    if _length(text) <= _LONGEST:
        return text
    pieces, piece = [], MARK
    for one in _TOKEN.findall(text.removeprefix(MARK)):
        if _length(piece) + _length(one) + len(MARK) > _LONGEST:
            pieces.append(piece + MARK)
            piece = MARK
        piece += one
    return "/".join([*pieces, piece])


def _joined(name: str) -> list[str]:
    """Return the components of a name, with those that were one made one again."""
    parts: list[str] = []
    pieces: list[str] = []
    for part in name.split("/"):
        if pieces and not part.startswith(MARK):
            parts += pieces
            pieces = []
        pieces.append(part)
        if not _BEGUN.fullmatch(part):
            parts += _one_again(pieces)
            pieces = []
    return parts + pieces


def _one_again(pieces: list[str]) -> list[str]:
    """Return the one component that several were, where they are what it is spelled as; else them."""
    if len(pieces) == 1:
        return pieces
    one = MARK + "".join(piece.removeprefix(MARK).removesuffix(MARK) for piece in pieces)
    spelled = _spelled(_read_back(one))
    return [one] if "/".join(pieces) in {spelled, f"{spelled}%2F"} else pieces


def _length(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _escaped(part: str, *, letters: bool = False) -> str:
    """Spell a component so that it is safe; ``letters`` gives capitals another spelling too."""
    if part in {".", ".."}:
        return MARK + part.replace(".", "%2E")
    return MARK + "".join(
        quote(one, safe="", errors="surrogatepass")
        if one in "%\\" or unsafe_component(f"x{one}x")
        else f"%{ord(one):02X}"
        if letters and one.isascii() and one.isupper()
        else one
        for one in part
    )


def _read_back(part: str) -> str:
    if not _ESCAPED.fullmatch(part):
        return part
    read = unquote_to_bytes(part.removeprefix(MARK))
    try:
        key = read.decode().removesuffix("/")
    except UnicodeDecodeError:
        return part
    spellings = {_escaped(key), _escaped(key) + "%2F", _escaped(key, letters=True)}
    return key if part in spellings else part


def directories_of(keys: Iterable[str]) -> set[str]:
    """Return every path that is a directory where all keys are files."""
    found: set[str] = set()
    for key in keys:
        parent = key.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return found


def _part_twins(names: dict[str, str], notes: list[str], *, folding: bool) -> None:
    """Note names that a person, or a file system that folds case, would take for one; part them there."""
    seen: dict[str, str] = {}
    for key in sorted(names):
        name = names[key]
        twin = seen.setdefault(folded(name), key)
        if twin == key:
            continue
        if folding and name.casefold() == names[twin].casefold():
            names[key] = "/".join(
                part if part.startswith(MARK) else _escaped(part, letters=True)
                for part in name.split("/")
            )
            notes.append(
                f"{key!r} and {twin!r} are one name here: the first lies at {names[key]!r}"
            )
        else:
            notes.append(f"{key!r} and {twin!r} are two objects whose names look alike")


def folded(name: str) -> str:
    """Return what is the same for names that look alike: case, Unicode form and outer spaces put aside."""
    if name.isascii():
        return (
            "/".join(part.strip() for part in name.split("/")).lower()
            if " " in name
            else name.lower()
        )
    text = unicodedata.normalize("NFC", name).casefold()
    return "/".join(part.strip() for part in text.split("/"))


def _check_length(key: str, name: str) -> None:
    if len(name) <= _LONGEST // 4:
        return
    if any(_length(part) > _LONGEST for part in name.split("/")) or _length(name) > _LONGEST_NAME:
        raise UnsafeNameError(
            f"the key {key!r} has no name on this disk: it would be longer than {_LONGEST_NAME} bytes, or a"
            f" component of it than {_LONGEST}; exclude it",
            name=key,
        )
