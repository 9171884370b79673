"""Passes records over that cannot be used, where others will do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from store.errors import ArchiveError
from store.releases.versions import Choice, Version

log = logging.getLogger(__name__)


class Admitted(NamedTuple):
    """A record that is asked for.

    Attributes:
        title: Title and version.
        name: Where it lies.
        read: Reads it; what is gone by then reads as None.
    """

    title: str
    name: str
    read: Callable[[], dict[str, Any] | None]


def usable(
    host: object,
    admitted: Mapping[Version, Admitted],
    choice: Choice,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the records of versions by their titles, as long as they can be used; each is read in its turn.

    One that cannot be used is an error where its version is named, or nothing else is admitted; else it is
    passed over, with a warning.

    Args:
        host: The archive.
        admitted: What was admitted, by the version.
        choice: What was asked for.

    Raises:
        ArchiveError: A record cannot be used.
    """
    given, last = False, None
    for version, one in admitted.items():
        try:
            data = one.read()
        except ArchiveError as error:
            if choice.names(version):
                raise
            last = error
            log.warning("%s: the record %s is passed over: %s", host, one.name, error)
            continue
        if data is not None:
            given = True
            yield one.title, data
    if last is not None and not given:
        raise last
