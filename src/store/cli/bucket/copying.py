"""``store bucket copy``: copies within a bucket, or into another."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import click

from store.cli.bucket.opening import (
    Place,
    lone,
    metered,
    missing,
    opened_place,
    with_jobs,
    with_patterns,
)
from store.cli.bucket.sides import REMOTE
from store.cli.empty import filled
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_bounds, with_manners
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, say, several, words

if TYPE_CHECKING:
    from store.buckets.copying import Copy


@click.command(
    epilog=examples(
        "store bucket copy s3://results/2026/a.csv s3://results/latest/a.csv",
        "store bucket copy s3://results/2026/ s3://archive/2026/ --include '*.csv'",
    )
)
@click.argument("source", metavar="SOURCE", callback=filled(REMOTE))
@click.argument("dest", metavar="DEST", callback=filled(REMOTE))
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be copied.")
@with_patterns
@with_jobs
@with_manners
@with_bounds
@with_json()
@common
@click.pass_context
def copy(
    context: click.Context,
    /,
    *,
    source: str,
    dest: str,
    dry_run: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    jobs: int,
) -> None:
    """Copy an object, or all below an address that ends with a slash; print the address of each copy.

    Within a bucket the server does it, and no byte comes here.
    """
    frame = frame_of(context)
    with opened_place(frame, source) as origin, opened_place(frame, dest) as target:
        copies = _planned(origin, target, include, exclude)
        if not dry_run:
            _copy(origin, target, copies, frame, jobs)
        _show(origin, target, copies, frame, dry_run=dry_run)


def _copy(origin: Place, target: Place, copies: list[Copy], frame: Frame, jobs: int) -> None:
    from store.buckets.copying import copy_objects

    name, total = several(len(copies), "file"), sum(one.size for one in copies)
    with metered(frame, name, total) as counted:
        copy_objects(
            origin.client,
            target.client,
            copies,
            jobs=jobs,
            options=origin.options,
            counted=counted,
            within=_same_bucket(origin, target),
        )


def _show(origin: Place, target: Place, copies: list[Copy], frame: Frame, *, dry_run: bool) -> None:
    if frame.json:
        document(
            [
                {
                    "source": origin.spelled(one.source),
                    "dest": target.spelled(one.dest),
                    "size": one.size,
                }
                for one in copies
            ]
        )
    else:
        for one in copies:
            words(target.spelled(one.dest))
    if not frame.quiet and (dry_run or origin.many):
        say(f"{'would copy' if dry_run else 'copied'} {several(len(copies), 'object')}")


def _same_bucket(origin: Place, target: Place) -> bool:
    """Whether the server can copy by itself: two servers may each have a bucket of one name."""
    return (origin.client.bucket, origin.connection) == (target.client.bucket, target.connection)


def _planned(
    origin: Place, target: Place, include: tuple[str, ...], exclude: tuple[str, ...]
) -> list[Copy]:
    from store.buckets.copying import Copy
    from store.buckets.trees import objects_below
    from store.errors import MissingKeyError

    if not origin.many:
        lone(origin, (include, exclude))
        try:
            meta = origin.client.head(origin.key)
        except MissingKeyError as error:
            missing(origin, error)
        name = posixpath.basename(origin.key)
        key = target.key + name if target.many else target.key
        return [Copy(origin.key, key, meta.size)]
    if not target.many:
        raise click.UsageError("many objects go into a directory: end DEST with a slash")
    found = list(objects_below(origin.client, origin.key, include=include, exclude=exclude))
    if not found:
        raise MissingKeyError(
            f"there is nothing below {origin.spelled(origin.key)} that is wanted: look with"
            " 'store bucket list'",
            key=origin.key,
        )
    return [Copy(one.key, target.key + one.key[len(origin.key) :], one.size) for one in found]
