"""``store why``: says why the next fetch would hit or miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from store.cli.asking import each
from store.cli.describing import as_data
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_cache, with_tiers
from store.cli.options import common, frame_of, refuse_shared_pins, with_json_lines, with_locators
from store.cli.output import fields, line, record

if TYPE_CHECKING:
    from store.fetching.explaining import Explanation


@click.command(
    epilog=examples(
        "store why pypi:six==1.17.0",
        "store why --offline 'pypi:six>=1,<2'",
        "store why --json https://example.org/data.tar.gz#sha256=<hex>",
    )
)
@with_locators()
@click.option(
    "--allow-unverified", is_flag=True, default=None, help="Accept a URL without a digest."
)
@click.option(
    "--digest",
    "digests",
    metavar="DIGEST",
    multiple=True,
    help="What the content must be: sha256:<hex>; several must all match.",
)
@with_cache
@with_tiers
@with_json_lines()
@common
@click.pass_context
def why(context: click.Context, /, locators: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401
    """Say why the next fetch would hit or miss.

    One reason code and a sentence each. No socket is opened, and nothing in the cache is changed; a file
    whose stamp does not vouch for it is hashed.
    """
    from store.cli.cache.opening import opened_cache
    from store.fetching.explaining import explain

    refuse_shared_pins(locators, options["digests"])
    frame = frame_of(context)
    with opened_cache(frame) as cache:
        shown: list[str] = []

        def one(locator: str) -> None:
            """Explain one and show it, with an empty line before all but the first."""
            explanation = explain(
                locator,
                settings=frame.settings,
                cache=cache,
                digest=options["digests"] or None,
                allow_unverified=options["allow_unverified"],
            )
            if shown and not frame.json:
                line("")
            shown.append(locator)
            _print(explanation, frame)

        return each(locators, one, frame)


def _print(explanation: Explanation, frame: Frame) -> None:
    if frame.json:
        record(as_data(explanation))
        return
    fields(
        [
            ("locator", explanation.locator),
            ("code", explanation.code),
            ("reason", explanation.reason),
            ("path", explanation.path or "-"),
        ]
    )
