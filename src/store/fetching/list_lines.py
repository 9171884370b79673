"""Reads the lines of a list: locators, checksum files, registries.

Each line is read by itself, so that a list may mix the formats::

    LOCATOR [DIGEST]       one of ours; quotes keep white space together
    NAME HEX [URL]         a registry of pooch (fatiando.org/pooch, "Registry files")
    HEX  NAME              sha256sum(1); HEX *NAME, and the names it has escaped, too
    SHA256 (NAME) = HEX    its --tag, and what BSD's sha256(1) and openssl-dgst(1) print

Empty lines, what follows a ``#``, and the armour of a clear-signed file (RFC 9580, section 7) are passed
over.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from store.errors import DigestError, LocatorError
from store.integrity.digest import SIZES, Digest

_TAGGED: Final = re.compile(r"(\\?)([A-Za-z0-9/-]+) ?\((.+)\) ?= ?([0-9A-Fa-f]+)")
_SUMMED: Final = re.compile(r"(\\?)([0-9A-Fa-f]{32,}) [ *](.+)")
_LOOSELY_SUMMED: Final = re.compile(r"(\\?)([0-9A-Fa-f]{32,})\s+\*?(\S.*)")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{32,}")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*:")
_HERE: Final = ("/", "./", "../", "~")
"""How a path begins that is meant as one."""

_ESCAPES: Final = {r"\\": "\\", r"\n": "\n", r"\r": "\r"}
"""What sha256sum(1) writes in the names of lines that begin with a backslash."""

_TAGS: Final = {
    "sha2256": "sha256",
    "sha2384": "sha384",
    "sha2512": "sha512",
    "blake2b512": "blake2b",
}
"""Other names of algorithms, in lower case and without hyphens."""

_ARMOUR: Final = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE: Final = "-----BEGIN PGP SIGNATURE-----"

_FORMS: Final = (
    "a line is LOCATOR [DIGEST], NAME HEX [URL], HEX  NAME, or SHA256 (NAME) = HEX;"
    " put quotes around what holds white space"
)


class Line(NamedTuple):
    """What a line says.

    Attributes:
        number: Its number, from 1.
        kind: Whether ``what`` is a locator, a name below some base, or may be either.
        what: The locator or name.
        digest: What the content must be, or None.
        address: Where it can be had, where the line says so beside the name; else an empty text.
    """

    number: int
    kind: Literal["locator", "name", "either"]
    what: str
    digest: Digest | None = None
    address: str = ""


def read_lines(text: str, *, source: str, algorithm: str = "sha256") -> Iterator[Line]:
    """Go through what the lines of a list say; weak digests are read, too.

    Args:
        text: The list.
        source: What the list is called, for errors.
        algorithm: What a number without a name is a digest of, where its length fits.

    Raises:
        LocatorError: A line cannot be read; the message names it, and the forms there are.
        DigestError: A digest is malformed, or of an algorithm that is not known.
    """
    for number, line in _bare(text):
        try:
            yield (
                _tagged(line, number)
                or _summed(line, number, algorithm)
                or _in_columns(line, number, algorithm)
            )
        except DigestError as error:
            raise DigestError(f"{source}:{number}: {error}", digest=error.digest) from error
        except ValueError as error:
            raise LocatorError(f"{source}:{number}: {error}") from error


def _bare(text: str) -> Iterator[tuple[int, str]]:
    """Go through the lines that say something, with their numbers, out of a signature's armour."""
    signed = heading = False
    for number, ended in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = ended.removesuffix("\r")
        if line == _ARMOUR:
            signed = heading = True
        elif line == _SIGNATURE and signed:
            return
        elif heading:
            heading = line != ""
        elif line.strip() and not line.lstrip().startswith("#"):
            yield number, line.removeprefix("- ") if signed else line


def _tagged(line: str, number: int) -> Line | None:
    found = _TAGGED.fullmatch(line.strip())
    if found is None:
        return None
    escaped, tag, name, digits = found.groups()
    known = _TAGS.get(tag.lower().replace("-", ""), tag)
    name = _unescaped(name) if escaped else name
    return Line(number, "name", name, Digest.parse(f"{known}:{digits}", allow_weak=True))


def _summed(line: str, number: int, algorithm: str) -> Line | None:
    found = _SUMMED.fullmatch(line) or _LOOSELY_SUMMED.fullmatch(line)
    if found is None:
        return None
    escaped, digits, name = found.groups()
    name = _unescaped(name) if escaped else name
    return Line(number, "name", name, _of_length(digits, algorithm))


def _unescaped(name: str) -> str:
    return re.sub(r"\\[\\nr]", lambda one: _ESCAPES[one[0]], name)


def _in_columns(line: str, number: int, algorithm: str) -> Line:
    what, *rest = _words(line)
    clear = what.startswith(_HERE) or _SCHEME.match(what) is not None
    if not rest:
        return Line(number, "locator" if clear else "either", what)
    spelled, *addresses = rest
    bare = _HEX.fullmatch(spelled) is not None
    if not bare and not spelled.lower().startswith(tuple(SIZES)):
        raise ValueError(_FORMS)
    if len(addresses) > 1 or not all(map(_SCHEME.match, addresses)):
        raise ValueError(_FORMS)
    digest = _of_length(spelled, algorithm) if bare else Digest.parse(spelled, allow_weak=True)
    address = "".join(addresses)
    return Line(number, "locator" if clear and not address else "name", what, digest, address)


def _words(line: str) -> list[str]:
    """Split a line at white space that no quotes hold together; a word that begins with # ends it.

    Raises:
        ValueError: A quotation does not end, or nothing is left.
    """
    words = line.split()
    if words[0][0] in "'\"" or (len(words) > 1 and any(one in line for one in "'\"\\")):
        try:
            words = shlex.split(line)
        except ValueError:
            raise ValueError(_FORMS) from None
    comment = next((at for at, word in enumerate(words) if word.startswith("#")), None)
    if not words[:comment] or not words[0]:
        raise ValueError(_FORMS)
    return words[:comment]


def _of_length(digits: str, algorithm: str) -> Digest:
    """Return the digest that a number without a name is, by its length.

    Raises:
        DigestError: No algorithm's digest is that long.
    """
    fitting = [name for name, size in SIZES.items() if 2 * size == len(digits)]
    if not fitting:
        raise DigestError(
            f"{len(digits)} hexadecimal digits are no digest: SHA-256 has 64, SHA-512 has 128",
            digest=digits,
        )
    return Digest(algorithm if algorithm in fitting else fitting[0], digits.lower())
