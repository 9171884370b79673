"""``store stats``: tells what the cache was good for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from store.cli.cache.opening import opened_cache
from store.cli.lazy import examples
from store.cli.measures import with_cache
from store.cli.options import common, frame_of, with_json
from store.cli.output import day, document, fields, human_size, on_terminal, several

if TYPE_CHECKING:
    from store.cache.counts import Tally

_PARTS = ("error", "driver", "host")


@click.command(
    epilog=examples(
        "store stats",
        "store stats --json",
        "store stats --reset                     tells, and begins to count anew",
    )
)
@click.option("--reset", is_flag=True, help="Begin to count anew, after the counts were told.")
@with_cache
@with_json()
@common
@click.pass_context
def stats(context: click.Context, *, reset: bool) -> None:
    """Tell what the cache was good for.

    Counted are hits, downloads, bytes moved and saved, and failures. Each 'store fetch' adds to the
    counts, which lie in the cache's directory; programs that use store from Python do not.
    'stats = false' in the settings, or STORE_STATS=0, counts nothing.
    """
    from store.cache.counts import counted, forget

    frame = frame_of(context)
    with opened_cache(frame) as cache:
        layout, clock = cache.content.layout, cache.clock
        tally = counted(layout)
        if reset:
            forget(layout, clock)
    if frame.json:
        document(_as_data(tally))
    else:
        _show(tally)


def _as_data(tally: Tally) -> dict[str, Any]:
    failures = [
        {**dict(zip(_PARTS, _parts(kind), strict=True)), "count": count}
        for kind, count in _sorted(tally)
    ]
    return {**tally._asdict(), "since": tally.since or None, "failures": failures}


def _show(tally: Tally) -> None:
    fetches = tally.hits + tally.misses
    share = f" ({100 * tally.hits / fetches:.0f} %)" if fetches else ""
    failures = [
        f"{count} x {' '.join(part for part in _parts(kind) if part)}"
        for kind, count in _sorted(tally)
    ]
    fields(
        [
            ("since", day(tally.since or None)),
            ("hits", f"{tally.hits}{share}"),
            ("misses", tally.misses),
            ("fetched", f"{several(tally.files, 'file')}, {_size(tally.fetched)}"),
            ("saved", _size(tally.saved)),
            ("resumed", _size(tally.resumed)),
            ("shared", f"{several(tally.shared, 'file')} from a shared tier"),
            ("failures", failures or "none"),
        ]
    )


def _sorted(tally: Tally) -> list[tuple[str, int]]:
    return sorted(tally.failures.items(), key=lambda one: (-one[1], one[0]))


def _parts(kind: str) -> list[str | None]:
    """Return error, driver and host; None for one that is not known."""
    words = [*kind.split(" "), "-", "-"][: len(_PARTS)]
    return [None if word == "-" else word for word in words]


def _size(size: int) -> str:
    return human_size(size) if on_terminal() else f"{size} B"
