"""``store registry show`` and ``stats``: what is known."""

from __future__ import annotations

import json
from typing import Any

import click

from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, fields, human_size
from store.cli.registry.opening import ITEM, find_item, opened_registry, with_params, with_registry
from store.cli.registry.spelling import item_as_data, plain


@click.command(epilog=examples("store registry show 17", "store registry show demo --json"))
@click.argument("what", metavar=ITEM)
@with_params
@with_json()
@with_registry
@common
@click.pass_context
def show(context: click.Context, /, *, what: str, params: tuple[str, ...]) -> None:
    """Show all that is known of an item, its attributes included.

    An item is named by its id, its version id, its key or its URI; of the latter two the newest version is
    meant.
    """
    frame = frame_of(context)
    with opened_registry(frame, reading=True) as cache:
        item = find_item(cache, what, params)
        data = {
            **item_as_data(item),
            "last_read": plain(item.last_read),
            "read_count": item.read_count,
        }
        if frame.json:
            document(data)
            return
        attrs = data.pop("attrs")
        fields((name, _told(value)) for name, value in data.items() if value not in (None, {}))
        fields((f"  {name}", _told(value)) for name, value in attrs.items())


@click.command(epilog=examples("store registry stats", "store registry stats --json"))
@with_json()
@with_registry
@common
@click.pass_context
def stats(context: click.Context) -> None:
    """Tell how many items there are, of which status, and how much they take."""
    frame = frame_of(context)
    with opened_registry(frame, reading=True) as cache:
        told = {"registry": cache.path, "files": cache.dir, **cache.stats()}
    if frame.json:
        document(told)
        return
    statuses = told.pop("statuses")
    told |= {"bytes": human_size(told["bytes"]), "free": human_size(told["free"])}
    fields([*told.items(), *((name.lower(), count) for name, count in sorted(statuses.items()))])


def _told(value: Any) -> str:  # noqa: ANN401 - any attribute
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
