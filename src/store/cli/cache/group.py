"""``store cache``: the group of its verbs."""

from __future__ import annotations

from typing import Final

import click

from store.cli.lazy import LazyGroup, examples
from store.cli.measures import with_cache
from store.cli.options import common

_HOMES: Final = {
    "list": "store.cli.cache.listing:list_files",
    "info": "store.cli.cache.finding:info",
    "path": "store.cli.cache.finding:path",
    "verify": "store.cli.cache.verifying:verify",
    "prune": "store.cli.cache.removing:prune",
    "clear": "store.cli.cache.removing:clear",
    "dir": "store.cli.cache.finding:directory",
}


@click.group(
    cls=LazyGroup,
    homes=_HOMES,
    epilog=examples(
        "store cache list",
        "store cache path pypi:six==1.17.0",
        "store cache verify",
        "store cache prune --max-size 20G --older-than 30d --dry-run",
    ),
)
@with_cache
@common
def cache() -> None:
    """Look at what the cache holds, check it, and make it smaller."""
