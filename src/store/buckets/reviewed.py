"""Makes sure that a saved plan is still true of both sides."""

from __future__ import annotations

import os
from collections.abc import Mapping

from store.buckets.keys import key_of, within
from store.buckets.looking import Looking, remote_state
from store.buckets.plan import Plan, state_of
from store.buckets.preparing import Prepared
from store.buckets.scanning import Scan, Stamped, stamped
from store.errors import DriftError
from store.files.failures import storage_errors
from store.transports.objects.base import ObjectMeta


def check_plan(look: Looking, plan: Plan) -> Prepared:
    """Hold a plan against both sides as they are now.

    Args:
        look: How they are looked at, as when the plan was made.
        plan: The plan.

    Raises:
        DriftError: Something has changed since, or the plan was not made to be kept; nothing was done.
        UnsafeNameError: A step leads outside.
        StoreError: What the client raises, or the disk.
    """
    found = _local(look, plan)
    if plan.root and state_of(found.stamps) != plan.local_state:
        raise _moved_on(plan.root, _changed_file(plan, found.stamps))
    listed = look.listed()
    place = f"{look.client.address}/{within(plan.remote)}"
    if remote_state(listed.objects) != plan.remote_state:
        raise _moved_on(place, _changed_object(plan, listed.objects))
    _check_within(plan)
    return Prepared(plan, look.remembering(plan.root), found.seen, listed.seen)


def _local(look: Looking, plan: Plan) -> Scan:
    if plan.root and (plan.direction == "up" or os.path.lexists(plan.root)):
        return look.scanned(plan.root)
    stamps = {}
    for step in plan.steps:
        if step.path and not plan.root:
            with storage_errors(step.path):
                stamps[step.path] = stamped(os.stat(step.path))  # noqa: PTH116 - text
            if stamps[step.path] != step.stamp:
                raise _moved_on(step.path, step.path)
    return Scan(stamps, [], stamps)


def _check_within(plan: Plan) -> None:
    """Refuse steps that lead out of the plan's own directories, as only a hand-made plan has them.

    Raises:
        DriftError: One does.
    """
    prefix = within(plan.remote)
    for step in plan.steps:
        taken = step.action in {"upload", "copy", "delete"}
        astray = taken != (plan.direction == "up") or (
            step.action != "remove" and not step.key.startswith(prefix)
        )
        if plan.direction == "down" and step.action != "remove":
            relative = step.key[len(prefix) :]
            astray = astray or key_of(step.path) != relative
        if astray:
            raise DriftError(
                f"the plan was changed: {step.action} of {step.key!r} is none of its steps; plan again",
                name=step.key,
            )


def _changed_file(plan: Plan, stamps: Mapping[str, Stamped]) -> str:
    for step in plan.steps:
        if step.path and plan.direction == "up" and stamps.get(step.path, ()) != step.stamp:
            return step.path
    return plan.root


def _changed_object(plan: Plan, objects: Mapping[str, ObjectMeta]) -> str:
    for step in plan.steps:
        meta = objects.get(step.key)
        if plan.direction == "up" and (None if meta is None else meta.etag) != step.etag:
            return step.key
    return f"{plan.address}/{plan.remote}"


def _moved_on(where: str, name: str) -> DriftError:
    return DriftError(
        f"{where} has changed since the plan was made ({name}): nothing was done; plan again",
        name=name,
    )
