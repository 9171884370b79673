"""Makes sure that a saved plan is still true of both sides."""

from __future__ import annotations

import os
from collections.abc import Mapping

from store.buckets.keys import key_of, keys_for, within
from store.buckets.looking import Looking, remote_state
from store.buckets.plan import Plan, Step, state_of
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
    _check_within(plan, listed.objects, found.stamps)
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


def _size_of(step: Step, objects: Mapping[str, ObjectMeta]) -> int:
    """Return how many bytes a step is about, by what lies there."""
    if step.action in {"upload", "copy", "remove"}:
        return step.stamp[2] if len(step.stamp) > 2 else step.size  # noqa: PLR2004 - a plan may be edited
    found = objects.get(step.key)
    return step.size if found is None else found.size


def _check_within(
    plan: Plan, objects: Mapping[str, ObjectMeta], stamps: Mapping[str, Stamped]
) -> None:
    """Refuse what only a plan has that was changed by hand.

    Such are steps that lead out of its directories or bring another file than their key stands for, steps
    told twice, and sizes that are none.

    Raises:
        DriftError: One does.
    """
    prefix = within(plan.remote)
    names = keys_for(stamps) if plan.root and plan.direction == "up" else {}
    seen: set[tuple[str, str]] = set()
    for step in plan.steps:
        taken = step.action in {"upload", "copy", "delete"}
        astray = taken != (plan.direction == "up") or (
            step.action != "remove" and not step.key.startswith(prefix)
        )
        if plan.direction == "down" and step.action != "remove":
            relative = step.key[len(prefix) :]
            astray = astray or key_of(step.path) != relative
        if names and step.action in {"upload", "copy"}:
            astray = astray or names.get(step.key[len(prefix) :]) != step.path
        astray = astray or (step.action == "duplicate" and not _has_its_content(step, plan))
        told = (step.action, step.path if step.action == "remove" else step.key)
        astray = astray or told in seen or step.size != _size_of(step, objects)
        seen.add(told)
        if astray:
            raise DriftError(
                f"the plan was changed: {step.action} of {step.key!r} is none of its steps; plan again",
                name=step.key,
            )


def _has_its_content(step: Step, plan: Plan) -> bool:
    """Whether what is copied here may be what is to come.

    Its SHA-256 is held against it later; without one it must be the file of another object of the very tag.
    """
    if step.sha256 is not None:
        return True
    return any(
        one.action == "download"
        and (one.path, one.etag, one.size) == (step.source, step.etag, step.size)
        for one in plan.steps
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
    what = "" if name == where else f" ({name})"
    return DriftError(
        f"{where} has changed since the plan was made{what}: nothing was done; plan again",
        name=name,
    )
