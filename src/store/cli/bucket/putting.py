"""``store bucket put``: files become objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from store.cli.bucket.opening import (
    ADDRESS,
    Place,
    metered,
    opened_place,
    summary_data,
    with_jobs,
    with_patterns,
)
from store.cli.bucket.sides import REMOTE, make_sure_of
from store.cli.empty import DIRECTORY, filled
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_bounds, with_manners
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, say, several, words

if TYPE_CHECKING:
    from store.buckets.summaries import Summary
    from store.buckets.trees import Pair


@click.command(
    epilog=examples(
        "store bucket put table.csv s3://results/2026/",
        "store bucket put table.csv s3://results/2026/other.csv",
        "store bucket put ./out notes.txt s3://results/2026/ --exclude '*.tmp'",
        "sort table.csv | store bucket put - s3://results/2026/sorted.csv",
    )
)
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(),
    callback=filled(DIRECTORY),
)
@click.argument("address", metavar=ADDRESS, callback=filled(REMOTE))
@click.option("--create", is_flag=True, help="Make the bucket where it is missing.")
@click.option("--sha1", is_flag=True, help="Keep the SHA-1 of each with it, too (sha1sum).")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be put.")
@with_patterns
@with_jobs
@with_manners
@with_bounds
@with_json()
@common
@click.pass_context
def put(
    context: click.Context,
    /,
    *,
    files: tuple[str, ...],
    address: str,
    create: bool,
    sha1: bool,
    dry_run: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    jobs: int,
) -> None:
    """Put files, and all files below directories, into a bucket; print the address of each.

    With a slash at its end the address is the directory they go into; a lone file may get a key of its own;
    '-' puts what is read from stdin, under a key of its own.
    The SHA-256 of each is kept with it. What is there already is replaced, nothing is deleted.
    """
    frame = frame_of(context)
    with opened_place(frame, address) as place:
        if len(files) > 1 and not place.many:
            raise click.UsageError(
                f"several files go into a directory: end {address} with a slash", context
            )
        if "-" in files:
            if len(files) > 1 or place.many or dry_run or include or exclude:
                raise click.UsageError(
                    "'-' is stdin, which becomes one object: name its key, and nothing else",
                    context,
                )
            _put_stdin(place, frame, sha1=sha1, create=create)
            return
        pairs = _pairs(place, files, frame, include=include, exclude=exclude)
        _refuse_twins(pairs)
        done = [] if dry_run else _put(place, pairs, frame, jobs, sha1=sha1, create=create)
        _show(place, pairs, done, frame, dry_run=dry_run)


def _pairs(
    place: Place,
    files: tuple[str, ...],
    frame: Frame,
    *,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
) -> list[Pair]:
    """Return what is to be put, and tell what is passed over."""
    from store.buckets.trees import pairs_up

    for file in files:
        make_sure_of(file)
    if (include or exclude) and not any(Path(file).is_dir() for file in files):
        raise click.UsageError(
            "--include and --exclude choose below directories, and no FILE is one",
            click.get_current_context(),
        )
    tell = None if frame.quiet else say
    return [
        pair
        for file in files
        for pair in pairs_up(file, place.key, include=include, exclude=exclude, tell=tell)
    ]


def _put_stdin(place: Place, frame: Frame, *, sha1: bool, create: bool) -> None:
    """Put what is read from stdin; it is read to its end before any of it goes up."""
    import sys

    from store.buckets.transfers import put_file

    if sys.stdin is None:
        raise click.UsageError("there is no stdin to read from: name a file")
    if create:
        _create(place)
    done = put_file(place.client, place.key, sys.stdin.buffer, sha1=sha1, options=place.options)
    _show(place, [], [done], frame, dry_run=False)


def _create(place: Place) -> None:
    from store.buckets.client import create_bucket

    create_bucket(place.client, options=place.options)


def _refuse_twins(pairs: list[Pair]) -> None:
    from store.errors import UnsafeNameError

    seen: dict[str, Pair] = {}
    for pair in pairs:
        other = seen.setdefault(pair.key, pair)
        if other is not pair:
            raise UnsafeNameError(
                f"{other.path} and {pair.path} would both be {pair.key!r}: put one of them elsewhere",
                name=pair.key,
            )


def _put(
    place: Place, pairs: list[Pair], frame: Frame, jobs: int, *, sha1: bool, create: bool
) -> list[Summary]:
    from store.buckets.trees import put_pairs

    if create:
        _create(place)
    done: list[Summary] = []
    name = pairs[0].path.name if len(pairs) == 1 else several(len(pairs), "file")
    with metered(frame, name, sum(pair.size for pair in pairs)) as counted:
        put_pairs(
            place.client,
            pairs,
            jobs=jobs,
            options=place.options,
            sha1=sha1,
            counted=counted,
            done=done.append,
        )
    return done


def _show(
    place: Place, pairs: list[Pair], done: list[Summary], frame: Frame, *, dry_run: bool
) -> None:
    put = {one.key: one for one in done}
    shown = [(one.key, one.size) for one in (pairs or done)]
    if frame.json:
        document(
            [
                summary_data(put[key], place)
                if key in put
                else {"address": place.spelled(key), "key": key, "size": size}
                for key, size in shown
            ]
        )
    else:
        for key, _ in shown:
            words(place.spelled(key))
    if not frame.quiet and (dry_run or len(shown) != 1):
        say(f"{'would put' if dry_run else 'put'} {several(len(shown), 'file')}")
