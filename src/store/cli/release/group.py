"""``store release``: the group of its verbs."""

from __future__ import annotations

from typing import Final

import click

from store.cli.lazy import LazyGroup, examples
from store.cli.options import common

_HOMES: Final = {
    "init": "store.cli.release.beginning:init",
    "publish": "store.cli.release.publishing:publish",
    "list": "store.cli.release.listing:list_releases",
    "show": "store.cli.release.listing:show",
    "fetch": "store.cli.release.fetching:fetch",
    "diff": "store.cli.release.comparing:diff",
    "verify": "store.cli.release.comparing:verify",
    "copy": "store.cli.release.moving:copy",
    "yank": "store.cli.release.moving:yank",
}


@click.group(
    cls=LazyGroup,
    homes=_HOMES,
    epilog=examples(
        "store release init ./archive",
        "store release publish ./results survey@1.2.0 --to ./archive",
        "store release fetch 'survey>=1,<2' --from ./archive --dest ./survey",
        "store release list --archive ./archive",
    ),
)
@common
def release() -> None:
    """Publish directories as versioned releases, and fetch them again.

    An archive is a directory, an address, or a name from the settings: a table [archive.NAME].
    """
