"""``store release copy`` and ``yank``: elsewhere, and out of the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from store.cli.empty import filled
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, line, say, several
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

if TYPE_CHECKING:
    from store.releases.copying import Copied


@click.command(
    epilog=examples(
        "store release copy survey@1.2.0 --from ./archive --to s3://bucket/archive",
        "store release copy 'survey>=1' --from team --to ./mine --to-workspace drafts",
    )
)
@click.argument("release", metavar="RELEASE")
@with_archive("--from", "--archive", meaning="Where from")
@click.option("--to", "target", metavar="ARCHIVE", required=True, help="Where to.")
@click.option(
    "--to-workspace",
    metavar="NAME",
    callback=filled("leave it out for the same one"),
    help="Where in it; the same workspace by default.",
)
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
    """Copy a release from one archive to another by its digests, the highest version where several are meant.

    Of one that is there, what is missing or damaged is mended. A yanked one is yanked there, too;
    one that is yanked there alone stays so, which is said.
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
            copied = copy_release(
                source,
                dest,
                record,
                workspace=place,
                to_workspace=to_workspace,
                via=scratch(frame),
                threads=threads,
                show=show,
            )
    _tell(frame, record.title, copied, str(dest.host))


def _tell(frame: Frame, title: str, copied: Copied, host: str) -> None:
    pid, mended = copied.pid, sorted(copied.mended)
    if frame.json:
        yanked = copied.yanked is not None or copied.stays_yanked is not None
        done = {"title": title, "pid": pid, "copied": pid is not None, "mended": mended}
        document({**done, "yanked": yanked})
        return
    if pid is not None:
        line(pid)
    if frame.quiet:
        return
    became = "was there" if pid is None else "was copied"
    said = f", {several(len(mended), 'file')} mended" if mended else ""
    said += ", yanked as it is" if copied.yanked is not None else ""
    say(f"{title} {became}{said}: {host}")
    if copied.stays_yanked is not None:
        say(
            f"{title} is yanked there, and not where it comes from: 'store release yank --undo' takes that"
            " back"
        )


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
    """Mark a version so that ranges pass it over; who names it exactly still gets it.

    Where only builds of it were published (1.2.0+b1), all of them are marked unless one is named.
    """
    from store.releases.choosing import builds_of

    frame = frame_of(context)
    wanted, named, place = release_meant(frame, release, asked)
    with opened_archive(frame, named) as opened:
        version, builds = builds_of(opened, wanted, place)
        for one in builds:
            opened.yank(wanted.title, one, workspace=place, reason=reason, undo=undo)
    if frame.json:
        document({"title": wanted.title, "version": version, "yanked": not undo})
    elif not frame.quiet:
        became = "may be chosen again" if undo else "is passed over by ranges"
        for one in builds:
            say(f"{wanted.title} {one} {became}")
