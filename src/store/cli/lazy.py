"""Groups of commands whose modules are imported when they are used."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import click

log = logging.getLogger(__name__)


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for it.

    Args:
        homes: By command, ``module:attribute``, in the order of the help.
        strangers: Whether plugins may bring commands: they are asked for unknown names and for the help.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        homes: Mapping[str, str],
        strangers: bool = False,
        **options: Any,  # noqa: ANN401 - click's own
    ) -> None:
        options["no_args_is_help"] = False
        super().__init__(*args, **options)
        self._homes = homes
        self._strangers = strangers

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands, ours first; a plugin that fails is logged."""
        foreign: tuple[str, ...] = ()
        if self._strangers:
            from store.errors import StoreError
            from store.plugins.loading import names

            try:
                foreign = names("command")
            except StoreError as error:
                log.warning("the plugins' commands are left out: %s", error)
        return [*self._homes, *(name for name in foreign if name not in self._homes)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command by its name, imported now; None where there is none."""
        home = self._homes.get(cmd_name)
        if home is not None:
            from importlib import import_module

            module, _, attribute = home.partition(":")
            command: click.Command = getattr(import_module(module), attribute)
            return command
        return _stranger(cmd_name) if self._strangers else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help on stderr, as a usage error, where nothing is said at all."""
        if not args and not ctx.resilient_parsing:
            from store.cli.output import plain

            plain(ctx.get_help())
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which names are near.

        Raises:
            UsageError: There is no such command.
        """
        name = args[0]
        if ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        from store.cli.output import either

        near = get_close_matches(name, self.list_commands(ctx), n=3)
        hint = f": did you mean {either(near)}?" if near else ""
        raise click.UsageError(f"there is no command {name!r}{hint}", ctx)


def _stranger(name: str) -> click.Command | None:
    """Return a plugin's command, or None.

    Raises:
        PluginError: What the plugin brings is no command.
    """
    from store.errors import PluginError, UnknownNameError
    from store.plugins.loading import find

    try:
        found = find("command", name)
    except UnknownNameError:
        return None
    if not isinstance(found, click.Command):
        raise PluginError(f"a plugin's command {name!r} is no click command: tell its authors")
    return found


def examples(*lines: str) -> str:
    """Return an epilog that shows how a command is used, one example a line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
