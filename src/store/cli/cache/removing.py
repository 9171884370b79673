"""``store cache prune`` and ``clear``: make the cache smaller."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from store.cli.agreeing import agreed, refuse_where_nobody_can_be_asked
from store.cli.cache.opening import counted, held_as_data, opened_cache
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import Measure
from store.cli.options import common, destructive, frame_of, with_json
from store.cli.output import document, human_size, say, several, words

if TYPE_CHECKING:
    from store.cache.pruning import Pruned


@click.command(
    epilog=examples(
        "store cache prune --max-size 20G --older-than 30d --dry-run",
        "store cache prune --older-than 90d --yes",
        "store cache prune --max-size 20G --yes --json",
    )
)
@click.option(
    "--max-size",
    metavar="SIZE",
    type=Measure("bytes"),
    help="Leave at most this much (20G), the last used.",
)
@click.option(
    "--older-than",
    metavar="TIME",
    type=Measure("seconds"),
    help="Remove what was not used for so long (30d).",
)
@destructive
@with_json()
@common
@click.pass_context
def prune(
    context: click.Context,
    /,
    *,
    max_size: int | None,
    older_than: float | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Remove what was not used for long; never what a process may be using."""
    if max_size is None and older_than is None:
        raise click.UsageError(
            "say what is to go: --max-size SIZE, --older-than TIME, or both", context
        )
    frame = frame_of(context)
    with opened_cache(frame) as cache:

        def removal(*, dry_run: bool) -> Pruned:
            """Prune by the limits that were given."""
            from store.cache.pruning import prune as pruned

            return pruned(cache.content, max_size=max_size, older_than=older_than, dry_run=dry_run)

        return _remove(context, removal, dry_run=dry_run, yes=yes)


@click.command(
    epilog=examples("store cache clear --dry-run", "store cache clear --yes"),
)
@destructive
@with_json()
@common
@click.pass_context
def clear(context: click.Context, /, *, dry_run: bool, yes: bool) -> int:
    """Remove everything from the cache, except what a process may be using."""
    frame = frame_of(context)
    with opened_cache(frame) as cache:

        def removal(*, dry_run: bool) -> Pruned:
            """Remove all."""
            from store.cache.pruning import clear as cleared

            if not dry_run:
                cache.clear()
            return cleared(cache.content, dry_run=dry_run)

        return _remove(context, removal, dry_run=dry_run, yes=yes)


def _remove(
    context: click.Context, removal: Callable[..., Pruned], *, dry_run: bool, yes: bool
) -> int:
    """Remove, after the question that a person is asked.

    Returns:
        0, or 1 where the person said no.
    """
    frame = frame_of(context)
    if dry_run or yes:
        _show(removal(dry_run=dry_run), frame, dry_run=dry_run)
        return 0
    refuse_where_nobody_can_be_asked(context)
    plan = removal(dry_run=True)
    if (plan.removed or plan.orphans) and not agreed(f"remove {_told(plan)}?"):
        return 1
    _show(removal(dry_run=False), frame, dry_run=False)
    return 0


def _told(pruned: Pruned) -> str:
    orphans = f" and {several(pruned.orphans, 'leftover')}" if pruned.orphans else ""
    return f"{counted(pruned.removed)}{orphans}, {human_size(pruned.freed)}"


def _show(pruned: Pruned, frame: Frame, *, dry_run: bool) -> None:
    if frame.json:
        document(
            {
                "dry_run": dry_run,
                "removed": [held_as_data(one) for one in pruned.removed],
                "in_use": [held_as_data(one) for one in pruned.in_use],
                "freed": pruned.freed,
                "left": pruned.left,
                "orphans": pruned.orphans,
            }
        )
    else:
        for one in pruned.removed:
            words(f"{one.digest}\t{one.size}\t{one.name}")
    if not frame.quiet:
        verb = "would remove" if dry_run else "removed"
        kept = f"; {len(pruned.in_use)} in use stay" if pruned.in_use else ""
        say(f"{verb} {_told(pruned)}{kept}; {human_size(pruned.left)} left")
