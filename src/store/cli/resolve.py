"""``store resolve``: says what would be fetched, and fetches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from store.cli.asking import each, opened_fetcher
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_bounds, with_cache, with_pins
from store.cli.options import common, frame_of, refuse_shared_pins, with_json_lines, with_locators
from store.cli.output import fields, human_size, line, on_terminal, record, say

if TYPE_CHECKING:
    from store.fetching.results import Resolved


@click.command(
    epilog=examples(
        "store resolve pypi:six==1.17.0",
        "store resolve --json 'pypi:six>=1,<2'",
        "store resolve --refresh pypi:six",
    )
)
@with_locators()
@with_pins
@with_cache
@with_bounds
@with_json_lines()
@common
@click.pass_context
def resolve(context: click.Context, /, locators: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401
    """Say what would be fetched, without fetching it.

    Shows uid, digests, size, name and addresses. Nothing is downloaded, but the store may be asked.
    """
    refuse_shared_pins(locators, options["digests"])
    frame = frame_of(context)
    with opened_fetcher(frame) as fetcher:
        shown: list[str] = []

        def one(locator: str) -> None:
            """Resolve one and show it, with an empty line before all but the first."""
            resolved = fetcher.resolve(
                locator,
                digest=options["digests"] or None,
                refresh=options["refresh"],
                allow_unverified=options["allow_unverified"],
            )
            if shown and not frame.json:
                line("")
            shown.append(locator)
            _print(resolved, frame)
            _hint(resolved, frame)

        return each(locators, one, frame)


def _hint(resolved: Resolved, frame: Frame) -> None:
    """Tell a person that the settings keep what was found from being fetched."""
    from store.transports.routing import kept_from

    routes, pinned = frame.settings.routes, bool(resolved.digests)
    reason = kept_from(resolved.urls, routes, pinned=pinned)
    if reason is not None and not frame.quiet:
        say(f"only the cache can give it: {reason}")


def _print(resolved: Resolved, frame: Frame) -> None:
    if frame.json:
        record(resolved._asdict())
        return
    size = "unknown"
    if resolved.size is not None:
        size = human_size(resolved.size) if on_terminal() else str(resolved.size)
    fields(
        [
            ("locator", resolved.locator),
            ("driver", resolved.driver),
            ("uid", resolved.uid),
            ("digests", resolved.digests or "none"),
            ("size", size),
            ("filename", resolved.filename or "unknown"),
            ("addresses", resolved.urls or "none"),
        ]
    )
