"""A driver's table of settings, which knows where each key stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from store.config.values import parse_path
from store.errors import ConfigurationError


class Place(NamedTuple):
    """Where a driver's setting was found.

    Attributes:
        path: The file.
        line: Its line there, counted from 1, or None where it is not known.
    """

    path: str
    line: int | None

    def __str__(self) -> str:
        """Return ``file:line``."""
        return self.path if self.line is None else f"{self.path}:{self.line}"


class DriverTable(dict[str, Any]):
    """What a driver is told, key by key from the files and flags that speak of it.

    Attributes:
        places: Where each key was found that stands in a file.
        place: Where the table begins that was read last, or None where no file has one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, Place] = {}
        self.place: Place | None = None

    def take(self, table: Mapping[str, Any], places: Mapping[str, Place]) -> None:
        """Take over the keys of a nearer table; those of no file have no place."""
        for key, value in table.items():
            self[key] = value
            self.places.pop(key, None)
        self.places.update(places)


def configuration_of(table: Mapping[str, Any], paths: Collection[str]) -> dict[str, Any]:
    """Return what a driver is told, as a mapping of its own.

    Args:
        table: Its table in the settings.
        paths: The keys whose values are paths: as for other settings, a relative one counts from the
            directory of the file that it stands in, elsewhere from the working directory.
    """
    configuration = dict(table)
    places = table.places if isinstance(table, DriverTable) else {}
    for key in configuration.keys() & places.keys() & set(paths):
        directory = places[key].path.rpartition("/")[0]
        try:
            configuration[key] = str(parse_path(configuration[key], directory))
        except ValueError:  # the driver says what is wrong with it
            continue
    return configuration


def located(error: ConfigurationError, table: Mapping[str, Any]) -> ConfigurationError:
    """Return what a driver says of its table, with the file and line that it speaks of.

    Args:
        error: What the driver raised; its ``key`` leads to the line, else the table itself is named.
        table: Its table in the settings.
    """
    if not isinstance(table, DriverTable) or error.path is not None:
        return error
    place = table.places.get(error.key or "") or table.place
    if place is None or (error.key in table and error.key not in table.places):
        return error
    return ConfigurationError(
        f"{place}: {error}", path=place.path, line=place.line, key=error.key, known=error.known
    )
