"""``store registry import``, ``export``, ``rebuild``: whole registries."""

from __future__ import annotations

import click

from store.cli.empty import DIRECTORY, filled
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, say, several
from store.cli.registry.opening import opened_registry, with_registry

_FAILED = 10
"""The exit status where items could not be taken in, or carried out."""


@click.command(
    "import",
    epilog=examples("store registry import ./my_cache", "store registry import ./carried --json"),
)
@click.argument("directory", metavar="DIR", type=click.Path(exists=True))
@with_json()
@with_registry
@common
@click.pass_context
def import_items(context: click.Context, /, *, directory: str) -> int:
    """Take in the items of another registry, or of a directory of cachedir (cache-manager).

    Nothing there is changed. What was imported already is passed over.
    """
    frame = frame_of(context)
    with opened_registry(frame) as cache:
        done = cache.import_from(directory)
    if frame.json:
        document(done._asdict())
    if not frame.quiet:
        failed = f"; {done.failed} could not be" if done.failed else ""
        say(f"{several(done.taken, 'item')} taken in, {done.known} were here already{failed}")
    return _FAILED if done.failed else 0


@click.command(
    epilog=examples(
        "store registry export ./carried",
        "store registry export ./carried --where 'label = \"final\"'",
    )
)
@click.argument("directory", metavar="DIR", type=click.Path(), callback=filled(DIRECTORY))
@click.option("--where", metavar="SEARCH", help="Only items for which this holds.")
@with_json()
@with_registry
@common
@click.pass_context
def export(context: click.Context, /, *, directory: str, where: str | None) -> int:
    """Copy READY items with their files into another registry, made where there is none.

    What is there already is passed over. Status 10 where an item could not be copied.
    """
    from store.registry.exporting import export_to

    frame = frame_of(context)
    with opened_registry(frame, reading=True) as cache:
        done = export_to(cache, directory, {"where": where})
    if frame.json:
        document({"exported": done.taken, "known": done.known, "failed": done.failed})
    if not frame.quiet:
        known = f", {done.known} were there already" if done.known else ""
        failed = f"; {done.failed} could not be" if done.failed else ""
        say(f"{several(done.taken, 'item')} copied to {directory}{known}{failed}")
    return _FAILED if done.failed else 0


@click.command(epilog=examples("store registry rebuild", "store registry rebuild --json"))
@with_json()
@with_registry
@common
@click.pass_context
def rebuild(context: click.Context) -> None:
    """Make the registry anew of the files and what stands beside them; the old one is moved aside."""
    frame = frame_of(context)
    with opened_registry(frame) as cache:
        done = cache.rebuild()
    if frame.json:
        document(done._asdict())
    if not frame.quiet:
        bare = f", {several(done.bare, 'file')} without a name" if done.bare else ""
        missing = f", {done.missing} whose file is gone" if done.missing else ""
        say(f"{several(done.items, 'item')} found{bare}{missing}")
