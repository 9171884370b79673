"""What is open of a registry: its database, its files, its leases."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, Self

import attrs
import sqlalchemy as sa

from store.clock import SYSTEM_CLOCK, Clock
from store.config.directories import cache_directory
from store.errors import ConfigurationError
from store.files.names import safe_name
from store.registry.database import Database, Rebuilt
from store.registry.ending import Ending
from store.registry.leases import Leases
from store.registry.places import Places
from store.registry.rebuilding import fill
from store.registry.remote import IS_BUCKET, Remote, copies_of
from store.registry.usage import Usage
from store.transports.base import TransferOptions
from store.transports.objects.addresses import ObjectAddress
from store.transports.objects.base import ObjectClient

BUSY_TIMEOUT: Final = 30.0
"""How long another's write is waited for where nobody says otherwise, in seconds."""


_LONGEST_TIMEOUT: Final = 1e6
"""The longest busy timeout, in seconds: SQLite counts milliseconds in 32 bits."""


@attrs.frozen(kw_only=True)
class Options:
    """How a registry is opened; all that a pickle of it holds.

    Attributes:
        root: The directory with the files, and with the registry itself where that is SQLite.
        url: The address of the registry on PostgreSQL, or None; a secret may stand in it.
        read_only: Write nothing at all.
        busy_timeout: How long another's write is waited for, in seconds.
        durability: ``full``: what is READY survives a power cut; ``relaxed``: what is young may be lost.
        max_bytes: How much the files may take in all, in bytes; None is no limit.
        min_free: How much is to stay free on the disk, in bytes; None is no matter.
        clock: The time.
        bucket: The address of the files in a bucket (``s3://bucket/prefix``), or None: ``root`` holds copies.
        objects: The client of that bucket; None opens one by its address.
        transfer: How its bytes are to be moved, and the connections that the settings name; None for the
            defaults.
    """

    root: str
    url: str | None = attrs.field(default=None, repr=False)
    read_only: bool = False
    busy_timeout: float = BUSY_TIMEOUT
    durability: Literal["full", "relaxed"] = "full"
    max_bytes: int | None = None
    min_free: int | None = None
    clock: Clock = SYSTEM_CLOCK
    bucket: str | None = None
    objects: ObjectClient | None = attrs.field(default=None, repr=False)
    transfer: TransferOptions | None = attrs.field(default=None, repr=False)


