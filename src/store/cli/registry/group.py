"""``store registry``: the group of its verbs."""

from __future__ import annotations

from typing import Final

import click

from store.cli.lazy import LazyGroup, examples
from store.cli.options import common

_HOMES: Final = {
    "add": "store.cli.registry.adding:add",
    "get": "store.cli.registry.getting:get",
    "list": "store.cli.registry.listing:list_items",
    "search": "store.cli.registry.listing:search",
    "show": "store.cli.registry.showing:show",
    "open": "store.cli.registry.getting:open_item",
    "set": "store.cli.registry.adding:set_item",
    "remove": "store.cli.registry.removing:remove",
    "restore": "store.cli.registry.removing:restore",
    "clean": "store.cli.registry.cleaning:clean",
    "prune": "store.cli.registry.pruning:prune",
    "import": "store.cli.registry.moving:import_items",
    "export": "store.cli.registry.moving:export",
    "rebuild": "store.cli.registry.moving:rebuild",
    "stats": "store.cli.registry.showing:stats",
}


@click.group(
    cls=LazyGroup,
    homes=_HOMES,
    epilog=examples(
        "store registry add https://example.org/data.tsv ./data.tsv --attr rows=1200",
        "store registry search 'rows >= 1000 and label is null'",
        "store registry get https://example.org/data.tsv",
        "store registry prune --max-size 20G --dry-run",
    ),
)
@common
def registry() -> None:
    """Keep versioned files with status and attributes, and find them again.

    It lies in the directory 'registry' of the cache unless --registry says otherwise.
    """
