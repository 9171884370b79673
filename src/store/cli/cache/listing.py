"""``store cache list``: what the cache owns."""

from __future__ import annotations

import click

from store.cli.cache.opening import counted, held_as_data, opened_cache
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import columns, day, document, human_size, on_terminal, say, table


@click.command(
    "list",
    epilog=examples(
        "store cache list",
        "store cache list --json | jq '.[].path'",
        "store cache list | sort -n -k 2         digest, bytes, last use and name, with tabs between",
    ),
)
@with_json()
@common
@click.pass_context
def list_files(context: click.Context) -> None:
    """List the files in the cache, and what was unpacked: digest, size, last use and name."""
    from store.cache.audit import bytes_of, held_files

    frame = frame_of(context)
    with opened_cache(frame) as cache:
        held = sorted(held_files(cache.content), key=lambda one: (one.name, one.digest))
        where = cache.content.layout.root
    if frame.json:
        document([held_as_data(one) for one in held])
    elif not on_terminal():
        columns((one.digest, str(one.size), day(one.used), one.name) for one in held)
    else:
        rows = [(_short(one.digest), human_size(one.size), day(one.used), one.name) for one in held]
        if rows:
            table(("digest", "size", "last used", "name"), rows)
        if not frame.quiet:
            size = human_size(bytes_of(held))
            say(f"{counted(held)}, {size}, in {where}")


def _short(digest: str) -> str:
    algorithm, _, digits = digest.partition(":")
    return f"{algorithm}:{digits[:12]}"
