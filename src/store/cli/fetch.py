"""``store fetch``: brings resources here and prints where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from store.cli.bringing import bring
from store.cli.lazy import examples
from store.cli.lists import named_in, with_lists
from store.cli.measures import (
    Measure,
    with_bounds,
    with_cache,
    with_manners,
    with_pins,
    with_tiers,
)
from store.cli.options import common, frame_of, refuse_shared_pins, with_json_lines, with_locators


@click.command(
    epilog=examples(
        "store fetch pypi:six==1.17.0",
        "store fetch https://example.org/data.tar.gz#sha256=<hex>",
        "store fetch ./local/file --digest sha256:<hex>",
        "store fetch --dest inputs pypi:six pypi:attrs==25.3.0",
        "store fetch --max-age 1d https://example.org/latest.tls",
        "store fetch -o tool.tar.gz https://example.org/tool-1.0.tar.gz#sha256=<hex>",
        "store fetch --from SHA256SUMS --base https://example.org/data --dest data",
        "grep -v ' test' list.txt | store fetch --from - -j 8 --fail-fast",
        "store fetch --mirror https://mirror.example.org/a.gz https://example.org/a.gz#sha256=<hex>",
        "store fetch --unpack --dest . https://example.org/tool-1.0.tar.gz#sha256=<hex>",
        "store fetch 'https://example.org/tool-1.0.tar.gz#sha256=<hex>!tool-1.0/README'",
    )
)
@with_locators(required=False)
@with_pins
@with_lists
@click.option(
    "--dest", metavar="DIR", type=click.Path(), help="Put a private, editable copy in DIR."
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Put it at this path.")
@click.option(
    "--mirror",
    "mirrors",
    metavar="URL",
    multiple=True,
    help="Another address of the same resource, asked when LOCATOR fails; needs a digest.",
)
@click.option("--unpack", is_flag=True, help="Unpack archives; print the directory of each.")
@click.option("--decompress", is_flag=True, help="Decompress single files (gz, bz2, xz, zst).")
@click.option("--symlinks", is_flag=True, help="Make the symbolic links that stay in the archive.")
@click.option("--link", is_flag=True, help="With --dest or -o: make a hard link, not a copy.")
@click.option(
    "--max-age",
    metavar="TIME",
    type=Measure("seconds", limitless=True),
    help="Ask an address or path again when the file is older (1d; none; 0: each time).",
)
@click.option(
    "--stale-if-error",
    metavar="TIME",
    type=Measure("seconds", limitless=True),
    help="With --max-age: where that fails, give a copy up to this age (7d; none).",
)
@with_cache
@with_tiers
@with_manners
@with_bounds
@with_json_lines()
@common
@click.pass_context
def fetch(context: click.Context, /, locators: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401
    """Bring resources here, verified, and print the path of each.

    LOCATOR is a URL, a path, or driver:spec; LOCATOR!member is one thing in an archive. What the
    cache has is not fetched again. Without --dest or -o the path lies in the cache and is read-only.
    Several are fetched at once, and printed as they come; one that fails does not stop the others.
    """
    lists, base = options.pop("lists"), options.pop("base")
    _refuse_odd_lists(context, locators, lists, base, options)
    _refuse_contradictions(context, [*locators, *lists], options)
    frame = frame_of(context)
    if len(locators) == 1 and not lists:
        alone = {key: options[key] for key in options.keys() - {"jobs", "ordered", "fail_fast"}}
        return bring(locators[0], frame, **alone)
    from store.cli.many import Manner, bring_many

    manner = Manner(**{key: value for key, value in options.items() if key in Manner._fields})
    named = named_in(
        lists,
        frame,
        base=base,
        allow_unverified=manner.allow_unverified,
        refresh=manner.refresh,
    )
    if manner.dest is not None:
        from store.fetching.lists import refuse_collisions

        refuse_collisions(named)
    return bring_many([*locators, *named], frame, manner)


def _refuse_odd_lists(
    context: click.Context,
    locators: Sequence[str],
    lists: Sequence[str],
    base: str | None,
    options: dict[str, Any],
) -> None:
    if not locators and not lists:
        raise click.UsageError("missing argument 'LOCATOR...', or --from FILE", context)
    if lists.count("-") > 1:
        raise click.UsageError("stdin can be read once: give --from - once", context)
    if base is not None and not lists:
        raise click.UsageError("--base is where the names in a list begin: give --from", context)
    if lists and options["output"] is not None:
        raise click.UsageError("-o names one file: for a list, give --dest", context)
    if lists and options["mirrors"]:
        raise click.UsageError(
            "--mirror is another address of one resource: fetch it alone", context
        )
    if lists and options["digests"]:
        raise click.UsageError(
            "--digest pins one resource: a list says it of each, and #sha256=<hex> behind its own"
            " address pins the list",
            context,
        )


def _refuse_contradictions(
    context: click.Context, locators: Sequence[str], options: dict[str, Any]
) -> None:
    refuse_shared_pins(locators, options["digests"])
    if options["mirrors"] and len(locators) > 1:
        raise click.UsageError(
            "--mirror is another address of one resource: fetch it alone", context
        )
    if options["stale_if_error"] is None:
        options["stale_if_error"] = 0
    elif options["max_age"] is None:
        raise click.UsageError("--stale-if-error needs --max-age: how old may it be?", context)
    output = options["output"]
    if output is not None:
        if options["dest"] is not None:
            raise click.UsageError("give --dest (a directory) or -o (a file), not both", context)
        if len(locators) > 1:
            raise click.UsageError("-o names one file: for several locators, give --dest", context)
        if not output or (output.endswith("/") and not options["unpack"]):
            raise click.UsageError("-o names a file: for a directory, give --dest", context)
        if output == "-":
            raise click.UsageError(
                '-o names a file, and stdout is for paths: use cat "$(store fetch ...)"', context
            )
    elif options["link"] and options["dest"] is None:
        raise click.UsageError("--link needs --dest or -o: where is the link to lie?", context)
