"""``store registry list`` and ``search``: which items there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import columns, document, human_size, on_terminal, say, several, table
from store.cli.registry.opening import opened_registry, with_registry
from store.cli.registry.spelling import item_as_data

if TYPE_CHECKING:
    from store.registry.item import CacheItem
    from store.registry.manager import Cache

_ALL = click.option("--all", "include_removed", is_flag=True, help="Removed ones, too.")
_NEWEST = click.option("--newest", is_flag=True, help="Only the newest version of each item.")
_LIMIT = click.option("--limit", metavar="N", type=click.IntRange(min=0), help="At most so many.")
_ORDER = click.option("--order", metavar="NAMES", default="", help="Sort by these: size,-date.")


@click.command(
    "list",
    epilog=examples("store registry list --newest --order=-date", "store registry list --json"),
)
@_ALL
@_NEWEST
@_LIMIT
@_ORDER
@with_json()
@with_registry
@common
@click.pass_context
def list_items(context: click.Context, /, **asked: Any) -> None:  # noqa: ANN401
    """List the items: id, version, status, size, date and URI."""
    _show(frame_of(context), None, asked)


@click.command(
    epilog=examples(
        "store registry search 'driver = \"pypi\" and size > 1e6'",
        "store registry search 'rows between 10 and 20 or name like \"x%\"' --newest",
        "store registry search 'params.year = 2026 and not label exists' --json",
    )
)
@click.argument("search", metavar="SEARCH")
@_ALL
@_NEWEST
@_LIMIT
@_ORDER
@with_json()
@with_registry
@common
@click.pass_context
def search(context: click.Context, /, *, search: str, **asked: Any) -> None:  # noqa: ANN401
    """List the items for which something holds: see the reference for the language."""
    _show(frame_of(context), search, asked)


def _show(frame: Frame, where: str | None, asked: dict[str, Any]) -> None:
    asked["order"] = asked["order"] or ()
    with opened_registry(frame, reading=True) as cache:
        _check_order(cache, asked["order"])
        found = cache.search(where=where, **asked)
        if frame.json:
            document([item_as_data(one) for one in found])
        elif on_terminal():
            if found:
                table(("id", "version", "status", "size", "date", "uri"), map(_row, found))
            if not frame.quiet:
                say(f"{several(len(found), 'item')} in {cache.path}")
        else:
            columns(_plain_row(one) for one in found)


def _check_order(cache: Cache, order: Sequence[str] | str) -> None:
    """Refuse to sort by what nothing in the registry has, which would say nothing and sort nothing.

    Raises:
        QueryError: It is a slip.
    """
    from store.errors import QueryError
    from store.registry.filtering import order_of
    from store.registry.language import parse_name
    from store.registry.terms import FIELDS, Exists

    for each in order_of(order):
        name = parse_name(each.removeprefix("-"))
        if name.scope == "field" or not len(cache):
            continue
        if not cache.search(where=Exists(name), include_removed=True, limit=1):
            from difflib import get_close_matches

            near = get_close_matches(name.name, FIELDS, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"fields are {', '.join(FIELDS)}"
            raise QueryError(
                f"no item has a field or attribute {each.removeprefix('-')!r} to sort by: {meant}",
                query=each,
                known=tuple(FIELDS),
            )


def _row(item: CacheItem) -> tuple[str, ...]:
    size = "-" if item.size is None else human_size(item.size)
    return (str(item.id), str(item.version), item.rstatus.name, size, _date(item), _name(item))


def _plain_row(item: CacheItem) -> tuple[str, ...]:
    size = "" if item.size is None else str(item.size)
    return (str(item.id), str(item.version), item.rstatus.name, size, _date(item), _name(item))


def _date(item: CacheItem) -> str:
    return "-" if item.date is None else f"{item.date:%Y-%m-%d %H:%M}"


def _name(item: CacheItem) -> str:
    from store.addresses import public

    return public(item.uri) if item.uri else item.key
