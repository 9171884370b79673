"""Holds names of datasets against the files that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from store.errors import QueryError
from store.releases.gathering import Plan
from store.releases.names import check_path
from store.releases.records import Record


def check_leads(record: Record) -> None:
    """Refuse to publish a record in which a dataset leads out of the release.

    Where it leads to no file at all that is the publisher's business: an older tool passes such on.

    Raises:
        UnsafeNameError: One does.
    """
    for path in record.datasets.values():
        if isinstance(path, str):
            check_path(path)


def check_datasets(datasets: Mapping[str, str], plan: Plan) -> None:
    """Refuse a name for what is no file of a release that is to be, nor anything inside of one.

    Args:
        datasets: What each name stands for: a path, and behind it the way inside of the file.
        plan: What is to be released.

    Raises:
        QueryError: There is such a name.
    """
    going = {one.path for one in plan.files}
    for name, path in datasets.items():
        parts = str(path).split("/")
        if not any("/".join(parts[:length]) in going for length in range(1, len(parts) + 1)):
            left = next((one.reason for one in plan.left_out if one.path == path), None)
            why = "which is not released" if left is None else f"which is left out ({left})"
            if path in plan.directories:
                why = "which is a directory, and a dataset is one file"
            raise QueryError(
                f"the dataset {name!r} stands for {str(path)!r}, {why}: name a file that is; --dry-run lists"
                " them",
                query=name,
            )
