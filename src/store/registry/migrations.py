"""Brings a registry of an older schema up to the present one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa

from store.errors import RegistryError
from store.registry.schema import VERSION, handed, metadata


def _to_the_second(connection: sa.Connection) -> None:
    """Add what readers were handed."""
    handed.create(connection)


STEPS: Final[Mapping[int, Callable[[sa.Connection], None]]] = {1: _to_the_second}
"""What leads from each version to the next."""


def check_version(found: int, where: str) -> None:
    """Refuse a schema that is newer than we are.

    Raises:
        RegistryError: It is.
    """
    if found > VERSION:
        raise RegistryError(
            f"the registry {where} was made by a newer release (schema {found}, and {VERSION} is known"
            " here): install the newer one; nothing was changed",
            path=where,
        )


def migrate(
    connection: sa.Connection,
    found: int,
    *,
    steps: Mapping[int, Callable[[sa.Connection], None]] = STEPS,
    wanted: int = VERSION,
) -> None:
    """Make the tables where there are none, else go step by step to the present schema.

    Args:
        connection: In the transaction that it is all to happen in.
        found: The version that is there; 0 is none.
        steps: What leads from each version to the next.
        wanted: The version to arrive at.
    """
    if not found:
        metadata.create_all(connection)
        return
    for version in range(found, wanted):
        steps[version](connection)
