"""Opens the archive that a command speaks of, and draws how far it gets."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from store.cli.empty import filled
from store.cli.frame import Frame
from store.cli.options import given

if TYPE_CHECKING:
    from pathlib import Path

    from store.releases.interface import ArchiveInterface
    from store.releases.named import Named
    from store.releases.names import Requirement
    from store.releases.showing import Bar

F = TypeVar("F", bound=Callable[..., Any])

KEPT = "what was uploaded is kept, and no release is there yet: the same command goes on"
"""What an interruption leaves in an archive."""

_CA_FILE = "store.release.ca_file"
"""Under which key it is kept beside the command."""


def with_archive(*names: str, meaning: str = "The archive") -> Callable[[F], F]:
    """Give a command the options that say which archive is meant, and which workspace in it."""

    def decorate(function: F) -> F:
        """Add the options, the last one first, as decorators do."""
        return given(
            function,
            trusting,
            click.option(
                "--user", metavar="NAME", help="Who asks, where the archive wants to know."
            ),
            click.option(
                "--workspace",
                metavar="NAME",
                callback=filled("leave it out for the default"),
                help="The workspace in the archive.",
            ),
            click.option(
                *(names or ("--archive",)),
                "archive",
                metavar="ARCHIVE",
                help=f"{meaning}: a name from the settings, an address or a directory.",
            ),
        )

    return decorate


def trusting(function: F) -> F:
    """Give a command the certificates that a server's is held against."""
    return click.option(
        "--ca-file",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False),
        expose_value=False,
        callback=_trust,
        help="The certificates to trust at a server (PEM).",
    )(function)


def _trust(context: click.Context, _: click.Parameter, value: str | None) -> None:
    """Keep it for `opened_archive`, so that no command has to hand it on."""
    context.meta[_CA_FILE] = value


def trusted() -> str | None:
    """Return the path of the certificates that the command was told to trust, or None."""
    found: str | None = click.get_current_context().meta.get(_CA_FILE)
    return found


def with_threads(function: F) -> F:
    """Give a command the number of files that are moved at once."""
    return click.option(
        "--threads",
        metavar="N",
        type=click.IntRange(1, 64),
        default=8,
        show_default=True,
        help="How many files are moved at once.",
    )(function)


def archive_meant(frame: Frame, where: str | None, user: str | None = None) -> Named:
    """Return where the archive is that is meant.

    Raises:
        StoreError: The settings cannot be read, or none is meant.
    """
    from store.releases.named import archive_named

    return archive_named(where, frame.settings.archives, user=user)


class Meant(NamedTuple):
    """Which release a command speaks of.

    Attributes:
        wanted: The requirement.
        named: The archive.
        place: The workspace in it.
    """

    wanted: Requirement
    named: Named
    place: str


def release_meant(frame: Frame, release: str, asked: dict[str, Any]) -> Meant:
    """Return which release is meant, and take the options of `with_archive` out of what was asked.

    Raises:
        StoreError: It cannot be read, the settings cannot, or no archive is meant.
    """
    from store.releases.choosing import place_of
    from store.releases.names import Requirement

    wanted = Requirement.parse(release)
    named = archive_meant(frame, asked.pop("archive"), asked.pop("user"))
    return Meant(wanted, named, place_of(wanted, asked.pop("workspace") or named.workspace))


@contextlib.contextmanager
def opened_archive(frame: Frame, named: Named) -> Iterator[ArchiveInterface]:
    """Open an archive, and close it afterwards.

    Raises:
        OfflineError: It is reached over the network, which is not to be used.
        StoreError: It cannot be opened.
    """
    from store.addresses import public
    from store.errors import OfflineError
    from store.plugins.loading import load_archives
    from store.releases.opening import get_interface, is_builtin, scheme_of

    scheme = scheme_of(named.host)
    if frame.settings.offline and scheme not in {"", "file"}:
        shown = public(named.host)
        raise OfflineError(
            f"{shown} needs the network, which is not to be used (--offline, STORE_OFFLINE)",
            missing=(shown,),
        )
    if not is_builtin(scheme):
        load_archives()
    ca_file = trusted()
    if ca_file is not None and scheme in {"http", "https"}:
        from store.releases.cdcs_opening import open_cdcs

        archive: ArchiveInterface = open_cdcs(named.host, named.user, ca_file=ca_file)
    else:
        with _telling_names(frame, named):
            archive = get_interface(named.host, named.user)
    try:
        yield archive
    finally:
        archive.close()


@contextlib.contextmanager
def _telling_names(frame: Frame, named: Named) -> Iterator[None]:
    """Say what archives the settings name, where a word that is none of them leads to no archive."""
    from store.errors import ArchiveError, ResourceNotFoundError

    try:
        yield
    except (ArchiveError, ResourceNotFoundError) as error:
        known = ", ".join(sorted(frame.settings.archives))
        if known and named.name is None and "/" not in named.host:
            error.messages[-1] += f"; the settings name the archives {known}"
        raise


@contextlib.contextmanager
def drawn(frame: Frame, title: str, total: int) -> Iterator[Bar | None]:
    """Draw a bar on stderr while the block runs, where a person looks at it."""
    from store.releases.showing import bar_of

    with bar_of(title, total, shown=frame.shows_bars()) as show:
        yield show


def scratch(frame: Frame) -> Path:
    """Return the directory for what is needed only while a command runs."""
    from store.config.directories import cache_directory

    return (frame.settings.cache_dir or cache_directory()) / "releases"
