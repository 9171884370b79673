"""``store registry clean``: remove what nobody needs."""

from __future__ import annotations

import click

from store.cli.agreeing import agreed, refuse_where_nobody_can_be_asked
from store.cli.lazy import examples
from store.cli.options import common, destructive, frame_of, with_json
from store.cli.output import document, say, several
from store.cli.registry.opening import opened_registry, with_registry


@click.command(
    epilog=examples(
        "store registry clean --dry-run",
        "store registry clean --old-versions --yes      leaves one READY version of each item",
    )
)
@click.option(
    "--old-versions",
    is_flag=True,
    help="All but the newest READY versions, too, at once: what is in the trash or FAILED as well, even"
    " where it is all that an item has.",
)
@destructive
@with_json()
@with_registry
@common
@click.pass_context
def clean(context: click.Context, /, *, old_versions: bool, dry_run: bool, yes: bool) -> int:
    """Remove records without a file, files without a record, and what the dead left unfinished.

    What is pinned, in use, or being written stays. Nothing of what goes can be restored.
    """
    from store.registry.sweeping import fileless, outdated, remove_orphans

    frame = frame_of(context)
    with opened_registry(frame) as cache:
        records = len(fileless(cache))
        old = len(outdated(cache)) if old_versions else 0
        files = remove_orphans(cache, dry_run=True)
        told = f"{several(records + old, 'item')} and {several(files, 'stray file')}"
        if not dry_run:
            if not yes:
                refuse_where_nobody_can_be_asked(context)
                if records + old + files and not agreed(f"remove {told}?"):
                    return 1
            cache.take_over()
            cache.clean_db()
            if old_versions:
                cache.autoclean()
            cache.clean_disk()
    if frame.json:
        document({"dry_run": dry_run, "records": records, "old_versions": old, "files": files})
    if not frame.quiet:
        say(f"{'would remove' if dry_run else 'removed'} {told}")
    return 0
