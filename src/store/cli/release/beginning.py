"""``store release init``: begin an archive."""

from __future__ import annotations

import click

from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, line, say
from store.cli.release.opening import archive_meant, trusted, trusting


@click.command(
    epilog=examples("store release init ./archive", "store release init https://cdcs.example.org")
)
@click.argument("archive", metavar="ARCHIVE")
@click.option("--user", metavar="NAME", help="Who asks, where the archive wants to know.")
@trusting
@with_json()
@common
@click.pass_context
def init(context: click.Context, /, *, archive: str, user: str | None) -> None:
    """Make an empty directory an archive, and print its path; one that is an archive stays as it is.

    A CDCS server is given the template of releases, which its staff may do.
    """
    from store.releases.beginning import begin

    frame = frame_of(context)
    named = archive_meant(frame, archive, user)
    begun = begin(named.host, named.user, ca_file=trusted())
    if frame.json:
        document({"archive": str(begun.host)})
    else:
        line(str(begun.host))
    if not frame.quiet:
        say(f"{begun.host} is an archive")
