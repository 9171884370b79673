"""``store bucket get``: objects become files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from store.cli.bucket.opening import (
    ADDRESS,
    Place,
    lone,
    metered,
    missing,
    opened_place,
    summary_data,
    with_jobs,
    with_patterns,
)
from store.cli.bucket.sides import REMOTE
from store.cli.empty import DIRECTORY, filled
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_bounds, with_manners
from store.cli.options import common, frame_of, with_json
from store.cli.output import content, document, line, say, several

if TYPE_CHECKING:
    from store.buckets.downloading import Fetched
    from store.buckets.trees import Pair

_PIECE: Final = 1 << 20
"""How much of a content is printed at once, in bytes."""


@click.command(
    epilog=examples(
        "store bucket get s3://results/2026/table.csv",
        "store bucket get s3://results/2026/table.csv ./copy.csv --digest sha256:<hex>",
        "store bucket get s3://results/2026/ ./2026 --include '*.csv'",
        "store bucket get s3://results/2026/table.csv - | head -1",
    )
)
@click.argument("address", metavar=ADDRESS, callback=filled(REMOTE))
@click.argument(
    "dest", metavar="[DEST]", required=False, type=click.Path(), callback=filled(DIRECTORY)
)
@click.option("--digest", metavar="DIGEST", help="What the one object must be: sha256:<hex>.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be got.")
@with_patterns
@with_jobs
@with_manners
@with_bounds
@with_json()
@common
@click.pass_context
def get(
    context: click.Context,
    /,
    *,
    address: str,
    dest: str | None,
    digest: str | None,
    dry_run: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    jobs: int,
) -> None:
    """Get an object, or all below an address that ends with a slash; print the path of each file.

    DEST is the file, or of several the directory; without it they lie in the working directory; '-' prints
    the content of one. Each file is verified against the digest that its writer kept with it, and put in its
    place whole.
    """
    frame = frame_of(context)
    with opened_place(frame, address, versioned=True) as place:
        if dest == "-":
            lone(place, (include, exclude))
            _print(place, digest, frame, context, dry_run=dry_run)
            return
        if place.many:
            if digest is not None:
                raise click.UsageError("--digest pins one object, and this address means many")
            pairs = _below(place, dest or ".", include, exclude, frame)
            got = [] if dry_run else _got(place, pairs, frame, jobs)
        else:
            lone(place, (include, exclude))
            pairs = [_one(place, dest)]
            got = [] if dry_run else [_get_one(place, pairs[0], digest, frame)]
        if dry_run:
            from store.files.regular import refuse_to_replace_any

            refuse_to_replace_any(pair.path for pair in pairs)
        _show(place, pairs, got, frame, dry_run=dry_run)


def _below(
    place: Place, dest: str, include: tuple[str, ...], exclude: tuple[str, ...], frame: Frame
) -> list[Pair]:
    from store.buckets.trees import objects_below, pairs_down
    from store.errors import MissingKeyError

    found = list(objects_below(place.client, place.key, include=include, exclude=exclude))
    if not found:
        raise MissingKeyError(
            f"there is nothing below {place.spelled(place.key)} that is wanted: look with"
            " 'store bucket list'",
            key=place.key,
        )
    return pairs_down(found, place.key, dest, tell=None if frame.quiet else say)


def _print(
    place: Place, digest: str | None, frame: Frame, context: click.Context, *, dry_run: bool
) -> None:
    """Print an object's content, once all of it is here and verified."""
    import tempfile
    from pathlib import Path

    from store.files.atomic import private_directory

    if place.many or frame.json or dry_run:
        raise click.UsageError(
            "'-' prints the content of one object, and nothing else: leave --json and --dry-run out, and"
            " name one",
            context,
        )
    with private_directory(Path(tempfile.gettempdir())) as directory:
        pair = _one(place, None)._replace(path=directory / "content")
        try:
            path = _get_one(place, pair, digest, frame).path
        except BaseException:
            frame.saved = {}  # what came goes with the directory
            raise
        with path.open("rb") as file:
            content(iter(lambda: file.read(_PIECE), b""))


def _one(place: Place, dest: str | None) -> Pair:
    from store.buckets.destinations import dest_for
    from store.buckets.trees import Pair
    from store.errors import MissingKeyError

    try:
        meta = place.client.head(place.key, version=place.address.version)
    except MissingKeyError as error:
        missing(place, error)
    return Pair(place.key, dest_for(place.key, dest or "."), meta.size, meta.etag)


def _get_one(place: Place, pair: Pair, digest: str | None, frame: Frame) -> Fetched:
    from store.buckets.transfers import get_file
    from store.integrity.digest import Digest

    expected = None if digest is None else Digest.parse(digest)
    with metered(frame, pair.path.name, pair.size) as counted:
        return get_file(
            place.client,
            pair.key,
            pair.path,
            expected=expected,
            etag=pair.etag,
            version=place.address.version,
            options=place.options,
            counted=counted,
        )


def _got(place: Place, pairs: list[Pair], frame: Frame, jobs: int) -> list[Fetched]:
    from store.buckets.trees import get_pairs

    got: list[Fetched] = []
    total = sum(pair.size for pair in pairs)
    with metered(frame, several(len(pairs), "file"), total) as counted:
        get_pairs(
            place.client,
            pairs,
            jobs=jobs,
            options=place.options,
            counted=counted,
            done=got.append,
        )
    return got


def _show(
    place: Place, pairs: list[Pair], got: list[Fetched], frame: Frame, *, dry_run: bool
) -> None:
    files = {one.summary.key: one for one in got}
    if frame.json:
        known = [files.get(pair.key) for pair in pairs]
        document(
            [
                {"address": place.spelled(pair.key), "path": str(pair.path), "size": pair.size}
                if one is None
                else {
                    **summary_data(one.summary, place),
                    "path": str(one.path),
                    "verified": one.verified,
                }
                for pair, one in zip(pairs, known, strict=True)
            ]
        )
    else:
        for pair in pairs:
            line(pair.path)
    if not frame.quiet and (dry_run or place.many):
        say(f"{'would get' if dry_run else 'got'} {several(len(pairs), 'file')}")
