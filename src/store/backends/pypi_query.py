"""What is asked of a package index, read from a query or a locator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import unquote

from store.backends.queries import (
    DIGEST_KEYS,
    check_keys,
    digests_of_query,
    filename_of,
    flag_of,
    text_of,
    texts_of,
)
from store.errors import LocatorError, QueryError
from store.integrity.digest import SIZES, Digests

KEYS: Final = DIGEST_KEYS | {
    "name",
    "version",
    "filename",
    "packagetype",
    "python_version",
    "platform",
    "pre",
    "yanked",
}
"""The keys that a query may have beside the algorithms' own names."""

# A warm fetch compiles no pattern here: to compile the five there could be takes half a millisecond.
_IN_NAMES: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_BEGIN_CLAUSES: Final = "<>=!~("
_EXTRAS: Final = r"\s*[A-Za-z0-9._-]+\s*\[.*"
_OPERATORS = ("=", "~", "!", "<", ">")
"""How clauses begin; what follows is looked at by whoever compares versions."""
_LONGEST: Final = 1000
"""The longest text that is read as versions, in characters."""

_PYTHON: Final = r"[0-9]+\.[0-9]+(?:\.[0-9]+)?"
_KINDS: Final[Mapping[str, Literal["wheel", "sdist"]]] = {
    "wheel": "wheel",
    "bdist_wheel": "wheel",
    "sdist": "sdist",
}


class PyPIQuery(NamedTuple):
    """What is asked of an index.

    Attributes:
        name: The project's name, normalised as PEP 503 has it.
        specifier: Version clauses as PEP 440 has them, empty for the latest version.
        filename: The very file that is wanted, or None.
        kind: Only wheels or only source distributions, or None for either.
        python: The Python it is for, as ``3.12`` or ``3.12.4``; None for this interpreter.
        platforms: The platform tags it is for; none for this machine's.
        pre: Whether pre-releases will do; None as PEP 440 has it.
        yanked: Whether yanked files will do even where they are not pinned.
        digests: What the content must be, beside what the index says.
    """

    name: str
    specifier: str = ""
    filename: str | None = None
    kind: Literal["wheel", "sdist"] | None = None
    python: str | None = None
    platforms: tuple[str, ...] = ()
    pre: bool | None = None
    yanked: bool = False
    digests: Digests = ()


def read_query(query: Mapping[str, Any]) -> PyPIQuery:
    """Return what a query asks for; versions are looked at by the index's own room.

    Raises:
        QueryError: A key is missing, unknown or malformed.
        DigestError: A digest is malformed or weak.
        UnsafeNameError: The file name is no plain one.
    """
    check_keys(query, KEYS | SIZES.keys(), "pypi")
    packagetype = text_of(query, "packagetype")
    if packagetype is not None and packagetype not in _KINDS:
        raise QueryError(f"'packagetype' must be one of {', '.join(_KINDS)}, not {packagetype!r}")
    python = text_of(query, "python_version")
    if python is not None and not re.fullmatch(_PYTHON, python):
        raise QueryError(f"'python_version' must be like 3.12, not {python!r}")
    return PyPIQuery(
        name=project_name(text_of(query, "name")),
        specifier=specifier_of(text_of(query, "version")),
        filename=filename_of(query),
        kind=_KINDS[packagetype] if packagetype else None,
        python=python,
        platforms=tuple(tag for one in texts_of(query, "platform") for tag in one.split(".")),
        pre=flag_of(query, "pre"),
        yanked=bool(flag_of(query, "yanked")),
        digests=digests_of_query(query),
    )


def project_name(name: str | None) -> str:
    """Return a project's name, normalised as PEP 503 has it.

    Raises:
        QueryError: It is missing, has extras, or is no name by PEP 508.
    """
    if name is None:
        raise QueryError("the driver pypi needs a 'name'", known=tuple(sorted(KEYS)))
    if "[" in name and re.fullmatch(_EXTRAS, name):
        raise QueryError(
            f"{name!r} names extras: they choose dependencies, not files, so leave them out"
        )
    if not (_IN_NAMES.issuperset(name) and name[:1].isalnum() and name[-1:].isalnum()):
        raise QueryError(
            f"{name!r} is no project's name: letters, digits, '.', '-' and '_',"
            " with a letter or digit at both ends"
        )
    words = name.replace("_", "-").replace(".", "-").split("-")
    return "-".join(filter(None, words)).lower()


def specifier_of(version: str | None) -> str:
    """Return a version or version clauses as clauses: ``1.2`` becomes ``==1.2``; None becomes empty.

    Raises:
        QueryError: It is longer than any version: its numbers could not be read.
    """
    text = (version or "").strip()
    if len(text) > _LONGEST:
        raise QueryError(f"the version has {len(text)} characters: {_LONGEST} are the most")
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if not text or text.startswith(_OPERATORS):
        return text
    return "==" + text


def is_pinned(specifier: str) -> bool:
    """Return whether clauses leave one version only: ``==`` without a wildcard, or ``===``.

    One such clause among several pins too.
    """
    return any(
        one.startswith("==") and not one.endswith(".*")
        for one in (clause.strip() for clause in specifier.split(","))
    )


def read_locator(text: str) -> dict[str, Any]:
    """Return the query that ``NAME[VERSION][?key=value&key=value]`` stands for.

    ``VERSION`` is what PEP 508 allows there: ``==1.17.0``, ``>=1,<2``. The keys after the question mark are
    those of a query (``packagetype``, ``python_version``, ``platform``, ``filename``, ``pre``,
    ``yanked``, …), percent-encoded where need be; ``platform`` may come several times.

    Raises:
        LocatorError: It cannot be read so.
    """
    try:
        return _located(text)
    except QueryError as error:
        raise LocatorError(f"'pypi:{_shown(text)}' cannot be read: {error}") from error


def _located(text: str) -> dict[str, Any]:
    requirement, _, rest = text.partition("?")
    if ";" in requirement or "@" in requirement or "#" in text:
        raise QueryError("markers, addresses and fragments have no place in it")
    begins = [at for at in map(requirement.find, _BEGIN_CLAUSES) if at >= 0]
    end = min(begins, default=len(requirement))
    name, version = requirement[:end].strip(), requirement[end:].strip()
    project_name(name)
    query: dict[str, Any] = {"name": name, **_options(rest)}
    if version:
        if "version" in query:
            raise QueryError("the version is given twice")
        query["version"] = version
    return query


def _options(rest: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in filter(None, rest.split("&")):
        key, equals, value = pair.partition("=")
        if not equals or not value or key == "name":
            raise QueryError(f"{pair!r} is no key=value")
        if key == "platform":
            found.setdefault(key, []).append(unquote(value))
        elif found.setdefault(key, unquote(value)) != unquote(value):
            raise QueryError(f"{key!r} is given twice")
    check_keys(found, KEYS | SIZES.keys(), "pypi")
    return found


def _shown(text: str) -> str:
    """Return a locator fit for a message: an address in it may hold a password."""
    return re.sub(r"//[^/@\s]*@", "//", text)
