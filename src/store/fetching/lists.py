"""Reads lists of the resources that are to be fetched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from store.addresses import label, public
from store.errors import (
    DigestError,
    LocatorError,
    RefusedError,
    StorageError,
    StoreError,
    UnsafeNameError,
)
from store.fetching.list_lines import Line, read_lines
from store.fetching.locator import Listed, parse_locator
from store.files.names import is_plain
from store.integrity.digest import Digest, digests_from

LONGEST: Final = 64 << 20
"""The largest list that is read, in bytes."""

_NAMED: Final = re.compile(r"(?:^|[^a-z0-9])(blake3|b3|blake2b|b2)(?:sums?)?(?:[^a-z0-9]|$)")
"""How the name of a list says that it holds other digests than those of SHA-2."""

_TEXT: Final = "the text"


def read_list(
    source: str | os.PathLike[str],
    *,
    base: str | os.PathLike[str] | None = None,
    allow_weak: bool = False,
) -> list[Listed]:
    """Read a list of resources, to be fetched one by one or with `store.fetch_many`.

    The format is found by the content, line by line: a locator with an optional digest, what
    ``sha256sum`` and its like print (BSD's way, too), and pooch's registries.

    Args:
        source: The list's path; or the list itself, a text with at least one new line in it.
        base: The address, or the directory, that names in the list begin at.
        allow_weak: Take what only an MD5 or SHA-1 digest is known of; the driver must be told to, as
            well (``allow_weak`` in ``[driver.http]``).

    Returns:
        What the list names, in its order. Lines that give other digests of one name are one.

    Raises:
        LocatorError: A line cannot be read, or a name needs ``base``; the message names file and line.
        DigestError: A digest is malformed or too weak, or two of one name disagree.
        UnsafeNameError: A name would lead elsewhere.
        StorageError: The file cannot be read.
    """
    if isinstance(source, str) and "\n" in source:
        return listed(source, source=_TEXT, base=base, allow_weak=allow_weak)
    path = os.fspath(source)
    if "://" in path:
        raise LocatorError(
            f"the list {public(path)} lies elsewhere: read_list(store.fetch(address), base=…) reads it"
        )
    return listed(read_text(path), source=path, base=base, allow_weak=allow_weak)


def listed(
    text: str,
    *,
    source: str,
    base: str | os.PathLike[str] | None = None,
    allow_weak: bool = False,
    foreign: bool = False,
) -> list[Listed]:
    """Return what a list names.

    Args:
        text: The list.
        source: What the list is called; ``B2SUMS`` and the like say which digests it holds.
        base: As for `read_list`.
        allow_weak: As for `read_list`.
        foreign: The list came from elsewhere, and may not name files of this machine.

    Raises:
        RefusedError: A foreign list names a file of this machine.
        StoreError: See `read_list`.
    """
    found: dict[object, Listed] = {}
    pinned: dict[str, Listed] = {}
    for line in read_lines(text, source=source, algorithm=_algorithm(source)):
        where = f"{source}:{line.number}"
        one = _entry(line, where, None if base is None else os.fspath(base))
        if foreign:
            _refuse_local(one.locator, where)
        if one.name is None:
            _refuse_disagreement(one, pinned)
        key = (one.name, one.locator) if one.name is not None else line.number
        found[key] = _joined(found[key], one) if key in found else one
    return [_strong(one, allow_weak=allow_weak) for one in found.values()]


def decoded(data: bytes, source: str) -> str:
    """Return the text of a list.

    Args:
        data: Its bytes.
        source: What it is called.

    Raises:
        LocatorError: It is too large, or no text in UTF-8.
    """
    if len(data) > LONGEST:
        raise LocatorError(f"{source} is no list: it has more than {LONGEST >> 20} MiB")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise LocatorError(
            f"{source}:{number}: it is no text in UTF-8: save the list in that encoding"
        ) from None
    if "\0" in text:
        raise LocatorError(f"{source} is no list: it holds a NUL")
    return text


def read_text(path: str) -> str:
    """Return the text of a list that lies on this machine.

    Raises:
        LocatorError: It is no list.
        StorageError: It cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError(f"the list {path} cannot be read: {reason}", path=path) from error
    return decoded(data, path)


def directory_of(address: str) -> str:
    """Return the address that the names in a list begin at which lies at an address itself."""
    parts = urlsplit(address)
    return urlunsplit(
        parts._replace(path=parts.path.rpartition("/")[0] + "/", query="", fragment="")
    )


def refuse_collisions(wanted: Iterable[Listed]) -> None:
    """Make sure that no two of several would lie at one path of a directory, before anything is fetched.

    Raises:
        RefusedError: Two different ones have one name, or one would lie below the other.
    """
    seen: dict[str, Listed] = {}
    for one in wanted:
        if one.name is None:
            continue
        other = seen.setdefault(one.name, one)
        if (other.locator, other.digests) != (one.locator, one.digests):
            raise _collision(other, one, f"both name {one.name}")
    for name, one in seen.items():
        for above in Path(name).parents:
            other = seen.get(str(above), one)
            if other is not one:
                raise _collision(other, one, f"name {above} as a file and as a directory")


def _collision(first: Listed, second: Listed, how: str) -> RefusedError:
    return RefusedError(
        f"{first.where} and {second.where} {how}: fetch them into directories of their own",
        limit="one resource a path",
    )


def _entry(line: Line, where: str, base: str | None) -> Listed:
    digests = () if line.digest is None else (str(line.digest),)
    if line.kind == "locator" or (line.kind == "either" and base is None):
        return Listed(line.what, digests, None, where)
    name = line.what.removeprefix("./")
    if not is_plain(name):
        raise UnsafeNameError(
            f"{where}: the name {line.what!r} is refused: it must be a plain relative path",
            name=name,
        )
    if line.address:
        return Listed(line.address, digests, name, where)
    if base is None:
        raise LocatorError(
            f"{where}: nothing says where {name} can be had: give --base URL (base=…), or write"
            f" ./{name} for a file of this machine"
        )
    return Listed(_below(base, name), digests, name, where)


def _below(base: str, name: str) -> str:
    """Return where a name lies: below an address, whose query is kept, or a directory."""
    if "://" not in base:
        path = os.path.join(os.path.expanduser(base), name)  # noqa: PTH111, PTH118 - both are texts
        return path if path.startswith("/") else f"./{path}"
    parts = urlsplit(base)
    path = f"{parts.path.rstrip('/')}/{quote(name)}"
    return urlunsplit(parts._replace(path=path, fragment=""))


def _refuse_disagreement(one: Listed, pinned: dict[str, Listed]) -> None:
    """Refuse a locator whose own pin, or that of the same locator in another line, speaks against the line's.

    Raises:
        DigestError: It does.
    """
    try:
        locator = parse_locator(one.locator)
        digests = tuple(map(str, digests_from(locator.digests, allow_weak=True)))
    except StoreError:
        return  # whoever fetches it says what is wrong with it
    told = _joined(one._replace(digests=digests), one)
    other = pinned.get(locator.text)
    pinned[locator.text] = told if other is None else _joined(other, told)


def _refuse_local(locator: str, where: str) -> None:
    if parse_locator(locator).driver in {"file", "registry"}:
        raise RefusedError(
            f"{where}: a list from elsewhere names what is on this machine, {locator}: leave it out",
            limit="no local files",
        )


def _joined(first: Listed, second: Listed) -> Listed:
    """Return one for two lines that speak of the same.

    Raises:
        DigestError: They disagree.
    """
    try:
        digests = digests_from([*first.digests, *second.digests], allow_weak=True)
    except DigestError as error:
        raise DigestError(
            f"{first.where} and {second.where} disagree of {first.name or public(first.locator)}: {error}"
            if first.where != second.where
            else f"{first.where} contradicts itself: {error}",
            digest=error.digest,
        ) from error
    return first._replace(digests=tuple(map(str, digests)))


def _strong(one: Listed, *, allow_weak: bool) -> Listed:
    """Leave out weak digests beside strong ones.

    Raises:
        DigestError: There are only weak ones, and they are not allowed.
    """
    digests = [Digest.parse(digest, allow_weak=True) for digest in one.digests]
    strong = tuple(str(digest) for digest in digests if not digest.weak)
    if strong or not digests or allow_weak:
        return one._replace(digests=strong or one.digests)
    raise DigestError(
        f"{one.where}: {digests[0].algorithm} is too weak to be trusted, and nothing else says what"
        f" {one.name or public(one.locator)} is: ask for a list of SHA-256 digests, or allow it with"
        " allow_weak = true in [driver.http] (allow_weak=True)",
        digest=one.digests[0],
    )


def _algorithm(source: str) -> str:
    """Return what a number without a name is a digest of, going by the name of the list."""
    found = _NAMED.search(label(source).lower())
    if found is None:
        return "sha256"
    return "blake3" if found[1] in {"b3", "blake3"} else "blake2b"
