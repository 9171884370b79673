"""Keeps connections open for whoever works next."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

_MOST: Final = 8
"""How many connections are kept; as many as SQLAlchemy's pool keeps."""


class Idle:
    """Connections that nobody uses at the moment, of one process.

    SQLAlchemy's pool takes as long to lend a connection as SQLite does for two small statements, so it is
    asked only for further ones. Safe for many threads: a list's ``append`` and ``pop`` are each one step.
    """

    def __init__(self) -> None:
        self._idle: list[sa.Connection] = []
        self._left: list[list[sa.Connection]] = []

    def take(self, engine: sa.Engine) -> sa.Connection:
        """Return an open connection of an engine; it is the caller's until it is given back or closed."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another was quicker
                break
            if connection.engine is engine:
                return connection
            _end(connection)
        return engine.connect()

    def give_back(self, connection: sa.Connection, engine: sa.Engine | None) -> None:
        """Take back a connection whose work ended well; it is closed where its engine is no longer in use."""
        if connection.in_transaction():
            connection.rollback()
        if connection.engine is not engine:
            _end(connection)
        elif len(self._idle) < _MOST:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close all of them; before their engine is disposed of."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def leave(self) -> None:
        """Begin anew in a fork's child: the parent's are neither closed nor collected, as SQLite demands."""
        self._left.append(self._idle)
        self._idle = []


def _end(connection: sa.Connection) -> None:
    connection.detach()
    connection.close()
