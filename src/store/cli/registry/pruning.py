"""``store registry prune``: make the registry smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from store.cli.agreeing import agreed, refuse_where_nobody_can_be_asked
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import Measure
from store.cli.options import common, destructive, frame_of, with_json
from store.cli.output import document, human_size, say, several, words
from store.cli.registry.opening import opened_registry, with_registry

if TYPE_CHECKING:
    from store.registry.pruning import Pruned


@click.command(
    epilog=examples(
        "store registry prune --max-size 20G --dry-run",
        "store registry prune --unused-for 90d --versions 3 --yes",
        "store registry prune --max-count 1000 --where 'label = \"raw\"' --yes",
    )
)
@click.option(
    "--max-size", metavar="SIZE", type=Measure("bytes"), help="Leave at most this much (20G)."
)
@click.option(
    "--max-count", metavar="N", type=click.IntRange(min=0), help="Leave at most so many items."
)
@click.option(
    "--versions", metavar="N", type=click.IntRange(min=0), help="Leave so many versions of each."
)
@click.option(
    "--older-than",
    metavar="TIME",
    type=Measure("seconds"),
    help="Remove what was made so long ago (30d).",
)
@click.option(
    "--unused-for",
    metavar="TIME",
    type=Measure("seconds"),
    help="Remove what was not read for so long (30d).",
)
@click.option("--where", metavar="SEARCH", help="Only items for which this holds.")
@destructive
@with_json()
@with_registry
@common
@click.pass_context
def prune(
    context: click.Context,
    /,
    *,
    max_size: int | None,
    dry_run: bool,
    yes: bool,
    **asked: Any,  # noqa: ANN401
) -> int:
    """Remove what was used least recently; never what is pinned, in use or being written."""
    limits = {"max_bytes": max_size, **asked}
    if all(value is None for name, value in limits.items() if name != "where"):
        raise click.UsageError(
            "say what is to go: --max-size, --max-count, --versions, --older-than or --unused-for",
            context,
        )
    frame = frame_of(context)
    with opened_registry(frame) as cache:
        if not (dry_run or yes):
            refuse_where_nobody_can_be_asked(context)
            plan = cache.prune(dry_run=True, **limits)
            if plan.removed and not agreed(f"remove {_told(plan)}?"):
                return 1
        _show(cache.prune(dry_run=dry_run, **limits), frame, dry_run=dry_run)
    return 0


def _told(pruned: Pruned) -> str:
    return f"{several(len(pruned.removed), 'item')}, {human_size(pruned.freed)}"


def _show(pruned: Pruned, frame: Frame, *, dry_run: bool) -> None:
    if frame.json:
        document(
            {
                "dry_run": dry_run,
                "removed": [one.version_id for one in pruned.removed],
                "in_use": [one.version_id for one in pruned.in_use],
                "freed": pruned.freed,
                "left": pruned.left,
            }
        )
    else:
        for one in pruned.removed:
            words(f"{one.id}\t{one.version_id}\t{one.size or 0}")
    if not frame.quiet:
        kept = f"; {len(pruned.in_use)} in use stay" if pruned.in_use else ""
        verb = "would remove" if dry_run else "removed"
        say(f"{verb} {_told(pruned)}{kept}; {human_size(pruned.left)} left")
