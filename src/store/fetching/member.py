"""Tells an archive's locator from the member of it that is wanted."""

from __future__ import annotations

import os
import re
from typing import Final

from store.addresses import public
from store.errors import LocatorError
from store.files.names import unsafe_component
from store.files.unpacking.suffixes import names_archive
from store.integrity.digest import SIZES

_ALGORITHM: Final = rf"(?:{'|'.join(SIZES)})[:=-]"
_PINNED: Final = re.compile(rf"#{_ALGORITHM}[^!#]*(?=!)", re.IGNORECASE)
_PINS: Final = re.compile(rf"#{_ALGORITHM}[^#]*\Z", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*:(//)?")


def split_member(text: str) -> tuple[str, str | None]:
    """Split ``locator!member`` into a locator and the member of the archive it names.

    A ``!`` stands for itself, unless what is before it names an archive by its suffix, ends in pinned
    digests, or is a driver's spelling that a ``/`` follows (``pypi:six!/six.py``); and not even then in a
    path that exists as it is written. Digests at the end are the archive's: they go with the locator.

    Args:
        text: A locator.

    Returns:
        The locator and the member; None where none is named, an empty text for all of the archive.

    Raises:
        LocatorError: The member is no plain relative path.
    """
    pinned = _PINNED.search(text)
    if pinned is not None:
        return text[: pinned.end()], _plain(text[pinned.end() + 1 :], text)
    pins = _PINS.search(text)
    front = text if pins is None else text[: pins.start()]
    end = -1 if _is_there(front) else _end_of_archive(front)
    if end < 0:
        return text, None
    return front[:end] + text[len(front) :], _plain(front[end + 1 :], text)


def _end_of_archive(front: str) -> int:
    """Return where the ``!`` before a member stands; -1 where there is none."""
    scheme = None if front.startswith(("/", "./", "../", "~")) else _SCHEME.match(front)
    drivers_own = scheme is not None and scheme[1] is None and scheme[0].lower() != "file:"
    at = front.find("!")
    while at >= 0:
        archive = front[:at]
        if names_archive(archive) or (scheme and names_archive(archive.partition("?")[0])):
            return at
        if drivers_own and front.startswith("!/", at):
            return at
        at = front.find("!", at + 1)
    return -1


def _is_there(path: str) -> bool:
    """Whether it is the path of something that lies there, whatever it is called."""
    return os.path.lexists(os.path.expanduser(path))  # noqa: PTH111 - any text


def _plain(member: str, text: str) -> str:
    # As archives spell their members: "./a" is "a"; and "!/" is how drivers' own spellings begin.
    plain = "/".join(part for part in member.strip("/").split("/") if part != ".")
    if plain and any(unsafe_component(part) for part in plain.split("/")):
        raise LocatorError(
            f"the member {member!r} is no plain path in an archive: write archive!directory/file",
            query=public(text),
        )
    return plain
