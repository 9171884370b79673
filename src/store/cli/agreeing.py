"""Asks a person before something is removed."""

from __future__ import annotations

import click

from store.cli.output import on_terminal, say


def refuse_where_nobody_can_be_asked(context: click.Context) -> None:
    """Refuse to remove anything where there is neither a terminal nor ``--yes``.

    Raises:
        UsageError: Nobody can be asked.
    """
    if not (on_terminal("stdin") and on_terminal("stderr")):
        raise click.UsageError(
            "this removes files, and nobody can be asked: add --yes, or look first with --dry-run",
            context,
        )


def agreed(question: str) -> bool:
    """Return whether a person agrees; a no is confirmed."""
    if click.confirm(question, err=True):
        return True
    say("nothing was removed")
    return False
