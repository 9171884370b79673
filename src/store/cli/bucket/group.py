"""``store bucket``: the group of its verbs."""

from __future__ import annotations

from typing import Final

import click

from store.cli.lazy import LazyGroup, examples
from store.cli.options import common

_HOMES: Final = {
    "list": "store.cli.bucket.listing:list_objects",
    "get": "store.cli.bucket.getting:get",
    "put": "store.cli.bucket.putting:put",
    "sync": "store.cli.bucket.syncing:sync",
    "copy": "store.cli.bucket.copying:copy",
    "remove": "store.cli.bucket.removing:remove",
    "check": "store.cli.bucket.checking:check",
}


@click.group(
    cls=LazyGroup,
    homes=_HOMES,
    epilog=examples(
        "store bucket list s3://results/2026/",
        "store bucket put ./out s3://results/2026/",
        "store bucket get s3://results/2026/table.csv",
        "store bucket sync ./out s3://results/2026/ --delete --dry-run",
    ),
)
@common
def bucket() -> None:
    """Move files into buckets and out of them, and keep a directory and a bucket alike.

    An address is s3://bucket/key (gs, az), or bucket:NAME/key for a connection of the settings. One that
    ends with a slash means all that is below it.
    """
