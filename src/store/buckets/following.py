"""Follows a plan, and remembers what was learnt on the way."""

from __future__ import annotations

from typing import Final, NamedTuple

from store.buckets.bringing import change_directory
from store.buckets.moving import Moving
from store.buckets.plan import Plan, summed_up
from store.buckets.preparing import Prepared
from store.buckets.uploading import change_bucket

UNCONDITIONAL: Final = (
    "the server does not hold writes to conditions, or does not let that be tried out: what another writes"
    " meanwhile is replaced"
)
"""What is told where conditions are not known to be honoured."""


class Synced(NamedTuple):
    """What came of a sync.

    Attributes:
        plan: What was to be done.
        applied: Whether it was done; False for a dry run.
        conditional: Whether the server held our writes to their conditions, so that what another wrote
            meanwhile cannot have been overwritten; None where nothing was to be written.
    """

    plan: Plan
    applied: bool
    conditional: bool | None = None


def follow(moving: Moving, prepared: Prepared, *, dry_run: bool) -> Synced:
    """Do what a plan says, unless it was only asked for, and remember what was learnt.

    Args:
        moving: What moving files needs.
        prepared: The plan, and what is known.
        dry_run: Whether only to tell what would be done.

    Raises:
        StoreError: The first failure: see `store.buckets.syncing.sync_directory`.
    """
    plan = prepared.plan
    for note in plan.notes:
        moving.tell(f"note: {note}")
    conditional = None
    try:
        if dry_run:
            for step in plan.steps:
                moving.done(step)
        elif plan.direction == "up":
            conditional = change_bucket(moving, plan)
        else:
            change_directory(moving, plan)
    except BaseException as error:
        moving.counters.end(error)
        raise
    finally:
        prepared.save()
    moving.counters.end(None)
    if conditional is False:
        moving.tell(f"note: {UNCONDITIONAL}")
    moving.tell(summed_up(plan, applied=not dry_run))
    return Synced(plan, not dry_run, conditional)
