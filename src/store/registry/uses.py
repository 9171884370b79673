"""When an item was used, and how that is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from store.registry.database import Database
from store.registry.schema import uses


@attrs.define
class Use:
    """What an item's use came to since it was last written down; times in microseconds since 1970 UTC."""

    reads: int = 0
    searches: int = 0
    last_read: int | None = None
    last_search: int | None = None


def add_uses(database: Database, connection: sa.Connection, waiting: Mapping[int, Use]) -> None:
    """Add what came together to what is written down, by the items' ids."""
    insert = database.insert(uses)
    given = insert.excluded
    statement = insert.on_conflict_do_update(
        index_elements=[uses.c.item_id],
        set_={
            "reads": uses.c.reads + given.reads,
            "searches": uses.c.searches + given.searches,
            "last_read": sa.func.coalesce(given.last_read, uses.c.last_read),
            "last_search": sa.func.coalesce(given.last_search, uses.c.last_search),
        },
    )
    rows: list[dict[str, Any]] = [
        {"item_id": item_id, **attrs.asdict(use)} for item_id, use in sorted(waiting.items())
    ]
    connection.execute(statement, rows)
