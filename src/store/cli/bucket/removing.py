"""``store bucket remove``: objects, or a whole bucket, are deleted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from store.cli.agreeing import agreed, refuse_where_nobody_can_be_asked
from store.cli.bucket.opening import ADDRESS, Place, lone, missing, opened_place, with_patterns
from store.cli.bucket.sides import REMOTE
from store.cli.empty import filled
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_patience
from store.cli.options import common, destructive, frame_of, with_json
from store.cli.output import document, human_size, say, several, words

if TYPE_CHECKING:
    from store.transports.objects.base import ObjectMeta


@click.command(
    epilog=examples(
        "store bucket remove s3://results/2026/table.csv",
        "store bucket remove s3://results/2025/ --dry-run",
        "store bucket remove s3://results --bucket --yes",
        "store bucket remove s3://results/2026/ --uploads --dry-run",
    )
)
@click.argument(
    "addresses", metavar=f"{ADDRESS}...", nargs=-1, required=True, callback=filled(REMOTE)
)
@click.option(
    "--bucket", "whole", is_flag=True, help="Delete the bucket itself, with all it holds."
)
@click.option(
    "--uploads",
    is_flag=True,
    help="Take back uploads that were begun a day ago and never finished; objects stay.",
)
@with_patterns
@with_patience
@destructive
@with_json()
@common
@click.pass_context
def remove(
    context: click.Context,
    /,
    *,
    addresses: tuple[str, ...],
    whole: bool,
    uploads: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    dry_run: bool,
    yes: bool,
) -> int:
    """Delete objects, and all below an address that ends with a slash.

    A bucket's own address needs --bucket.
    """
    frame = frame_of(context)
    if uploads and (whole or include or exclude):
        raise click.UsageError(
            "--uploads is about no objects: name a bucket or the beginning of keys"
        )
    with contextlib.ExitStack() as stack:
        places = [stack.enter_context(opened_place(frame, one)) for one in addresses]
        if uploads:
            return _uploads(context, places, frame, dry_run=dry_run, yes=yes)
        found: list[tuple[Place, list[ObjectMeta]]] = []
        for place in places:
            _check(place, whole=whole, patterns=bool(include or exclude))
            found.append((place, _meant(place, include, exclude, whole=whole)))
        if not dry_run:
            if not (yes or _agreed(context, f"delete {_told(found, whole=whole)}?")):
                return 1
            _delete(found, whole=whole)
        _show(found, frame, dry_run=dry_run, whole=whole)
    return 0


def _agreed(context: click.Context, question: str) -> bool:
    refuse_where_nobody_can_be_asked(context)
    return agreed(question)


def _delete(found: list[tuple[Place, list[ObjectMeta]]], *, whole: bool) -> None:
    from store.buckets.client import check_deletable, delete_bucket

    if whole:
        for place, _ in found:
            check_deletable(place.client)
    for place, metas in found:
        place.client.delete([one.key for one in metas])
        if whole:
            delete_bucket(place.client, options=place.options)


def _uploads(
    context: click.Context, places: list[Place], frame: Frame, *, dry_run: bool, yes: bool
) -> int:
    """Take back what was never finished."""
    from store.cli.bucket.unfinished import old_uploads, show_uploads, take_all_back

    found = [(place, old_uploads(place)) for place in places]
    count = several(sum(len(some) for _, some in found), "upload")
    if not dry_run:
        if not (yes or _agreed(context, f"take back {count} that were never finished?")):
            return 1
        for place, some in found:
            take_all_back(place, some)
    show_uploads(found, frame, dry_run=dry_run)
    return 0


def _check(place: Place, *, whole: bool, patterns: bool) -> None:
    if whole and (place.key or patterns):
        raise click.UsageError("--bucket deletes a whole bucket: name it without a key or patterns")
    if not whole and not place.key and not patterns:
        raise click.UsageError(
            f"{place.client.address} is a bucket: add --bucket to delete it, or name what is to go"
        )


def _meant(
    place: Place, include: tuple[str, ...], exclude: tuple[str, ...], *, whole: bool
) -> list[ObjectMeta]:
    from store.buckets.trees import objects_below
    from store.errors import MissingKeyError

    if place.many:
        if include or exclude:
            found = list(objects_below(place.client, place.key, include=include, exclude=exclude))
        else:
            found = list(place.client.list(place.key))
        if not found and not whole:
            raise MissingKeyError(
                f"there is nothing below {place.spelled(place.key)} that is wanted: look with"
                " 'store bucket list'",
                key=place.key,
            )
        return found
    lone(place, (include, exclude))
    try:
        return [place.client.head(place.key)]
    except MissingKeyError as error:
        missing(place, error)


def _told(found: list[tuple[Place, list[ObjectMeta]]], *, whole: bool) -> str:
    metas = [one for _, some in found for one in some]
    objects = f"{several(len(metas), 'object')}, {human_size(sum(one.size for one in metas))}"
    return f"{several(len(found), 'bucket')} and {objects}" if whole else objects


def _show(
    found: list[tuple[Place, list[ObjectMeta]]], frame: Frame, *, dry_run: bool, whole: bool
) -> None:
    removed = [(place.spelled(one.key), one.size) for place, metas in found for one in metas]
    if frame.json:
        gone = [{"address": one, "size": size} for one, size in removed]
        buckets = [place.client.address for place, _ in found] if whole else []
        document({"dry_run": dry_run, "removed": gone, "buckets": buckets})
    else:
        for one, _ in removed:
            words(one)
    if not frame.quiet:
        say(f"{'would delete' if dry_run else 'deleted'} {_told(found, whole=whole)}")
