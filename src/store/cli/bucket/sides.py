"""Tells the bucket from the directory where a command takes both."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import click

_ADDRESS: Final = re.compile(r"(s3|gs|az)://|bucket:")

REMOTE: Final = "write s3://bucket/key or bucket:NAME/key"
"""What is to be written in place of an empty address."""


def make_sure_of(path: str) -> None:
    """Make sure that something lies at a local path that is to be read.

    Raises:
        ResourceNotFoundError: Nothing does.
    """
    import os

    from store.errors import ResourceNotFoundError

    if not os.path.lexists(path):
        raise ResourceNotFoundError(f"{path} is not there: is the path right?", query=path)


class Sides(NamedTuple):
    """A bucket's address and a local directory.

    Attributes:
        address: The address, as it was given.
        directory: The directory, as it was given.
        up: Whether the directory came first.
    """

    address: str
    directory: str
    up: bool


def sides_of(source: str, dest: str) -> Sides:
    """Return which of two arguments is the bucket.

    Raises:
        UsageError: Both are, or none.
    """
    remote = [bool(_ADDRESS.match(one)) for one in (source, dest)]
    if remote[0] == remote[1]:
        raise click.UsageError(
            "one of the two is a bucket's address (s3://bucket/directory/, bucket:NAME/directory/), the"
            " other a directory here; 'store bucket copy' copies between buckets",
            click.get_current_context(),
        )
    return Sides(dest, source, up=True) if remote[1] else Sides(source, dest, up=False)
