"""``store completion``: prints what makes a shell complete our commands."""

from __future__ import annotations

import click

from store.cli.lazy import examples
from store.cli.options import common
from store.cli.output import line

_SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog=examples(
        'eval "$(store completion bash)"              in ~/.bashrc',
        'eval "$(store completion zsh)"               in ~/.zshrc',
        "store completion fish > ~/.config/fish/completions/store.fish",
    )
)
@click.argument("shell", type=click.Choice(_SHELLS))
@common
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands in a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:  # pragma: no cover - click knows all three
        raise click.UsageError(f"there is no completion for {shell}", context)
    maker = kind(context.find_root().command, {}, "store", "_STORE_COMPLETE")
    line(maker.source_template % maker.source_vars())
