"""Refuses empty arguments, as of a variable that is not set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

DIRECTORY: Final = "write . for the working directory"
"""What is to be written in place of an empty path."""

FILE: Final = "name a file"
"""What is to be written in place of the empty path of a file."""


def refuse_empty(context: click.Context, parameter: click.Parameter, value: Any, step: str) -> None:  # noqa: ANN401
    """Refuse an empty text, or several of which one is empty.

    Args:
        context: Of the command.
        parameter: What was given.
        value: Its value, or a tuple of values.
        step: What is to be written in its place.

    Raises:
        UsageError: It is empty.
    """
    if value == "" or (isinstance(value, tuple) and "" in value):
        option = isinstance(parameter, click.Option)
        name = parameter.opts[-1] if option else parameter.make_metavar(context).strip("[].")
        raise click.UsageError(f"{name} is empty: {step}", context)


def filled(step: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a parameter's callback that refuses an empty text.

    Args:
        step: What is to be written in its place.
    """

    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> Any:  # noqa: ANN401
        """Hand the value on to the command, unless it or one of it is empty."""
        refuse_empty(context, parameter, value, step)
        return value

    return callback
