"""``store registry remove`` and ``restore``: into the trash, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from store.cli.agreeing import agreed, refuse_where_nobody_can_be_asked
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.options import common, destructive, frame_of, with_json
from store.cli.output import document, say, several, words
from store.cli.registry.opening import ITEM, find_item, opened_registry, with_registry
from store.cli.registry.spelling import item_as_data

if TYPE_CHECKING:
    from store.registry.item import CacheItem
    from store.registry.manager import Cache

_WHERE = click.option("--where", metavar="SEARCH", help="All items for which this holds.")


@click.command(
    epilog=examples(
        "store registry remove 17",
        "store registry remove --where 'label = \"old\"' --dry-run",
        "store registry remove demo --disk --no-record --yes",
    )
)
@click.argument("items", metavar=f"[{ITEM}]...", nargs=-1)
@_WHERE
@click.option("--disk", is_flag=True, help="Remove the files as well: nothing is left to restore.")
@click.option("--no-record", is_flag=True, help="Remove the records as well.")
@destructive
@with_json()
@with_registry
@common
@click.pass_context
def remove(
    context: click.Context,
    /,
    *,
    items: tuple[str, ...],
    where: str | None,
    disk: bool,
    no_record: bool,
    dry_run: bool,
    yes: bool,
) -> int:
    """Put items into the trash, from where 'restore' brings them back."""
    frame = frame_of(context)
    with opened_registry(frame) as cache:
        found = _meant(context, cache, items, where, removed=False)
        if not dry_run:
            if not yes:
                refuse_where_nobody_can_be_asked(context)
                if found and not agreed(f"remove {several(len(found), 'item')}?"):
                    return 1
            for item in found:
                item.remove(disk=disk, keep_record=not no_record)
        _show(frame, found, "would remove" if dry_run else "removed", dry_run=dry_run)
    return 0


@click.command(
    epilog=examples("store registry restore 17", "store registry restore --where 'label = \"old\"'")
)
@click.argument("items", metavar=f"[{ITEM}]...", nargs=-1)
@_WHERE
@with_json()
@with_registry
@common
@click.pass_context
def restore(context: click.Context, /, *, items: tuple[str, ...], where: str | None) -> None:
    """Take items out of the trash, as what they were."""
    frame = frame_of(context)
    with opened_registry(frame) as cache:
        found = _meant(context, cache, items, where, removed=True)
        for item in found:
            item.restore()
        _show(frame, found, "restored", dry_run=False)


def _meant(
    context: click.Context,
    cache: Cache,
    items: tuple[str, ...],
    where: str | None,
    *,
    removed: bool,
) -> list[CacheItem]:
    if bool(items) == (where is not None):
        raise click.UsageError("name items, or say --where SEARCH", context)
    if where is None:
        return [find_item(cache, one) for one in items]
    return cache.search(where=where, status="trash" if removed else None)


def _show(frame: Frame, found: list[CacheItem], verb: str, *, dry_run: bool) -> None:
    if frame.json:
        document({"dry_run": dry_run, "items": [item_as_data(one) for one in found]})
    else:
        for one in found:
            words(f"{one.id}\t{one.version_id}\t{one.uri or ''}")
    if not frame.quiet:
        say(f"{verb} {several(len(found), 'item')}")
