"""``store bucket sync``: makes a bucket and a directory alike."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from store.cli.bucket.opening import Place, opened_place, with_jobs, with_patterns
from store.cli.bucket.sides import Sides, make_sure_of, sides_of
from store.cli.empty import DIRECTORY, FILE, filled
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_bounds, with_manners
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, say, words

if TYPE_CHECKING:
    from store.buckets.following import Synced
    from store.buckets.plan import Plan


_LONGEST: Final = 16 << 20
"""How long one line of a plan may be, in characters."""


@click.command(
    epilog=examples(
        "store bucket sync ./out s3://results/2026/",
        "store bucket sync ./out s3://results/2026/ --delete --dry-run --plan plan.jsonl",
        "store bucket sync ./out s3://results/2026/ --apply plan.jsonl",
        "store bucket sync bucket:work/2026/ ./2026 --include '*.csv'",
    )
)
@click.argument("source", metavar="SOURCE", callback=filled(DIRECTORY))
@click.argument("dest", metavar="DEST", callback=filled(DIRECTORY))
@click.option("--delete", is_flag=True, help="Delete what is in DEST and not in SOURCE.")
@click.option(
    "--max-delete",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=0.5,
    help="The largest share of DEST that may be deleted (0.5).",
)
@click.option("--allow-empty", is_flag=True, help="Accept a SOURCE without files.")
@click.option("--create", is_flag=True, help="Make the bucket where it is missing.")
@click.option("--sha1", is_flag=True, help="Keep the SHA-1 of what goes up, too (sha1sum).")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--plan",
    "plan_file",
    metavar="FILE",
    type=click.Path(),
    callback=filled(FILE),
    help="Write the plan here; do nothing.",
)
@click.option(
    "--apply",
    "applied_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Do what this plan says, if neither side has changed since.",
)
@with_patterns
@with_jobs
@with_manners
@with_bounds
@with_json()
@common
@click.pass_context
def sync(
    context: click.Context,
    /,
    *,
    source: str,
    dest: str,
    plan_file: str | None,
    applied_file: str | None,
    create: bool,
    dry_run: bool,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Make DEST like SOURCE: one is a directory, the other a directory of a bucket.

    Files are alike where name, size and content are. What DEST lacks is moved, copied by the server where it
    has the content, and verified; nothing is deleted without --delete. Prints a line for each step.
    """
    frame, sides = frame_of(context), sides_of(source, dest)
    if sides.up:
        make_sure_of(sides.directory)
    elif create:
        raise click.UsageError(
            "--create makes the bucket that is written to, and this comes down: leave it out",
            context,
        )
    if plan_file is not None:
        _check_plan_file(context, plan_file)
    with opened_place(frame, sides.address) as place:
        if create:
            _make(place, dry=dry_run or plan_file is not None)
        if applied_file is not None:
            _refuse_more(context)
            frame.again = "plan again, and the new plan goes on from there"
            done = _apply(place, sides, applied_file, frame, asked["jobs"])
        else:
            done = _sync(place, sides, frame, dry_run=dry_run or plan_file is not None, **asked)
        if plan_file is not None:
            _save(done.plan, plan_file)
        _show(done, frame)


def _make(place: Place, *, dry: bool) -> None:
    """Make the bucket, where it is missing.

    Raises:
        ResourceNotFoundError: It is, and nothing is to be done: there is nothing to hold files against.
    """
    from store.buckets.client import bucket_exists, create_bucket
    from store.errors import ResourceNotFoundError

    if not dry:
        create_bucket(place.client, options=place.options)
    elif not bucket_exists(place.client):
        raise ResourceNotFoundError(
            f"the bucket {place.client.address} is not there, and --dry-run and --plan make none: all files"
            " would be uploaded; leave them out, and --create makes it",
            url=place.client.address,
        )


