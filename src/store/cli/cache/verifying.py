"""``store cache verify``: holds every cached file against its digest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from store.cli.cache.opening import held_as_data, in_words, opened_cache
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import (
    document,
    human_size,
    on_terminal,
    replace_status_line,
    say,
    words,
)

if TYPE_CHECKING:
    from store.cache.audit import Finding

DAMAGED = 4
UNREAD = 10
"""The exit status where a file was not what its digest says."""


@click.command(
    epilog=examples(
        "store cache verify",
        "store cache verify --quick              hashes only what changed since the last check",
        "store cache verify --json",
    )
)
@click.option("--quick", is_flag=True, help="Hash only files whose stamp has changed.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many files are hashed at once; one a core by default.",
)
@with_json()
@common
@click.pass_context
def verify(context: click.Context, /, *, quick: bool, jobs: int | None) -> int:
    """Hold every file in the cache against its digest, and every tree against its files' digests.

    What is damaged is set aside and named on stdout; it is fetched anew when it is next asked for. The exit
    status is then 4, and 10 where files could not be read.
    """
    from store.cache.audit import audit
    from store.cache.surveying import Survey, survey

    frame = frame_of(context)
    with opened_cache(frame) as cache, _progress(frame) as told:
        seen = survey(cache.content.layout) if quick else Survey(0, 0, ())
        only = seen.doubtful if quick else None
        findings = list(audit(cache.content, quick=quick, only=only, jobs=jobs, told=told))
    trees = sum(one.held.kind == "tree" for one in findings)
    files = seen.files + len(findings) - trees
    size = seen.size + sum(one.held.size for one in findings)
    bad = [one for one in findings if one.state != "ok"]
    if frame.json:
        document(_as_data(files, trees, size, bad))
    else:
        for one in bad:
            words(f"{one.state}  {one.held.digest}  {one.held.name}  ({one.reason or 'gone'})")
    if not frame.quiet:
        gone = sum(one.state == "missing" for one in bad)
        faults = [f"{len(bad) - gone} not what they should be"] if len(bad) > gone else []
        faults += [f"{gone} gone, fetched anew when asked for"] if gone else []
        result = ", ".join(faults) or "all as they should be"
        say(f"{in_words(files, trees)}, {human_size(size)}: {result}")
    states = {one.state for one in bad}
    return DAMAGED if "damaged" in states else UNREAD if "unread" in states else 0


def _as_data(files: int, trees: int, size: int, bad: list[Finding]) -> dict[str, Any]:
    return {
        "files": files,
        "trees": trees,
        "bytes": size,
        "ok": files + trees - len(bad),
        "bad": [
            {**held_as_data(one.held), "state": one.state, "reason": one.reason} for one in bad
        ],
    }


@contextlib.contextmanager
def _progress(frame: Frame) -> Iterator[Callable[[int, int], None] | None]:
    """Show on a terminal how many bytes were read."""
    if not (frame.shows_bars() and on_terminal("stderr")):
        yield None
        return

    def told(done: int, whole: int) -> None:
        """Say how far it is, in place of what was said before."""
        replace_status_line(f"checked {human_size(done)} of {human_size(whole)}")

    try:
        yield told
    finally:
        replace_status_line("")
