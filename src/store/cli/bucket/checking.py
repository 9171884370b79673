"""``store bucket check``: tells what differs, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from store.cli.bucket.opening import Place, opened_place, with_jobs, with_patterns
from store.cli.bucket.sides import make_sure_of, sides_of
from store.cli.empty import DIRECTORY, filled
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_bounds, with_manners
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, say, words

if TYPE_CHECKING:
    from store.buckets.checking import Report


@click.command(
    epilog=examples(
        "store bucket check ./out s3://results/2026/",
        "store bucket check bucket:work/2026/ ./2026 --exclude '*.tmp' | grep -v '^='",
    )
)
@click.argument("source", metavar="SOURCE", callback=filled(DIRECTORY))
@click.argument("dest", metavar="DEST", callback=filled(DIRECTORY))
@with_patterns
@with_jobs
@with_manners
@with_bounds
@with_json()
@common
@click.pass_context
def check(
    context: click.Context,
    /,
    *,
    source: str,
    dest: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    jobs: int,
) -> int:
    """Compare a directory and a bucket by name, size and content; print a line for each name.

    = alike, + only in SOURCE, - only in DEST, * other, ! cannot be told. Status 4 where not all are alike.
    """
    from store.buckets.checking import check_directory

    frame, sides = frame_of(context), sides_of(source, dest)
    make_sure_of(sides.directory)
    with opened_place(frame, sides.address) as place:
        report = check_directory(
            place.client,
            sides.directory,
            remote=place.key,
            up=sides.up,
            include=include,
            exclude=exclude,
            jobs=jobs,
            options=place.options,
            memory=place.memory(frame),
        )
        _show(report, place, frame)
    return 0 if report.alike else 4


def _show(report: Report, place: Place, frame: Frame) -> None:
    if frame.json:
        document(
            [
                {
                    "sign": one.sign,
                    "name": one.name,
                    "address": place.spelled(one.key) if one.key else None,
                    "error": None if one.error is None else str(one.error),
                }
                for one in report.lines
            ]
        )
    else:
        for one in report.lines:
            words(str(one))
    if not frame.quiet:
        for note in report.notes:
            say(note)
        for one in report.lines:
            if one.error is not None:
                say(str(one.error))