class Opened:
    """A registry that is open in this process; survives forks, and pickles as its options.

    Args:
        options: How it is opened. Nothing is opened or made before it is needed.

    Attributes:
        options: As given.
        places: Where its files lie.
        remote: The bucket that they lie in, where that is so; else None.
        database: Its rows.
        leases: Who is there.
        usage: What is still to be written down of its use.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = options.clock
        self.places = Places(options.root)
        self.remote = _remote(options, self.places)
        self.database = _database(options, self.places, self.remote)
        self.leases = _leases(options, self.places, self.database)
        self.usage = Usage(options.clock)
        self._ending = Ending(
            places=self.places, remote=self.remote, clock=self.clock, durable=self.durable
        )
        usage = None if options.read_only else self.usage
        weakref.finalize(self, _end, self.database, self.leases, usage)

    @classmethod
    def opened_by(cls, options: Options) -> Self:
        """Return a registry that is opened so."""
        made = cls.__new__(cls)
        Opened.__init__(made, options)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle how it was opened, not what is open."""
        return type(self).opened_by, (self.options,)

    @property
    def durable(self) -> bool:
        """Whether a power cut must take nothing away that was returned."""
        return self.options.durability == "full"

    def now(self) -> int:
        """Return the time in microseconds since 1970 UTC."""
        return self.clock.now_ns() // 1000

    def flush(self) -> None:
        """Write down what waits of the items' use."""
        if not self.options.read_only:
            self.usage.flush(self.database)

    def close(self) -> None:
        """Write down what waits, give the lease back and close the database; it may be used again."""
        self.flush()
        self.leases.close()
        self.database.close()
        if self.remote is not None:
            self.remote.close()

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Do what this thread does in the block in one transaction, its files brought to the disk at once.

        Either all of it is in the registry afterwards or, where the block raises, nothing. Others wait that
        long to write, so a batch is for many small things, not for long work.

        Raises:
            LockTimeoutError: Another wrote for too long.
        """
        with self.database.batch() as batch:
            if batch is None:
                yield
                return
            try:
                yield
                self.database.check_batch()
                self._ending.prepare(batch)
            except BaseException:
                self._ending.undo(batch)
                raise
        self._ending.sweep(batch)


def options_of(
    path: str | os.PathLike[str] | None,
    pkg: str | None,
    *,
    url: str | None,
    files: str | os.PathLike[str] | None,
    **others: Any,  # noqa: ANN401 - the fields of Options
) -> Options:
    """Return the options that the arguments of a registry come to.

    Raises:
        ConfigurationError: They contradict each other, or one cannot be what it says.
    """
    if url is not None and path is not None:
        raise ConfigurationError(
            "a registry lies at a path or at a url, not at both: give files= for the files of one with a url",
            key="url",
        )
    if files is not None and url is None:
        raise ConfigurationError(
            "files= goes with url=: a registry in SQLite keeps them in its directory", key="files"
        )
    for name in ("max_bytes", "min_free"):
        _check_bytes(name, others.get(name))
    _check_manner(others.get("durability", "full"), others.get("busy_timeout", BUSY_TIMEOUT))
    bucket = files if isinstance(files, str) and IS_BUCKET.match(files) else None
    if bucket is not None:
        files = cache_directory() / "registry-files" / copies_of(bucket)
    given = files if url is not None else path
    root = _directory(given, pkg)
    if url is not None:
        from store.registry.engines import checked_url

        checked_url(url)
    return Options(root=os.fspath(root), url=url, bucket=bucket, **others)


def _directory(given: str | os.PathLike[str] | None, pkg: str | None) -> Path:
    if given is not None:
        text = os.fspath(given)
        if not text or "\0" in text:
            raise ConfigurationError(f"{text!r} is no directory", key="path")
        found = Path(text).expanduser().absolute()
        # The seed takes the path of the registry itself, too.
        return found.parent if found.suffix in {".sqlite", ".db"} and not found.is_dir() else found
    if pkg is not None:
        import platformdirs

        name = safe_name(pkg, "")
        if not name or name != pkg:
            raise ConfigurationError(f"{pkg!r} is no name of a package", key="pkg")
        return Path(platformdirs.user_cache_dir(name, appauthor=False)).absolute()
    return cache_directory() / "registry"


def _check_bytes(name: str, value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ConfigurationError(f"{name} is a number of bytes, not {value!r}", key=name)


def _check_manner(durability: object, busy_timeout: object) -> None:
    if durability not in {"full", "relaxed"}:
        raise ConfigurationError(
            f"durability is 'full' or 'relaxed', not {durability!r}", key="durability"
        )
    is_number = isinstance(busy_timeout, int | float) and not isinstance(busy_timeout, bool)
    if not is_number or not 0 <= busy_timeout <= _LONGEST_TIMEOUT:  # type: ignore[operator]
        raise ConfigurationError(
            f"busy_timeout is a number of seconds, not {busy_timeout!r}", key="busy_timeout"
        )


def _remote(options: Options, places: Places) -> Remote | None:
    if options.bucket is None:
        return None
    place, objects = ObjectAddress.parse(options.bucket), options.objects
    if objects is None:
        from store.transports.objects.opening import open_objects

        objects = open_objects(place._replace(key=""), options.transfer)
    return Remote(objects, place.key, places)


def _database(options: Options, places: Places, remote: Remote | None) -> Database:
    made: Database

    def filled(connection: sa.Connection) -> Rebuilt:
        """Fill it by itself: it is made by the time that it is empty and this is called."""
        return fill(made, connection, places, remote)

    if options.url is not None:
        from store.registry.postgresql import PostgresqlDatabase

        made = PostgresqlDatabase(
            options.url,
            filled,
            read_only=options.read_only,
            busy_timeout=options.busy_timeout,
        )
    else:
        from store.registry.sqlite import SqliteDatabase

        made = SqliteDatabase(
            places,
            options.clock,
            filled,
            read_only=options.read_only,
            busy_timeout=options.busy_timeout,
        )
    return made


def _leases(options: Options, places: Places, database: Database) -> Leases:
    if options.url is not None:
        from store.registry.advisory import AdvisoryLeases

        return AdvisoryLeases(places, options.clock, database, read_only=options.read_only)
    return Leases(places, options.clock, read_only=options.read_only)


def _end(database: Database, leases: Leases, usage: Usage | None) -> None:
    """Close what nobody closed, when its registry is forgotten or the process ends."""
    if usage is not None:
        usage.flush(database)
    leases.close()
    database.close()
