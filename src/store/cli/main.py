"""The command ``store``: its groups and verbs, and how a run of it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from store.cli.ending import ended
from store.cli.frame import Frame
from store.cli.lazy import LazyGroup
from store.cli.options import common, frame_of
from store.cli.output import show_version

_HOMES: Final = {
    "fetch": "store.cli.fetch:fetch",
    "resolve": "store.cli.resolve:resolve",
    "why": "store.cli.why:why",
    "cache": "store.cli.cache.group:cache",
    "registry": "store.cli.registry.group:registry",
    "release": "store.cli.release.group:release",
    "bucket": "store.cli.bucket.group:bucket",
    "plugins": "store.cli.plugins:plugins",
    "config": "store.cli.config:config",
    "stats": "store.cli.stats:stats",
    "doctor": "store.cli.doctor:doctor",
    "completion": "store.cli.completion:completion",
}

_EPILOG: Final = """\b
Examples:
  store fetch pypi:six==1.17.0
  store fetch https://example.org/data.tar.gz#sha256=<hex> --dest inputs
  store fetch ./local/file --digest sha256:<hex>

\b
A locator is a URL, a path, or driver:spec; 'store plugins list' names the drivers.
The result is on stdout, everything else on stderr.

\b
Exit status: 0 done, 1 something else, 2 usage, 3 not found, 4 not what was pinned,
5 refused by a limit, 6 offline and not cached, 7 needs credentials, 8 network,
9 another holds a lock, 10 disk full or forbidden, 130 interrupted.
"""


def _version(context: click.Context, _: click.Parameter, value: Any) -> None:  # noqa: ANN401
    if value and not context.resilient_parsing:
        context.exit(show_version())


@click.group(
    "store",
    cls=LazyGroup,
    homes=_HOMES,
    strangers=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
@common
@click.pass_context
def command(context: click.Context) -> None:
    """Turn a query for a resource into a verified local file, brought to this machine once."""
    frame_of(context).listen()


def run(arguments: Sequence[str]) -> int:
    """Run the command line and tell on stderr what went wrong.

    Args:
        arguments: What follows the program's name.

    Returns:
        The exit status.
    """
    frame = Frame()
    frame.arguments = tuple(arguments)
    with ended(frame) as ending:
        ending.status = _invoke(list(arguments), frame)
    return ending.status


def _invoke(arguments: list[str], frame: Frame) -> int:
    import os

    if instruction := os.environ.get("_STORE_COMPLETE"):
        from click.shell_completion import shell_complete

        return shell_complete(command, {"obj": frame}, "store", "_STORE_COMPLETE", instruction)
    try:
        with command.make_context("store", arguments, obj=frame) as context:
            status = command.invoke(context)
    except click.exceptions.Exit as end:
        status = end.exit_code
    return status if isinstance(status, int) else 0
