"""Options and arguments that many commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from store.cli import completing
from store.cli.frame import Frame

F = TypeVar("F", bound=Callable[..., Any])


class JsonLines(click.Option):
    """The ``--json`` of a command that prints an object a line."""


def frame_of(context: click.Context | None = None) -> Frame:
    """Return the frame of the command that is running."""
    return (context or click.get_current_context()).ensure_object(Frame)


def remember(key: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return an option's callback that writes a value down as the setting ``key``, if it was given."""

    def callback(context: click.Context, _: click.Parameter, value: Any) -> Any:  # noqa: ANN401
        """Note the value, and hand it on to the command."""
        if value is not None and value is not False:
            frame_of(context).flags[key] = value
        return value

    return callback


def _note(context: click.Context, parameter: click.Parameter, value: Any) -> None:  # noqa: ANN401
    frame = frame_of(context)
    if not value:
        return
    if parameter.name == "verbose":
        frame.verbose = max(frame.verbose, value)
    elif parameter.name == "quiet":
        frame.quiet = True
    elif parameter.name == "no_progress":
        frame.progress = False
    else:
        frame.json, frame.lines = True, isinstance(parameter, JsonLines)
    if frame.quiet and frame.verbose:
        raise click.UsageError("--quiet and --verbose contradict each other: give one", context)
    if not context.resilient_parsing:
        frame.listen()


def given(function: F, *options: Callable[[F], F]) -> F:
    """Give a command options; the last is the first in its help."""
    for option in options:
        function = option(function)
    return function


def common(function: F) -> F:
    """Give a command the options that all of them understand."""
    return given(
        function,
        click.option(
            "--cache-dir",
            metavar="DIR",
            expose_value=False,
            callback=remember("cache_dir"),
            type=click.Path(),
            help="Keep the cache in this directory.",
        ),
        click.option(
            "--offline",
            is_flag=True,
            expose_value=False,
            callback=remember("offline"),
            help="Open no socket: only what the cache has is given.",
        ),
        click.option(
            "--no-progress", is_flag=True, expose_value=False, callback=_note, help="Draw no bars."
        ),
        click.option(
            "-v",
            "--verbose",
            count=True,
            expose_value=False,
            callback=_note,
            help="Log to stderr what happens; twice: everything.",
        ),
        click.option(
            "-q",
            "--quiet",
            is_flag=True,
            expose_value=False,
            callback=_note,
            help="Say nothing but errors on stderr.",
        ),
    )


def destructive(function: F) -> F:
    """Give a command what every command has that removes something."""
    return given(
        function,
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        click.option("--dry-run", "-n", is_flag=True, help="Only say what would be removed."),
    )


def with_json(meaning: str = "Print JSON.") -> Callable[[F], F]:
    """Give a command ``--json``."""
    return click.option("--json", is_flag=True, expose_value=False, callback=_note, help=meaning)


def with_json_lines() -> Callable[[F], F]:
    """Give a command a ``--json`` that prints an object a line, whatever goes wrong."""
    return click.option(
        "--json",
        cls=JsonLines,
        is_flag=True,
        expose_value=False,
        callback=_note,
        help="Print a JSON object a line.",
    )


def with_locators(*, required: bool = True) -> Callable[[F], F]:
    """Give a command its locators."""
    return click.argument(
        "locators",
        nargs=-1,
        required=required,
        metavar="LOCATOR..." if required else "[LOCATOR...]",
        shell_complete=completing.locators,
    )


def refuse_shared_pins(locators: Sequence[str], digests: Sequence[str]) -> None:
    """Refuse ``--digest`` for several locators: they cannot all have one content.

    Raises:
        UsageError: There are several, and a digest.
    """
    if digests and len(locators) > 1:
        raise click.UsageError(
            "--digest pins one resource: for several, write #sha256=<hex> behind each locator",
            click.get_current_context(),
        )
