"""Gives the records that can be used, and passes the others over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from store.errors import ArchiveError
from store.releases.names import title_of
from store.releases.spelling import read_record
from store.releases.versions import Choice, Version

log = logging.getLogger(__name__)


class Candidate(NamedTuple):
    """A record that is there, not read as yet.

    Attributes:
        version: Its version.
        title: Title and version.
        name: What it is called in its archive.
        read: Returns what it says, or None where it is gone; an `ArchiveError` where it cannot be used.
    """

    version: Version
    title: str
    name: str
    read: Callable[[], dict[str, Any] | None]


def usable(
    host: str, candidates: Iterable[Candidate], choice: Choice
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the records that can be used, by their titles; each is read when its turn comes.

    Args:
        host: The archive.
        candidates: The records.
        choice: Which versions were asked for.

    Raises:
        ArchiveError: One cannot be used, and was named, or no other was given.
    """
    given, last = False, None
    for one in candidates:
        try:
            data = one.read()
        except ArchiveError as error:
            if choice.names(one.version):
                raise
            last = error
            log.warning("%s: the record %s is passed over: %s", host, one.name, error)
            continue
        if data is not None:
            given = True
            yield one.title, data
    if last is not None and not given:
        raise last


def checked(text: bytes, title: str, version: Version) -> dict[str, Any]:
    """Return a record's data, as long as it is of the release that it is kept as.

    Args:
        text: The record, as JSON or YAML.
        title: The title, without a version.
        version: The version.

    Raises:
        ArchiveError: It cannot be read, or says that it is another.
    """
    wanted = title_of(title, version)
    data = read_record(text, name=wanted)
    if data.get("title") != wanted or str(data.get("version")) != str(version):
        raise ArchiveError(
            f"the record under the name of {wanted} says that it is {str(data.get('title'))[:100]!r}",
            archive=wanted,
        )
    return data
