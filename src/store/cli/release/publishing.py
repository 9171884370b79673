"""``store release publish``: a directory becomes a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, human_size, line, one_line, say, several, words
from store.cli.release.opening import (
    KEPT,
    archive_meant,
    drawn,
    opened_archive,
    scratch,
    with_archive,
    with_threads,
)
from store.cli.release.spelling import planned_as_data, record_as_data

if TYPE_CHECKING:
    from store.releases.gathering import Plan
    from store.releases.publishing import Published, Wanted

_SHOWN: Final = 5
"""How many files are named that were mended."""


@click.command(
    epilog=examples(
        "store release publish ./results survey@1.2.0 --to ./archive --dry-run",
        "store release publish ./results survey@1.2.0 --to team --include build/table.csv",
        "store release publish . survey@2.0.0 --dataset table=out/table.csv --require 'raw>=1,<2'",
    )
)
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.argument("release", metavar="TITLE@VERSION")
@with_archive("--to", "--archive", meaning="Where to")
@click.option(
    "--include", metavar="PATH", multiple=True, help="Release it though it would be left out."
)
@click.option(
    "--exclude", metavar="PATH", multiple=True, help="Leave it out; * matches slashes, too."
)
@click.option(
    "--require",
    "requirements",
    metavar="RELEASE",
    multiple=True,
    help="A release it was made with.",
)
@click.option(
    "--dataset", "datasets", metavar="NAME=PATH", multiple=True, help="A name for a path in it."
)
@click.option("--repeat", is_flag=True, help="Publish a version again, if the archive can.")
@click.option("--dry-run", "-n", is_flag=True, help="Only list what would go.")
@with_threads
@with_json("Print the record's content, and what was left out, as JSON.")
@common
@click.pass_context
def publish(
    context: click.Context,
    /,
    *,
    directory: str,
    archive: str | None,
    user: str | None,
    repeat: bool,
    dry_run: bool,
    threads: int,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Publish a directory as a release, and print the record's PID; a version never changes.

    Where it is there, with these very files, those that are missing or damaged in the archive are mended.

    Left out are: what .gitignore names, .git, .env and other files that usually hold credentials, and links.
    """
    from store.addresses import public
    from store.releases.publishing import publish as publish_release

    frame = frame_of(context)
    named = archive_meant(frame, archive, user)
    wanted = _wanted(asked, named.workspace)
    with opened_archive(frame, named) as opened, drawn(frame, wanted.title, 0) as bar:

        def began(plan: Plan) -> None:
            """Tell what will be published, now that it is known."""
            if bar is not None:
                bar.expect(plan.size)
            _tell(frame, plan, dry_run=dry_run)

        done = publish_release(
            opened,
            directory,
            wanted,
            threads=threads,
            dry_run=dry_run,
            allow_repeat=repeat,
            show=bar,
            began=began,
            via=scratch(frame),
        )
    _show(frame, done, wanted.workspace, public(named.host), dry_run=dry_run)


def _wanted(asked: dict[str, Any], workspace: str) -> Wanted:
    from store.errors import QueryError
    from store.releases.choosing import one_version
    from store.releases.names import Requirement
    from store.releases.publishing import Wanted
    from store.releases.versions import Version

    release = Requirement.parse(asked["release"])
    for one in asked["requirements"]:
        Requirement.parse(one)
    datasets = dict(one.partition("=")[::2] for one in asked["datasets"])
    if "" in datasets or "" in datasets.values():
        raise QueryError("a dataset is spelled NAME=PATH", query=asked["datasets"])
    if len({release.workspace, asked["workspace"]} - {None}) > 1:
        raise QueryError(
            f"{asked['release']!r} names the workspace {release.workspace!r}, and --workspace"
            f" {asked['workspace']!r}: name one of them",
            query=asked["release"],
        )
    return Wanted(
        release.title,
        Version.parse(one_version(release)),
        release.workspace or asked["workspace"] or workspace,
        asked["requirements"],
        datasets,
        include=asked["include"],
        exclude=asked["exclude"],
    )


def _tell(frame: Frame, plan: Plan, *, dry_run: bool) -> None:
    """Say what goes: a path a line on a dry run, where that is the result."""
    frame.kept = "" if dry_run else KEPT
    if frame.json:
        return
    if dry_run:
        for one in plan.files:
            words(f"{one.path}\t{one.size}")
    if frame.quiet:
        return
    for left in plan.left_out:
        say(f"left out: {one_line(left.path)} ({left.reason})")
    verb = "would publish" if dry_run else "publishing"
    say(f"{verb} {several(len(plan.files), 'file')}, {human_size(plan.size)}")


def _show(frame: Frame, done: Published, workspace: str, host: str, *, dry_run: bool) -> None:
    mended = sorted(done.mended)
    if frame.json:
        planned = planned_as_data(done.plan) if dry_run and not mended else {}
        document(
            {
                "dry_run": dry_run,
                "pid": done.pid,
                **record_as_data(done.record, workspace),
                **planned,
                "mended": mended,
                "repeats": done.before is not None,
                "left_out": [one._asdict() for one in done.plan.left_out],
            }
        )
        return
    if done.pid is not None:
        line(done.pid)
    if mended and not frame.quiet:
        verb = "would be" if dry_run else "was" if len(mended) == 1 else "were"
        count = several(len(mended), "file")
        say(f"{done.record.title} was in {host}: {count} {verb} mended ({_few(mended)})")
    elif done.before is not None and not frame.quiet:
        verb = "would be" if dry_run else "was"
        marked = "" if done.yanked is None else ", and stays yanked"
        say(f"{done.record.title} was in {host}: it {verb} published again in its place{marked}")
    elif not (frame.quiet or dry_run):
        say(f"{done.record.title} is in {host}")


def _few(paths: list[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more
