"""Spells releases for people and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from store.releases.comparing import Difference
    from store.releases.gathering import Plan
    from store.releases.records import Record
    from store.releases.values import Listed


def listed_as_data(one: Listed) -> dict[str, Any]:
    """Return a line of a listing as plain data; what is not known is left out."""
    data: dict[str, Any] = {
        "workspace": one.workspace,
        "title": one.title,
        "version": str(one.version),
        "yanked": one.yanked is not None,
    }
    if one.yanked:
        data["reason"] = one.yanked
    known = {"files": one.files, "size": one.size, "digest": one.digest}
    return data | {name: value for name, value in known.items() if value is not None}


def record_as_data(record: Record, workspace: str, *, files: bool = True) -> dict[str, Any]:
    """Return what a record tells as plain data."""
    data: dict[str, Any] = {
        "workspace": workspace,
        "title": record.title_versionless,
        "version": str(record.version),
        "digest": record.identity,
        "size": record.whole_size,
        "requirements": record.requirements,
        "datasets": dict(record.datasets),
        "directories": list(record.directories),
    }
    if record.pid is not None:
        data["pid"] = record.pid
    if files:
        data["files"] = [
            {
                "path": one.path,
                "size": one.size,
                "digest": None if one.digest is None else str(one.digest),
                "executable": one.executable,
            }
            for one in record.blobs
        ]
    return data


def planned_as_data(plan: Plan) -> dict[str, Any]:
    """Return what a dry run knows better than its record: sizes; nothing was read, so no digest is known."""
    return {
        "digest": None,
        "size": plan.size,
        "files": [
            {"path": one.path, "size": one.size, "digest": None, "executable": one.executable}
            for one in plan.files
        ],
    }


def difference_as_data(difference: Difference) -> dict[str, list[str]]:
    """Return a difference as plain data."""
    return {name: list(paths) for name, paths in difference._asdict().items()}
