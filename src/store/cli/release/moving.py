"""``store release copy`` and ``yank``: elsewhere, and out of the way."""

from __future__ import annotations

from typing import Any

import click

from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, line, say
from store.cli.release.opening import (
    KEPT,
    archive_meant,
    drawn,
    opened_archive,
    release_meant,
    scratch,
    with_archive,
    with_threads,
)


@click.command(
    epilog=examples(
        "store release copy survey@1.2.0 --from ./archive --to s3://bucket/archive",
        "store release copy 'survey>=1' --from team --to ./mine --to-workspace drafts",
    )
)
@click.argument("release", metavar="RELEASE")
@with_archive("--from", "--archive", meaning="Where from")
@click.option("--to", "target", metavar="ARCHIVE", required=True, help="Where to.")
@click.option("--to-workspace", metavar="NAME", help="Where in it; the same workspace by default.")
@with_threads
@with_json()
@common
@click.pass_context
def copy(
    context: click.Context,
    /,
    *,
    release: str,
    target: str,
    to_workspace: str | None,
    threads: int,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Copy a release from one archive to another by its digests; one that is there is left alone.

    Status 4 where the other has another content under that version.
    """
    from store.releases.choosing import choose
    from store.releases.copying import copy_release

    frame = frame_of(context)
    wanted, named, place = release_meant(frame, release, asked)
    other = archive_meant(frame, target)
    with opened_archive(frame, named) as source, opened_archive(frame, other) as dest:
        record = choose(source, wanted, place)
        frame.kept = KEPT
        with drawn(frame, record.title, 2 * record.size) as show:
            pid = copy_release(
                source,
                dest,
                record,
                workspace=place,
                to_workspace=to_workspace,
                via=scratch(frame),
                threads=threads,
                show=show,
            )
    if frame.json:
        document({"title": record.title, "pid": pid, "copied": pid is not None})
        return
    if pid is not None:
        line(pid)
    if not frame.quiet:
        say(f"{record.title} {'was there' if pid is None else 'was copied'}: {dest.host}")


@click.command(
    epilog=examples(
        "store release yank survey@1.2.0 --archive ./archive --reason 'wrong units'",
        "store release yank survey@1.2.0 --archive ./archive --undo",
    )
)
@click.argument("release", metavar="TITLE@VERSION")
@with_archive()
@click.option("--reason", metavar="TEXT", default="", help="Why; told in listings.")
@click.option("--undo", is_flag=True, help="Let ranges choose it again.")
@with_json()
@common
@click.pass_context
def yank(
    context: click.Context,
    /,
    *,
    release: str,
    reason: str,
    undo: bool,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Mark a version so that ranges pass it over; who names it exactly still gets it."""
    from store.releases.choosing import one_version

    frame = frame_of(context)
    wanted, named, place = release_meant(frame, release, asked)
    version = one_version(wanted)
    with opened_archive(frame, named) as opened:
        opened.yank(wanted.title, version, workspace=place, reason=reason, undo=undo)
    if frame.json:
        document({"title": wanted.title, "version": version, "yanked": not undo})
    elif not frame.quiet:
        say(
            f"{wanted.title} {version} {'may be chosen again' if undo else 'is passed over by ranges'}"
        )
