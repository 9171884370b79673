"""``store release fetch``: a release comes into a folder."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, line, say, several
from store.cli.release.opening import (
    drawn,
    opened_archive,
    release_meant,
    with_archive,
    with_threads,
)
from store.cli.release.spelling import record_as_data

if TYPE_CHECKING:
    from store.releases.downloading import Downloaded, Manner
    from store.releases.interface import ArchiveInterface
    from store.releases.records import Record


@click.command(
    epilog=examples(
        "store release fetch 'survey>=1,<2' --from ./archive --dest ./survey",
        "store release fetch survey@1.2.0 --from team --dest ./survey --read-only",
    )
)
@click.argument("release", metavar="RELEASE")
@with_archive("--from", "--archive", meaning="Where from")
@click.option("--dest", metavar="DIR", type=click.Path(file_okay=False), help="The folder.")
@click.option("--force", is_flag=True, help="Replace files that no release has brought, too.")
@click.option("--allow-git", is_flag=True, help="Bring what lies in a .git or .hg, too.")
@click.option("--read-only", is_flag=True, help="Let nobody edit the files.")
@click.option("--dry-run", "-n", is_flag=True, help="Only list what the folder would hold.")
@with_threads
@with_json()
@common
@click.pass_context
def fetch(
    context: click.Context,
    /,
    *,
    release: str,
    dest: str | None,
    force: bool,
    allow_git: bool,
    read_only: bool,
    dry_run: bool,
    threads: int,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Bring a release into a folder, and print the folder; only what is missing or differs is brought.

    The folder takes the title of the release unless --dest names one. What was fetched is noted in DIR.lock
    beside it; status 4 where a version is not what it was before, 5 where a file of yours is in the way.
    """
    from store.releases.choosing import choose
    from store.releases.downloading import download
    from store.releases.locking import hold_against_lock, lock_path, read_lock

    frame = frame_of(context)
    wanted, named, place = release_meant(frame, release, asked)
    folder = _folder(wanted.title if dest is None else dest)
    lock = lock_path(folder)
    locked = read_lock(lock)
    with opened_archive(frame, named) as opened:
        record = choose(opened, wanted, place)
        hold_against_lock(record, locked, workspace=place)
        if dry_run:
            _plan(frame, record, place, folder, replace=force, allow_git=allow_git)
            return
        frame.kept = (
            f"{folder} keeps the files that came, not a whole release yet: the same command goes on"
        )
        with drawn(frame, record.title, record.size) as show:
            how = {"threads": threads, "replace": force, "allow_git": allow_git}
            noting = functools.partial(_noting, opened, record, place, lock)
            manner = _manner(frame, **how, read_only=read_only, show=show, noting=noting)
            done = download(opened, record, place, folder, manner)
    _show(frame, record, place, folder, done)


def _folder(dest: str) -> Path:
    """Return the folder that is to be filled.

    Raises:
        QueryError: The name is empty, as that of a variable nobody has set.
    """
    from store.errors import QueryError

    if not dest:
        raise QueryError("--dest is empty: name the folder that is to be filled", query=dest)
    return Path(dest).absolute()


def _manner(frame: Frame, **asked: Any) -> Manner:  # noqa: ANN401 - as they are there
    from store.releases.downloading import Manner

    return Manner(durable=frame.settings.durability == "full", **asked)


@contextlib.contextmanager
def _noting(archive: ArchiveInterface, record: Record, place: str, lock: Path) -> Iterator[None]:
    """Hold a release against what others have noted meanwhile, and note it once it was fetched.

    Raises:
        DriftError: Another has fetched another content under its version.
    """
    from store.releases.locking import (
        Locked,
        hold_against_lock,
        host_beside,
        read_lock,
        write_lock,
    )

    hold_against_lock(record, read_lock(lock), workspace=place)
    yield
    noted = Locked.of(record, host=host_beside(archive, lock), workspace=place)
    write_lock(lock, read_lock(lock), noted)


def _plan(frame: Frame, record: Record, place: str, folder: Path, **how: bool) -> None:
    """Say what would come.

    Raises:
        RefusedError: Something is in its way, said once it is told what would come.
    """
    from store.releases.downloading import foresee

    if frame.json:
        document({"dry_run": True, **record_as_data(record, place)})
    else:
        for one in record.blobs:
            line(one.path)
    foresee(record, folder, **how)
    if not (frame.json or frame.quiet):
        say(f"would fetch {record.title}: {several(len(record.blobs), 'file')}")


def _show(frame: Frame, record: Record, place: str, folder: Path, done: Downloaded) -> None:
    if frame.json:
        told = {"path": str(folder), **{name: list(one) for name, one in done._asdict().items()}}
        document({**told, **record_as_data(record, place, files=False)})
        return
    line(folder)
    if not frame.quiet:
        kept = f", {len(done.kept)} were there" if done.kept else ""
        gone = f", {len(done.removed)} of an earlier one removed" if done.removed else ""
        say(f"{record.title}: {several(len(done.brought), 'file')} brought{kept}{gone}")
