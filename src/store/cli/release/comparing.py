"""``store release diff`` and ``verify``: what differs or is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, fail, one_line, say, several, words
from store.cli.release.opening import (
    archive_meant,
    drawn,
    opened_archive,
    release_meant,
    scratch,
    with_archive,
    with_threads,
)
from store.cli.release.spelling import difference_as_data

if TYPE_CHECKING:
    from store.releases.checking import Fault
    from store.releases.comparing import Difference

_DAMAGED = 4
"""The exit status where something is not what was published."""


@click.command(
    epilog=examples(
        "store release diff survey@1.1.0 survey@1.2.0 --archive ./archive",
        "store release diff survey@1.2.0 ./survey --archive ./archive",
    )
)
@click.argument("release", metavar="RELEASE")
@click.argument("other", metavar="RELEASE|DIR")
@with_archive()
@with_json()
@common
@click.pass_context
def diff(
    context: click.Context,
    /,
    *,
    release: str,
    other: str,
    archive: str | None,
    workspace: str | None,
    user: str | None,
) -> int:
    """Say in what a release differs from another, or from a directory; status 1 where it does.

    A directory is written with a slash, as ./survey is.
    """
    from store.releases.choosing import choose
    from store.releases.comparing import compare_folder, compare_records
    from store.releases.names import Requirement

    frame = frame_of(context)
    named = archive_meant(frame, archive, user)
    place = workspace or named.workspace
    with opened_archive(frame, named) as opened:
        first = choose(opened, Requirement.parse(release), place)
        folder = _folder(other)
        if folder is not None:
            difference = compare_folder(first, folder, apart=getattr(opened, "archive_path", None))
        else:
            difference = compare_records(first, choose(opened, Requirement.parse(other), place))
    _show(frame, difference)
    return 1 if difference else 0


@click.command(
    epilog=examples(
        "store release verify survey@1.2.0 --archive ./archive",
        "store release verify survey@1.2.0 --dest ./survey --archive ./archive",
    )
)
@click.argument("release", metavar="RELEASE")
@with_archive()
@click.option(
    "--dest",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Hold what was fetched to this folder against the release.",
)
@with_threads
@with_json()
@common
@click.pass_context
def verify(
    context: click.Context,
    /,
    *,
    release: str,
    dest: str | None,
    threads: int,
    **asked: Any,  # noqa: ANN401
) -> int:
    """Read every file of a release in its archive, or in a folder; status 4 where one is not right."""
    from store.releases.checking import check_folder, check_release
    from store.releases.choosing import choose

    frame = frame_of(context)
    wanted, named, place = release_meant(frame, release, asked)
    with opened_archive(frame, named) as opened:
        record = choose(opened, wanted, place)
        frame.kept = "nothing was changed, and nothing is left behind"
        if dest is not None:
            faults = check_folder(record, Path(dest))
        else:
            with drawn(frame, record.title, record.size) as show:
                faults = check_release(
                    opened, record, workspace=place, via=scratch(frame), threads=threads, show=show
                )
    _tell(frame, record.title, len(record.blobs), faults)
    return _DAMAGED if faults else 0


def _folder(other: str) -> Path | None:
    """Return the directory that is meant, or None for a release, whose workspace may stand before a slash.

    Raises:
        ResourceNotFoundError: It can only be a directory, and there is none.
    """
    from store.errors import ResourceNotFoundError

    if Path(other).is_dir() and (other.startswith(".") or "/" in other):
        return Path(other)
    if other.startswith((".", "/")) or other.endswith("/"):
        raise ResourceNotFoundError(f"there is no directory {other}", query=other)
    if Path(other).is_dir():
        say(f"{other} is taken for a release: write ./{other} for the directory")
    return None


def _show(frame: Frame, difference: Difference) -> None:
    if frame.json:
        document(difference_as_data(difference))
        return
    for sign, paths in zip("+-~", difference, strict=True):
        for path in paths:
            words(f"{sign} {one_line(path)}")
    if not (frame.quiet or difference):
        say("they do not differ")


def _tell(frame: Frame, title: str, files: int, faults: tuple[Fault, ...]) -> None:
    if frame.json:
        document({"title": title, "files": files, "faults": [one._asdict() for one in faults]})
    else:
        for one in faults:
            words(f"{one.path or 'the record'}\t{one.reason}")
    if faults:
        fail(f"{title}: {several(len(faults), 'fault')}")
    elif not frame.quiet:
        say(f"{title}: {several(files, 'file')}, all of them right")
