"""``store registry add`` and ``set``: what goes into the registry."""

from __future__ import annotations

from typing import Any

import click

from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, line, say
from store.cli.registry.opening import ITEM, find_item, opened_registry, with_params, with_registry
from store.cli.registry.spelling import item_as_data, values_of

_ATTR = click.option(
    "--attr",
    "attrs",
    metavar="NAME=VALUE",
    multiple=True,
    help="An attribute; a value is JSON, @2026-01-31, or else text. SPACE.NAME is in a namespace.",
)


@click.command(
    epilog=examples(
        "store registry add https://example.org/data.tsv ./data.tsv --attr rows=1200",
        "store registry add demo ./big.bin --move --label raw --param year=2026",
    )
)
@click.argument("uri", metavar="URI")
@click.argument("path", metavar="PATH", type=click.Path(exists=True, dir_okay=False))
@with_params
@_ATTR
@click.option("--label", metavar="TEXT", help="A label of your choice.")
@click.option("--filename", metavar="NAME", help="What the file is called.")
@click.option(
    "--move",
    is_flag=True,
    help="Move the file; where it has other names (hard links), those keep a file of their own.",
)
@click.option(
    "--link",
    is_flag=True,
    help="Make a hard link: cheap, but the two are one file, and who edits the one edits the other.",
)
@click.option("--pin", is_flag=True, help="Let pruning pass it over.")
@with_json("Print the item as JSON.")
@with_registry
@common
@click.pass_context
def add(
    context: click.Context,
    /,
    *,
    uri: str,
    path: str,
    move: bool,
    link: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Put a file into the registry, as a new version, and print its path there."""
    if move and link:
        raise click.UsageError("a file is moved or linked: say --move or --link, not both", context)
    frame = frame_of(context)
    with opened_registry(frame) as cache:
        item = cache.put(
            uri,
            path,
            values_of(options["params"]),
            values_of(options["attrs"]),
            how="move" if move else "link" if link else "copy",
            label=options["label"],
            filename=options["filename"],
            pinned=options["pin"],
        )
        if frame.json:
            document(item_as_data(item))
        else:
            line(item.path)


@click.command(
    "set",
    epilog=examples(
        "store registry set demo --attr checked=true --attr source.name=survey",
        "store registry set 17 --label final --pin",
        "store registry set demo --status failed",
    ),
)
@click.argument("what", metavar=ITEM)
@with_params
@_ATTR
@click.option("--label", metavar="TEXT", help="A label of your choice.")
@click.option("--status", metavar="NAME", help="Move to this status.")
@click.option("--pin/--no-pin", default=None, help="Let pruning pass it over, or not.")
@with_json("Print the item as JSON.")
@with_registry
@common
@click.pass_context
def set_item(context: click.Context, /, *, what: str, **options: Any) -> None:  # noqa: ANN401
    """Set attributes, label, pin or status of an item."""
    update: dict[str, Any] = {"attrs": values_of(options["attrs"])} if options["attrs"] else {}
    for name in ("label", "status"):
        if options[name] is not None:
            update[name] = options[name]
    if options["pin"] is not None:
        update["pinned"] = options["pin"]
    if not update:
        raise click.UsageError("say what to set: --attr, --label, --status or --pin", context)
    frame = frame_of(context)
    with opened_registry(frame) as cache:
        item = find_item(cache, what, options["params"])
        item.update(**update)
        if frame.json:
            document(item_as_data(item))
        elif not frame.quiet:
            say(f"{item.version_id} was changed")
