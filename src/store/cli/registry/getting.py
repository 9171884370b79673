"""``store registry get`` and ``open``: what comes out of the registry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import content, document, line
from store.cli.registry.opening import ITEM, find_item, opened_registry, with_params, with_registry
from store.cli.registry.spelling import item_as_data

if TYPE_CHECKING:
    from store.registry.item import CacheItem
    from store.registry.opening import Opener

_CHUNK = 1 << 16


@click.command(
    epilog=examples(
        "store registry get https://example.org/data.tsv",
        "store registry get demo --param year=2026 -o ./copy.bin",
    )
)
@click.argument("what", metavar=ITEM)
@with_params
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(),
    help="Put a copy at this path; its directory is made.",
)
@with_json("Print the item as JSON.")
@with_registry
@common
@click.pass_context
def get(
    context: click.Context, /, *, what: str, params: tuple[str, ...], output: str | None
) -> None:
    """Print the path of an item's file, of the newest READY version where a URI is given.

    Status 3 where there is none, and where the item that is named is not READY.
    """
    if output is not None:
        _check_output(context, output)
    frame = frame_of(context)
    with opened_registry(frame, reading=True) as cache:
        item = _ready(find_item(cache, what, params), what)
        path = _path(item, what)
        if output is not None:
            from store.files.placing import place

            target = os.path.abspath(output)  # noqa: PTH100 - resolve() would follow links
            place(path, target)
            path = target
        if frame.json:
            document({**item_as_data(item), "path": path})
        else:
            line(path)


@click.command(
    "open",
    epilog=examples(
        "store registry open demo | head",
        "store registry open archive.tar.gz --member data/table.csv",
        "store registry open archive.zip              the names of its files",
    ),
)
@click.argument("what", metavar=ITEM)
@with_params
@click.option("--member", metavar="NAME", help="Of an archive, print this file.")
@with_json("Print what it is as JSON: type, size, members.")
@with_registry
@common
@click.pass_context
def open_item(
    context: click.Context, /, *, what: str, params: tuple[str, ...], member: str | None
) -> None:
    """Print what stands in an item's file, unpacked; of an archive the names of its files."""
    frame = frame_of(context)
    with opened_registry(frame, reading=True) as cache:
        item = _ready(find_item(cache, what, params), what)
        with _opened(item, what, member) as opened:
            if frame.json:
                document({"type": opened.type, "size": opened.size, "members": opened.sizes})
            elif isinstance(opened.result, dict) and member is None:
                for name in opened.result:
                    line(name)
            else:
                content(_chunks(opened, member))


def _opened(item: CacheItem, what: str, member: str | None) -> Opener:
    """Open an item's file, or of an archive one member.

    Raises:
        ResourceNotFoundError: The archive has no such member.
        QueryError: It is no archive.
    """
    from store.errors import MissingKeyError, QueryError, ResourceNotFoundError

    try:
        opened = item.open(default_mode="rb", needed=member)
    except MissingKeyError as error:
        raise ResourceNotFoundError(
            f"{what!r} has no member {member!r}: 'store registry open {what}' prints their names",
            query=member,
        ) from error
    if member is not None and not isinstance(opened.result, dict):
        opened.close()
        raise QueryError(
            f"{what!r} is no archive, and has no members: it is opened without --member",
            query=member,
        )
    return opened


def _check_output(context: click.Context, output: str) -> None:
    if not output or output.endswith("/"):
        raise click.UsageError("-o names a file, and this is a directory", context)
    if output == "-":
        raise click.UsageError(
            "-o names a file, and stdout is for paths: 'store registry open' prints a content",
            context,
        )


def _path(item: CacheItem, what: str) -> str:
    """Return the path of a READY item's file, which is there.

    Raises:
        ResourceNotFoundError: The item is not READY, has no file, or its file is gone.
    """
    from store.errors import ResourceNotFoundError
    from store.registry.status import Status

    see = f"see 'store registry show {item.id}'"
    if item.rstatus is not Status.READY:
        trash = f"'store registry restore {item.id}' brings it back"
        step = trash if item.rstatus is Status.TRASH else see
        problem = f"is {item.rstatus.name}, and only READY ones are handed out: {step}"
    elif not item.has_file:
        problem = f"has no file, being metadata alone: {see}"
    elif not os.path.lexists(path := item.path):
        problem = f"has lost its file, which should lie at {path}: add it anew"
    else:
        return path
    raise ResourceNotFoundError(f"{item.version_id} {problem}", query=what)


def _ready(item: CacheItem, what: str) -> CacheItem:
    """Return the newest READY version instead of one that is not READY, unless that one was named."""
    from store.registry.status import Status

    if item.rstatus is Status.READY or what in {str(item.id), item.version_id}:
        return item
    return item.cache.best(key=item.key) or item  # type: ignore[attr-defined]


def _chunks(opened: Opener, member: str | None) -> Iterator[bytes]:
    stream: Any = opened.result if member is None else opened.result[member]
    while data := stream.read(_CHUNK):
        yield data
