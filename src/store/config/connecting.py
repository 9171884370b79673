"""Takes over tables by name, and checks those of connections."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from store.config.tables import DriverTable, Place, located
from store.config.values import parse_value
from store.errors import ConfigurationError

KINDS: Final[Mapping[str, str]] = {
    "endpoint": "text",
    "access_key": "text",
    "secret_key": "text",
    "session_token": "text",
    "region": "text",
    "kind": "choice:s3|gs|az",
    "bucket": "text",
    "profile": "text",
    "anonymous": "flag",
    "path_style": "flag",
    "allow_http": "flag",
    "ca_bundle": "path",
    "credentials_file": "path",
}
"""The keys of ``[connection.NAME]``, and how each value is read: see `store.config.values`."""

_SECRETS: Final = frozenset({"access_key", "secret_key", "session_token"})


def take_table(
    kind: str,
    name: str,
    tables: dict[str, DriverTable],
    table: Mapping[str, Any],
    *,
    places: Mapping[str, Place] | None = None,
    place: Place | None = None,
) -> None:
    """Take over what a file or a flag says of one driver or connection.

    A driver holds its table against its own keys when it is made; a connection's are known here.

    Args:
        kind: ``driver`` or ``connection``.
        name: The table's name.
        tables: Those that were taken over already, by name.
        table: What is said.
        places: Where each key stands; None for a flag's.
        place: Where the table begins; None for a flag's.

    Raises:
        ConfigurationError: See `connection_values`.
    """
    told = tables.setdefault(name, DriverTable())
    told.place = place or told.place
    told.take(table, places or {})
    if kind == "connection":
        connection_values(name, told)


def connection_values(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a table says, each value read.

    Args:
        name: The connection's name.
        table: Its table in the settings; one of a file knows its lines.

    Raises:
        ConfigurationError: A key is unknown, naming file, line and the nearest known one, or a value is of
            the wrong kind; the value of a secret is not shown.
    """
    places = table.places if isinstance(table, DriverTable) else {}
    found = {}
    for key, value in table.items():
        kind = KINDS.get(key)
        if kind is None:
            raise located(_unknown(name, key), table)
        directory = places[key].path.rpartition("/")[0] if key in places else None
        try:
            found[key] = parse_value(value, kind, directory=directory)
        except ValueError as error:
            shown = "" if key in _SECRETS else f" {value!r:.60}"
            refusal = ConfigurationError(f"connection.{name}.{key}:{shown} {error}", key=key)
            raise located(refusal, table) from None
    return found


def _unknown(name: str, key: str) -> ConfigurationError:
    nearest = difflib.get_close_matches(key, KINDS, n=1)
    meant = f"did you mean {nearest[0]!r}? " if nearest else ""
    return ConfigurationError(
        f"[connection.{name}] has no key {key!r}: {meant}known are {', '.join(sorted(KINDS))}",
        key=key,
        known=tuple(sorted(KINDS)),
    )
