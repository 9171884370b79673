"""Opens the bucket that a command speaks of, and shows its bytes."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeVar

import click

from store.cli.frame import Frame
from store.cli.measures import Measure
from store.cli.options import given

if TYPE_CHECKING:
    from store.buckets.summaries import Summary
    from store.errors import MissingKeyError
    from store.events import Event, Listener, Saved
    from store.transports.base import TransferOptions
    from store.transports.objects.addresses import ObjectAddress
    from store.transports.objects.base import Counted, ObjectClient
    from store.transports.objects.connection import Connection

log = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])

ADDRESS: Final = "ADDRESS"
"""What names an object, a directory of a bucket, or a bucket."""

_JOBS: Final = 16
"""How many files are moved at once unless somebody says otherwise."""


class Place(NamedTuple):
    """An address whose bucket is open.

    Attributes:
        address: The address, its connection's name resolved.
        client: The bucket's objects.
        options: How bytes are moved.
        connection: How the bucket is reached.
    """

    address: ObjectAddress
    client: ObjectClient
    options: TransferOptions
    connection: Connection

    @property
    def key(self) -> str:
        """The object's name, or the beginning of several."""
        return self.address.key

    @property
    def many(self) -> bool:
        """Whether all below it is meant."""
        return self.key == "" or self.key.endswith("/")

    def memory(self, frame: Frame) -> Path:
        """Return where syncs remember digests: below the cache's directory."""
        from store.buckets.memory import DIRECTORY
        from store.config.directories import cache_directory

        return (frame.settings.cache_dir or cache_directory()) / DIRECTORY

    def spelled(self, key: str) -> str:
        """Return the address of a key in the same bucket, so that it can be given to a command again."""
        from store.transports.objects.addresses import ObjectAddress

        root = ObjectAddress.parse(self.client.address)
        return root._replace(key=f"{root.key}/{key}" if root.key else key).brief


@contextlib.contextmanager
def opened_place(frame: Frame, text: str, *, versioned: bool = False) -> Iterator[Place]:
    """Open the bucket of an address, hold its use within the deadline, and close it afterwards.

    Args:
        frame: The run.
        text: The address, as it was given.
        versioned: Whether the address may name a version of an object.

    Raises:
        UsageError: The address names a version, where that is not looked at.
        StoreError: The settings or the address cannot be read, or the bucket cannot be opened.
    """
    from store.transports.base import TransferOptions
    from store.transports.deadlines import begun, keeping
    from store.transports.objects.opening import locate, open_objects

    settings = frame.settings
    options = TransferOptions.from_settings(settings, _following(frame))
    address, connection = locate(text, options)
    many = not address.key or address.key.endswith("/")
    if address.version is not None and (many or not versioned):
        raise click.UsageError(
            f"{text}: only 'store bucket get' (of one object) and 'store fetch' know versions: leave"
            " ?versionId out for the newest, or get that version into a file first",
            click.get_current_context(),
        )
    with (
        contextlib.closing(open_objects(text, options)) as client,
        keeping(begun(options.clock, settings.deadline)),
    ):
        log.info("%s is the bucket %s at %s", client.address, client.bucket, client.server)
        yield Place(address, client, options, connection)


def _following(frame: Frame) -> Listener:
    """Return what breaks off what is on its way when the run is to end, and remembers what is kept of it."""
    saved: dict[str, Saved] = {}
    frame.saved = saved

    def look_up(event: Event) -> None:
        """Note what is kept, and end where Ctrl-C was pressed."""
        if type(event).__name__ == "Saved":
            saved[event.name] = event  # type: ignore[assignment]
        elif hasattr(event, "received"):
            frame.end_if_stopped()

    return look_up


def with_patterns(function: F) -> F:
    """Give a command the patterns of the names that it is about."""
    return given(
        function,
        click.option(
            "--exclude",
            metavar="PATTERN",
            multiple=True,
            callback=_check_patterns,
            help="Pass over names that match: '*.tmp', 'build/'.",
        ),
        click.option(
            "--include",
            metavar="PATTERN",
            multiple=True,
            callback=_check_patterns,
            help="Only names that match: '*.csv', 'data/**'.",
        ),
    )


def _check_patterns(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse what is no pattern, by the name of its option: what is one file is never held against it.

    Raises:
        BadParameter: One is empty.
    """
    if value:
        from store.buckets.patterns import wanted_by
        from store.errors import QueryError

        try:
            wanted_by(value)
        except QueryError as error:
            raise click.BadParameter(str(error), context, parameter) from error
    return value


def with_jobs(function: F) -> F:
    """Give a command the number of files that are moved at once."""
    return click.option(
        "-j",
        "--jobs",
        metavar="N",
        type=Measure("count", positive=True),
        default=_JOBS,
        help="How many are moved at once (16).",
    )(function)


@contextlib.contextmanager
def metered(frame: Frame, name: str, total: int) -> Iterator[Counted]:
    """Give what counts the bytes that are moved, and shows them where bars are wanted.

    Where the run is told to end, what counts breaks off what is on its way.

    Args:
        frame: Tells whether.
        name: What is moved, for people.
        total: How many bytes there are.
    """
    from store.buckets.meters import Meter

    meter = Meter(True if frame.shows_bars() else None, name, total=total)

    def count(more: int) -> None:
        """Count bytes that moved, and end where Ctrl-C was pressed."""
        frame.end_if_stopped()
        meter.count(more)

    try:
        yield count
    except Exception as error:
        meter.fail(error)
        raise
    meter.finish(total)


def summary_data(summary: Summary, place: Place) -> dict[str, Any]:
    """Return what is known of an object, for JSON."""
    written = summary.last_modified
    return {
        "address": place.spelled(summary.key),
        "bucket": summary.bucket_name,
        "key": summary.key,
        "size": summary.size,
        "etag": summary.etag,
        "last_modified": None if written is None else written.isoformat(),
        "digest": None if summary.digest is None else str(summary.digest),
        "version": summary.version,
    }


def missing(place: Place, error: MissingKeyError) -> NoReturn:
    """Raise what tells that a key is missing, or that a directory was meant.

    Raises:
        MissingKeyError: Always.
    """
    if next(iter(place.client.list(f"{place.key}/")), None) is None:
        raise error
    from store.errors import MissingKeyError

    raise MissingKeyError(
        f"{place.spelled(place.key)} is a directory: end it with a slash for all that is below it",
        key=place.key,
    ) from error


def lone(place: Place, patterns: Sequence[Sequence[str]]) -> None:
    """Refuse patterns for a single object.

    Raises:
        UsageError: There are some.
    """
    if any(patterns):
        raise click.UsageError(
            f"--include and --exclude choose among many: end {place.spelled(place.key)} with a slash",
            click.get_current_context(),
        )
