"""``store bucket list``: which objects there are."""

from __future__ import annotations

import click

from store.cli.bucket.opening import ADDRESS, opened_place, summary_data, with_patterns
from store.cli.bucket.sides import REMOTE
from store.cli.empty import filled
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_patience
from store.cli.options import common, frame_of, with_json
from store.cli.output import columns, document, human_size, on_terminal, say, several, table


@click.command(
    "list",
    epilog=examples(
        "store bucket list s3://results/2026/",
        "store bucket list bucket:work --include '*.csv' --json",
        "store bucket list s3://results | cut -f 1     key, bytes, time and entity tag",
    ),
)
@click.argument("address", metavar=ADDRESS, callback=filled(REMOTE))
@with_patterns
@with_patience
@with_json()
@common
@click.pass_context
def list_objects(
    context: click.Context, /, *, address: str, include: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    """List the objects whose keys begin with the address's: key, size, time and entity tag."""
    from store.buckets.keys import shown
    from store.buckets.summaries import Summary
    from store.buckets.trees import objects_below

    frame = frame_of(context)
    with opened_place(frame, address) as place:
        found = (
            Summary.of(one, place.address.bucket)
            for one in objects_below(place.client, place.key, include=include, exclude=exclude)
        )
        if frame.json:
            document([summary_data(one, place) for one in found])
        elif on_terminal():
            _show([(shown(one.key), one.size, _time(one), one.etag or "") for one in found], frame)
        else:
            columns((shown(one.key), str(one.size), _time(one), one.etag or "") for one in found)


def _show(rows: list[tuple[str, int, str, str]], frame: Frame) -> None:
    if rows:
        cells = [(key, human_size(size), at, etag) for key, size, at, etag in rows]
        table(("key", "size", "modified", "etag"), cells)
    if not frame.quiet:
        total = human_size(sum(row[1] for row in rows))
        say(f"{several(len(rows), 'object')}, {total}")


def _time(summary: object) -> str:
    written = getattr(summary, "last_modified", None)
    return "" if written is None else f"{written:%Y-%m-%dT%H:%M:%SZ}"
