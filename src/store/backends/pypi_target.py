"""The Python and platform that a wheel is to fit."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from store.errors import QueryError

_LEGACY: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""The names that three manylinux platforms had before PEP 600, by their glibc 2.x."""

_OLDEST_GLIBC: Final = {"x86_64": 5, "i686": 5}
_OLDEST_GLIBC_ELSEWHERE: Final = 17


@attrs.frozen(kw_only=True)
class Target:
    """What a file is to run on.

    Attributes:
        python: The Python's version, as ``requires-python`` is held against.
        ranks: Every tag that fits (``packaging.tags.Tag``), and its rank: 0 fits best.
        described: The target in words, for messages.
    """

    python: str
    ranks: Mapping[Any, int] = attrs.field(repr=False)
    described: str


def target_of(python: str | None, platforms: tuple[str, ...]) -> Target:
    """Return the target for a Python and platforms.

    Args:
        python: Such as ``3.12`` or ``3.12.4``; None is this interpreter.
        platforms: Platform tags, the best first; none are this machine's. A ``manylinux`` tag brings the
            older ones of its architecture along, a ``macosx`` tag the older releases.

    Raises:
        QueryError: A platform tag is malformed.
    """
    from packaging import tags

    own = ".".join(map(str, sys.version_info[:3]))
    if python is None and not platforms:
        found: Iterable[Any] = tags.sys_tags()
        return Target(
            python=own, ranks=_ranked(found), described=f"Python {own} on {platform.machine()}"
        )
    version = tuple(int(part) for part in (python or own).split("."))[:2]
    names = [name for one in platforms for name in _widened(one)] or None
    interpreter = f"cp{version[0]}{version[1]}"
    found = [
        *tags.cpython_tags(python_version=version, platforms=names),
        *tags.compatible_tags(python_version=version, interpreter=interpreter, platforms=names),
    ]
    where = f" on {', '.join(platforms)}" if platforms else f" on {platform.machine()}"
    return Target(
        python=python or own, ranks=_ranked(found), described=f"Python {python or own}{where}"
    )


def _ranked(found: Iterable[Any]) -> dict[Any, int]:
    ranks: dict[Any, int] = {}
    for rank, tag in enumerate(found):
        ranks.setdefault(tag, rank)
    return ranks


def _widened(name: str) -> Iterator[str]:
    """Yield a platform tag and those whose files run there too, the closest first."""
    family, _, rest = name.partition("_")
    legacy = {old: glibc for glibc, old in _LEGACY.items()}
    if family in legacy:
        yield from _manylinux(legacy[family], rest)
    elif family == "manylinux":
        numbers, architecture = _numbers(name, rest)
        yield from _manylinux(numbers[1], architecture)
    elif family == "macosx":
        from packaging.tags import mac_platforms

        numbers, architecture = _numbers(name, rest)
        yield from mac_platforms(numbers, architecture)
    else:
        yield name.replace("-", "_").lower()


def _manylinux(glibc: int, architecture: str) -> Iterator[str]:
    oldest = _OLDEST_GLIBC.get(architecture, _OLDEST_GLIBC_ELSEWHERE)
    for minor in range(glibc, min(glibc, oldest) - 1, -1):
        yield f"manylinux_2_{minor}_{architecture}"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_{architecture}"


def _numbers(name: str, rest: str) -> tuple[tuple[int, int], str]:
    major, _, rest = rest.partition("_")
    minor, _, architecture = rest.partition("_")
    if not (major.isdecimal() and minor.isdecimal() and architecture):
        raise QueryError(
            f"the platform {name!r} cannot be read: write it as in manylinux_2_17_x86_64 or"
            " macosx_11_0_arm64"
        )
    return (int(major), int(minor)), architecture
