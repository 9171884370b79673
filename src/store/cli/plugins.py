"""``store plugins``: what is brought by whom, and what is broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from store.cli import completing
from store.cli.lazy import LazyGroup, examples
from store.cli.options import common, frame_of, with_json
from store.cli.output import columns, document, fields, line, on_terminal, say, table

if TYPE_CHECKING:
    from store.plugins.brought import Brought

_HOMES: Final = {"list": "store.cli.plugins:list_names", "info": "store.cli.plugins:info"}


@click.group(
    cls=LazyGroup, homes=_HOMES, epilog=examples("store plugins list", "store plugins info pypi")
)
@common
def plugins() -> None:
    """List drivers, caches and commands, and who brings them."""


@click.command(
    "list",
    epilog=examples(
        "store plugins list",
        "store plugins list --kind driver",
        "store plugins list --json",
    ),
)
@click.option(
    "--kind",
    type=click.Choice(("archive", "cache", "command", "driver", "locator", "transport")),
    help="Only names of this kind.",
)
@with_json()
@common
@click.pass_context
def list_names(context: click.Context, kind: str | None) -> None:
    """List all names by kind, and who brings each; broken plugins and conflicts are told."""
    from store.plugins.manager import plugins as known

    listing = known().listing(kind)
    broken, conflicts = known().broken, known().conflicts()
    if frame_of(context).json:
        document(
            {
                "names": [_as_data(one) for one in listing],
                "broken": [
                    {"plugin": one.name, "distribution": one.distribution, "error": one.error}
                    for one in broken
                ],
                "conflicts": [[_as_data(one) for one in group] for group in conflicts],
            }
        )
        return
    rows = [(one.kind, one.name, _who(one)) for one in listing]
    if on_terminal():
        table(("kind", "name", "brought by"), rows)
    else:
        columns(rows)
    for group in conflicts:
        names = " and ".join(_who(one) for one in group)
        say(f"the {group[0].kind} {group[0].name!r} cannot be used: {names} both bring it")
    for one in broken:
        say(f"the plugin {one.name!r} is broken and was passed over: {one.error}")


@click.command(epilog=examples("store plugins info pypi", "store plugins info file-cache --json"))
@click.argument("name", shell_complete=completing.plugin_names)
@with_json()
@common
@click.pass_context
def info(context: click.Context, name: str) -> None:
    """Tell what goes by a name, or what a plugin of that name brings."""
    from store.errors import UnknownNameError
    from store.plugins.manager import plugins as known

    listing = known().listing()
    found = [one for one in listing if name in {one.name, one.plugin, one.distribution}]
    broken = [one for one in known().broken if name in {one.name, one.distribution}]
    if not found and not broken:
        raise UnknownNameError(_unknown(name, listing), kind="plugin", name=name)
    if frame_of(context).json:
        document([_described(one) for one in found])
        return
    for number, one in enumerate(found):
        if number:
            line("")
        fields((key, value) for key, value in _described(one).items() if value not in ("", None))
    for each in broken:
        say(f"the plugin {each.name!r} is broken and was passed over: {each.error}")


def _unknown(name: str, listing: Sequence[Brought]) -> str:
    from difflib import get_close_matches

    known = sorted({one.name for one in listing} | {one.plugin for one in listing})
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"nothing goes by the name {name!r}: {meant}'store plugins list' shows all"


def _who(one: Brought) -> str:
    from store.plugins.brought import titled

    return titled(one)


def _as_data(one: Brought) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "plugin": one.plugin,
        "distribution": one.distribution,
    }


def _described(one: Brought) -> dict[str, Any]:
    """Return what is known of a name; what makes it is imported, and may be broken."""
    from store.errors import StoreError
    from store.plugins.loading import find

    data = _as_data(one)
    try:
        factory = find(one.kind, one.name)
    except StoreError as error:
        return {**data, "error": str(error)}
    factory = getattr(factory, "factory", factory)  # a class of foreign stores is wrapped
    data["made by"] = f"{_of(factory, '__module__')}.{_of(factory, '__qualname__')}"
    data["says"] = _says(factory)
    keys = getattr(factory, "query_keys", None)
    data["query keys"] = ", ".join(sorted(keys)) if keys else ""
    return data


def _says(factory: Any) -> str:  # noqa: ANN401 - whatever a plugin brings
    """Return the first line of a docstring of its own; a function's class says nothing of it."""
    own = getattr(factory, "__doc__", None)
    return "" if own == type(factory).__doc__ else str(own or "").strip().partition("\n")[0]


def _of(factory: Any, attribute: str) -> str:  # noqa: ANN401 - whatever a plugin brings
    return str(getattr(factory, attribute, None) or getattr(type(factory), attribute, ""))
