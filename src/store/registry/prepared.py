"""Runs statements of the warm path, compiled once for each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

_SQLITE: Final = "sqlite"


class Prepared:
    """A statement that is always the same but for its values.

    SQLAlchemy takes several times as long as SQLite for a small statement. On SQLite the text that it
    compiles is kept, and goes to the driver's own connection; on other engines the statement goes the usual
    way. What the driver raises is mapped by `store.registry.failures.registry_errors`, as everything is.

    Rows are as the driver gives them: SQLite has no bool, so a column of that type is 0 or 1.

    Args:
        statement: The statement, its values bound by name.
        names: The columns that an insert or update sets by the values it is given; None where the
            statement says itself.
    """

    def __init__(self, statement: Any, names: Iterable[str] | None = None) -> None:  # noqa: ANN401 - any statement
        self._statement = statement
        self._names = None if names is None else list(names)
        self._compiled: tuple[str, Callable[[Mapping[str, Any]], list[Any]]] | None = None

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run it, and return all rows."""
        if connection.dialect.name != _SQLITE:
            return connection.execute(self._statement, dict(values)).all()
        text, bound = self._compiled or self._compile(connection.dialect)
        found: list[Any] = driver_of(connection).execute(text, bound(values)).fetchall()
        return found

    def first(self, connection: sa.Connection, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a row
        """Run it, and return the first row, or None."""
        return next(iter(self.rows(connection, values)), None)

    def changed(self, connection: sa.Connection, values: Mapping[str, Any]) -> int:
        """Run it, and return how many rows it changed."""
        if connection.dialect.name != _SQLITE:
            return connection.execute(self._statement, dict(values)).rowcount
        text, bound = self._compiled or self._compile(connection.dialect)
        count: int = driver_of(connection).execute(text, bound(values)).rowcount
        return count

    def many(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each of several sets of values."""
        if connection.dialect.name != _SQLITE:
            connection.execute(self._statement, [dict(row) for row in rows])
            return
        text, bound = self._compiled or self._compile(connection.dialect)
        driver_of(connection).executemany(text, map(bound, rows))

    def _compile(self, dialect: sa.Dialect) -> tuple[str, Callable[[Mapping[str, Any]], list[Any]]]:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
        known = compiled.params
        order = [(name, known[name]) for name in compiled.positiontup]

        def bound(values: Mapping[str, Any]) -> list[Any]:
            """Return the values in the order in which the driver takes them."""
            return [values.get(name, default) for name, default in order]

        self._compiled = str(compiled), bound
        return self._compiled


def run_plain(connection: sa.Connection, text: str) -> None:
    """Run a statement without values that gives nothing back."""
    if connection.dialect.name != _SQLITE:
        connection.exec_driver_sql(text)
    else:
        driver_of(connection).execute(text)


def driver_of(connection: sa.Connection) -> Any:  # noqa: ANN401 - sqlite3's own connection
    """Return the driver's own connection."""
    return connection.connection.dbapi_connection
