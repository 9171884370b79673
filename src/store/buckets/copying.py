"""Copies objects: by the server, else through a file here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import NamedTuple

from store.buckets.parallel import each
from store.buckets.sums import Hashed
from store.buckets.transfers import get_file, put_file
from store.files.atomic import private_directory
from store.files.names import derived_name
from store.transports.base import TransferOptions
from store.transports.objects.base import Counted, ObjectClient


class Copy(NamedTuple):
    """An object that is to lie elsewhere too.

    Attributes:
        source: Its key.
        dest: The copy's key.
        size: Its bytes.
    """

    source: str
    dest: str
    size: int


def copy_objects(
    origin: ObjectClient,
    target: ObjectClient,
    copies: Iterable[Copy],
    *,
    jobs: int,
    options: TransferOptions,
    counted: Counted | None = None,
    within: bool = False,
) -> None:
    """Copy objects; within one bucket no byte comes here, else each comes verified, and goes up again.

    Args:
        origin: Where they are.
        target: Where the copies are to lie.
        copies: Which.
        jobs: How many at once.
        options: How bytes are moved.
        counted: Is told of bytes that were copied.
        within: Whether both are one bucket.

    Raises:
        MissingKeyError: One is not there.
        StoreError: What the clients raise: the first error.
    """

    def beside(one: Copy) -> None:
        """Copy within one bucket: the bytes stay there."""
        if one.source != one.dest:
            target.copy(one.source, one.dest)
        if counted is not None:
            counted(one.size)

    if within:
        each(copies, beside, jobs)
        return
    with private_directory(tempfile.gettempdir()) as directory:

        def through(one: Copy) -> None:
            """Copy to another bucket by way of a file here."""
            path = directory / derived_name(one.dest)
            got = get_file(origin, one.source, path, options=options)
            known = Hashed(() if got.summary.digest is None else (got.summary.digest,))
            put_file(target, one.dest, path, known=known, options=options, counted=counted)
            path.unlink()

        each(copies, through, jobs)
