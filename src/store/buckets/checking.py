"""Says what differs between a directory and a bucket."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from store.buckets.comparing import Comparison
from store.buckets.keys import names_for, shown, within
from store.buckets.looking import Looking
from store.buckets.naming import path_of
from store.buckets.preparing import adopt, by_key, folds_case
from store.buckets.scanning import refuse_a_file
from store.errors import StoreError
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient

Sign = Literal["=", "-", "+", "*", "!"]
"""``=`` alike; ``-`` only in the second; ``+`` only in the first; ``*`` other; ``!`` cannot be told."""

_OPTIONS: Final = TransferOptions()


class Checked(NamedTuple):
    """What is known of one name.

    Attributes:
        sign: What it is on both sides.
        name: The name on disk, relative to the directory.
        key: The object's whole key; empty where there is none.
        error: Why it cannot be told.
    """

    sign: Sign
    name: str
    key: str = ""
    error: StoreError | None = None

    def __str__(self) -> str:
        """Return sign and name, as ``rclone check --combined`` prints them."""
        return f"{self.sign} {shown(self.name)}"


class Report(NamedTuple):
    """What is known of all names.

    Attributes:
        lines: A line a name, in their order.
        notes: What a reader should know.
    """

    lines: tuple[Checked, ...]
    notes: tuple[str, ...]

    @property
    def alike(self) -> bool:
        """Whether both sides are."""
        return all(line.sign == "=" for line in self.lines)


def check_directory(
    client: ObjectClient,
    directory: str | Path,
    *,
    remote: str | None = None,
    up: bool = True,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    jobs: int = 16,
    options: TransferOptions = _OPTIONS,
    memory: Path | None = None,
) -> Report:
    """Return which files of a directory and of a bucket are alike, as a sync would see it.

    Args:
        client: The bucket's objects.
        directory: The local directory; links are not followed.
        remote: The directory in the bucket; None for the whole bucket.
        up: Whether the local directory is the first of the two.
        include: Patterns of names that take part: see `store.buckets.patterns.wanted_by`.
        exclude: Patterns of names that do not.
        jobs: How many objects are asked about at once.
        options: The bounds and retries.
        memory: The directory in which digests are remembered; None for the cache's own.

    Raises:
        QueryError: ``directory`` is empty.
        StorageError: The directory cannot be read.
        StoreError: The bucket cannot be listed.
    """
    look = Looking(client, remote, include, exclude, jobs, memory, options.clock)
    root = os.path.abspath(path_of(directory))  # noqa: PTH100 - links stay what they are
    refuse_a_file(root)
    scan, listed = look.scanned(root), look.listed()
    start = len(within(remote))
    given = names_for([key[start:] for key in listed.objects], folding=folds_case(root))
    paths = {key: given.names[key[start:]] for key in listed.objects}
    adopt(paths, scan.stamps, within(remote))
    files = by_key(root, scan.stamps, paths)
    remembered = look.remembering(root)
    failed: dict[str, StoreError] = {}
    comparison = Comparison(
        client, remembered, up=up, jobs=jobs, clock=options.clock, failed=failed
    )
    alike = comparison.alike(files, listed.objects)
    remembered.save(scan.seen, listed.seen)
    keys = {key: file.name for key, file in files.items()}
    lines = [_line(keys, key, failed, alike, listed.objects, up=up) for key in keys]
    lines += [
        Checked("-" if up else "+", paths[key], key) for key in listed.objects if key not in keys
    ]
    notes = (*scan.notes, *given.notes, *comparison.notes)
    return Report(tuple(sorted(lines, key=lambda line: line.name)), notes)


def _line(
    names: Mapping[str, str],
    key: str,
    failed: Mapping[str, StoreError],
    alike: Collection[str],
    objects: Collection[str],
    *,
    up: bool,
) -> Checked:
    """Return what is known of a file."""
    name = names[key]
    if key not in objects:
        return Checked("+" if up else "-", name)
    if name in failed:
        return Checked("!", name, key, failed[name])
    return Checked("=" if key in alike else "*", name, key)