def _sync(
    place: Place,
    sides: Sides,
    frame: Frame,
    *,
    sha1: bool,
    dry_run: bool,
    **asked: Any,  # noqa: ANN401
) -> Synced:
    from store.buckets.syncing import sync_directory, sync_remote_to_local

    options: dict[str, Any] = {
        **asked,
        "remote": place.key,
        "dry_run": dry_run,
        "progress": True if frame.shows_bars() else None,
        "options": place.options,
        "memory": place.memory(frame),
    }
    if sides.up:
        return sync_directory(place.client, sides.directory, sha1=sha1, **options)
    if sha1:
        raise click.UsageError("--sha1 is kept with what goes up, and this comes down")
    return sync_remote_to_local(place.client, sides.directory, **options)


def _apply(place: Place, sides: Sides, path: str, frame: Frame, jobs: int) -> Synced:
    from store.buckets.keys import within
    from store.buckets.plan import Plan
    from store.buckets.syncing import apply_plan
    from store.errors import QueryError
    from store.files.failures import storage_errors

    with storage_errors(path), Path(path).open(encoding="utf-8", errors="replace") as file:
        try:
            # A line that is longer is no plan's, nor what has no lines at all.
            plan = Plan.from_lines(iter(lambda: file.readline(_LONGEST), ""))
        except QueryError as error:
            raise QueryError(f"{path}: {error}", query=path) from error
    planned = (plan.direction == "up", plan.root, plan.remote)
    root = os.path.abspath(sides.directory)  # noqa: PTH100 - links stay what they are
    asked = (sides.up, root, within(place.key).removesuffix("/"))
    if planned != asked:
        way = " to ".join((plan.root, f"{plan.address}/{plan.remote}")[:: 1 if planned[0] else -1])
        raise QueryError(f"{path} is a plan of {way}: name the same two", query=path)
    return apply_plan(
        place.client,
        plan,
        jobs=jobs,
        progress=True if frame.shows_bars() else None,
        options=place.options,
        memory=place.memory(frame),
    )


def _refuse_more(context: click.Context) -> None:
    """Refuse what a plan has decided already.

    Raises:
        UsageError: It was given.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        decided = ("delete", "max_delete", "allow_empty", "sha1", "dry_run", "plan_file")
        if given and name in {*decided, "include", "exclude"}:
            raise click.UsageError(
                f"{parameter.opts[-1]} was decided when the plan was made: leave it out with --apply",
                context,
            )


def _check_plan_file(context: click.Context, path: str) -> None:
    """Refuse what no plan can be written to, before one is made: no directory is made for it.

    Raises:
        UsageError: It names no file.
        RefusedError: A link, a device or a FIFO lies there.
        StorageError: Its directory is missing or none, or it is a directory itself.
    """
    from store.files.failures import storage_errors, storage_failure
    from store.files.regular import refuse_to_replace

    if path == "-":
        raise click.UsageError(
            "--plan names a file, and stdout is for the steps: --dry-run --json prints a plan there",
            context,
        )
    if path.endswith("/"):
        raise click.UsageError("--plan names a file, and this is none", context)
    parent = Path(path).parent
    with storage_errors(parent):
        if not stat.S_ISDIR(parent.stat().st_mode):
            raise storage_failure(errno.ENOTDIR, parent)
    if Path(path).is_dir():
        raise storage_failure(errno.EISDIR, path)
    refuse_to_replace(path)


def _save(plan: Plan, path: str) -> None:
    from store.files.atomic import write_bytes
    from store.files.regular import refuse_to_replace

    refuse_to_replace(path)
    write_bytes(path, "".join(f"{line}\n" for line in plan.to_lines()).encode())


def _show(done: Synced, frame: Frame) -> None:
    from store.buckets.following import UNCONDITIONAL
    from store.buckets.plan import summed_up, told

    plan = done.plan
    if frame.json:
        document(
            {
                "applied": done.applied,
                "conditional": done.conditional,
                **{name: one for name, one in plan._asdict().items() if name != "steps"},
                "steps": [step._asdict() for step in plan.steps],
            }
        )
    else:
        for step in plan.steps:
            words(told(step))
    if not frame.quiet:
        for note in plan.notes:
            say(note)
        if done.conditional is False:
            say(UNCONDITIONAL)
        say(summed_up(plan, applied=done.applied))
