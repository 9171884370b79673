"""``store doctor``: looks at the installation, and says what to mend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from store.cli.checks import BAD, Check, checks
from store.cli.frame import Frame
from store.cli.lazy import examples
from store.cli.measures import with_cache, with_tiers
from store.cli.options import common, frame_of, with_json
from store.cli.output import document, say, several, words
from store.cli.tier_checks import tier_checks

_LOCATOR: Final = "pypi:pip"


@click.command(
    epilog=examples(
        "store doctor",
        "store doctor --network                  asks the package index, too",
        "store doctor --network https://example.org/data#sha256=<hex>",
    )
)
@click.option(
    "--network",
    is_flag=False,
    flag_value=_LOCATOR,
    metavar="LOCATOR",
    help=f"Ask the network, too: what LOCATOR ({_LOCATOR}) stands for.",
)
@with_cache
@with_tiers
@with_json()
@common
@click.pass_context
def doctor(context: click.Context, network: str | None) -> int:
    """Look at the installation and say what to mend.

    The status is 1 where something is wrong. The network is not touched, unless --network is given: then
    the shared tiers on it are asked, too.
    """
    frame = frame_of(context)
    found: list[Check] = []
    for check in _all(frame, network):
        found.append(check)
        if not frame.json:
            words(f"{check.state:<5} {check.what:<14} {check.detail}")
    bad = sum(check.state == BAD for check in found)
    if frame.json:
        document([check._asdict() for check in found])
    elif not frame.quiet:
        say(f"{several(bad, 'thing')} to mend" if bad else "all is well")
    return 1 if bad else 0


def _all(frame: Frame, network: str | None) -> Iterator[Check]:
    yield from checks(frame)
    yield from tier_checks(frame, network=network is not None)
    if network is not None:
        yield _reached(frame, network)


def _reached(frame: Frame, locator: str) -> Check:
    from store.cli.asking import opened_fetcher
    from store.errors import StoreError

    try:
        with opened_fetcher(frame) as fetcher:
            resolved = fetcher.resolve(locator, refresh=True)
    except StoreError as error:
        return Check(BAD, "network", str(error))
    where = resolved.urls[0] if resolved.urls else resolved.uid
    return Check("ok", "network", f"{resolved.locator}: {where}")
