"""``store fetch``: brings resources here and prints where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from store.cli.asking import each, opened_fetcher, refuse_shared_pins, with_locators
from store.cli.frame import Frame, common, frame_of, with_json
from store.cli.lazy import examples
from store.cli.measures import with_bounds, with_cache, with_pins
from store.cli.output import line, record, say

if TYPE_CHECKING:
    from store.fetching.results import Result


@click.command(
    epilog=examples(
        "store fetch pypi:six==1.17.0",
        "store fetch https://example.org/data.tar.gz#sha256=<hex>",
        "store fetch ./local/file --digest sha256:<hex>",
        "store fetch --dest inputs pypi:six pypi:attrs==25.3.0",
        "store fetch -o tool.tar.gz https://example.org/tool-1.0.tar.gz#sha256=<hex>",
    )
)
@with_locators
@with_pins
@click.option(
    "--dest", metavar="DIR", type=click.Path(), help="Put a private, editable copy in DIR."
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Put it at this path.")
@click.option("--link", is_flag=True, help="With --dest or -o: make a hard link, not a copy.")
@with_cache
@with_bounds
@with_json("Print a JSON object a line.")
@common
@click.pass_context
def fetch(context: click.Context, /, locators: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401
    """Bring resources here, verified, and print the path of each.

    LOCATOR is a URL, a path, or driver:spec. What the cache has is not fetched again. Without
    --dest or -o the path lies in the cache and is read-only.
    """
    _refuse_contradictions(context, locators, options)
    frame = frame_of(context)
    with opened_fetcher(frame) as fetcher:

        def one(locator: str) -> None:
            _print(
                fetcher.fetch(
                    locator,
                    dest=options["dest"],
                    output=options["output"],
                    digest=_pins(options["digests"]),
                    link=options["link"],
                    refresh=options["refresh"],
                    allow_unverified=options["allow_unverified"],
                ),
                frame,
            )

        return each(locators, one, frame)


def _refuse_contradictions(
    context: click.Context, locators: tuple[str, ...], options: dict[str, Any]
) -> None:
    refuse_shared_pins(locators, options["digests"])
    if options["output"] is not None:
        if options["dest"] is not None:
            raise click.UsageError("give --dest (a directory) or -o (a file), not both", context)
        if len(locators) > 1:
            raise click.UsageError("-o names one file: for several locators, give --dest", context)
        if options["output"] == "-":
            raise click.UsageError(
                '-o names a file, and stdout is for paths: use cat "$(store fetch ...)"', context
            )
    elif options["link"] and options["dest"] is None:
        raise click.UsageError("--link needs --dest or -o: where is the link to lie?", context)


def _pins(digests: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """Return one digest as the text that the fetcher may remember its answer by."""
    return digests[0] if len(digests) == 1 else digests or None


def _print(result: Result, frame: Frame) -> None:
    if frame.json:
        record(result._asdict())
    else:
        line(result.path)
    if not result.verified and not frame.quiet:
        say(
            f"{result.locator} is not verified: nothing says what it should be; pin it with --digest"
        )
