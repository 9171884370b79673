"""``store config``: which settings hold, and where each was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import click

from store.cli import completing
from store.cli.frame import Frame
from store.cli.lazy import LazyGroup, examples
from store.cli.measures import with_cache
from store.cli.options import common, frame_of, with_json
from store.cli.output import columns, document, line, on_terminal, table, words
from store.config.routes import Routes

_HOMES: Final = {
    "list": "store.cli.config:list_settings",
    "get": "store.cli.config:get",
    "path": "store.cli.config:path",
}

HIDDEN: Final = "(hidden)"
"""What is shown in the place of a secret."""

_SECRET: Final = re.compile(
    r"token|secret|passw|pwd|key|credential|auth|cookie|header", re.IGNORECASE
)


@click.group(
    cls=LazyGroup,
    homes=_HOMES,
    epilog=examples("store config list", "store config get cache_dir", "store config path"),
)
@with_cache
@common
def config() -> None:
    """See which settings hold, and where each was found."""


@click.command("list", epilog=examples("store config list", "store config list --json"))
@with_json()
@common
@click.pass_context
def list_settings(context: click.Context) -> None:
    """List all settings, where each was found, secrets hidden."""
    frame = frame_of(context)
    known = _known(frame)
    sources = {key: _source(frame, key) for key in known}
    if frame.json:
        document({key: {"value": known[key], "source": sources[key]} for key in known})
        return
    rows = [(key, _text(value), sources[key]) for key, value in known.items()]
    if on_terminal():
        table(("setting", "value", "from"), rows)
    else:
        columns(rows)


@click.command(
    epilog=examples("store config get max_size", "store config get driver.pypi.index_url")
)
@click.argument("key", shell_complete=completing.settings)
@with_json()
@common
@click.pass_context
def get(context: click.Context, key: str) -> None:
    """Print the value of one setting."""
    from store.errors import ConfigurationError

    frame = frame_of(context)
    known = _known(frame)
    if key not in known:
        from difflib import get_close_matches

        near = get_close_matches(key, known, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"there is no setting {key!r}: {meant}'store config list' shows all",
            key=key,
            known=tuple(known),
        )
    if frame.json:
        document({"key": key, "value": known[key], "source": _source(frame, key)})
    else:
        words(_text(known[key]))


@click.command(epilog=examples("store config path", "store config path --json"))
@with_json()
@common
@click.pass_context
def path(context: click.Context) -> None:
    """Print the files that settings are looked for in, the first that speaks wins."""
    frame = frame_of(context)
    if frame.json:
        document([{"path": str(one), "exists": one.is_file()} for one in frame.reading.files])
    else:
        for one in frame.reading.files:
            line(one)


def _known(frame: Frame) -> dict[str, Any]:
    """Return all settings as plain data by key, drivers' ones as ``driver.NAME.KEY``, secrets hidden."""
    from store.config.model import declared

    settings = frame.settings
    known: dict[str, Any] = {}
    for field in declared():
        value = getattr(settings, field.name)
        if field.kind == "rules":
            known |= _rules(value)
        elif field.kind == "tiers":
            known[field.name] = [one._asdict() for one in value]
        elif field.kind != "tables":
            known[field.name] = _without_userinfo(value)
        else:
            for name, driver in sorted(value.items()):
                for key, one in sorted(driver.items()):
                    known[f"{field.key}.{name}.{key}"] = _masked(key, one)
    if known["cache_dir"] is None:
        from store.config.directories import cache_directory

        known["cache_dir"] = str(cache_directory())
    return known


def _rules(routes: Routes) -> dict[str, Any]:
    """Return the rules of addresses by the keys that they stand under."""
    return {
        "mirror": [one._asdict() for one in routes.mirrors],
        "allow": [list(one) for one in routes.allow],
        "block": [one._asdict() for one in routes.block],
    }


def _masked(key: str, value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return a driver's value without what may be a secret."""
    from store.addresses import public

    if _SECRET.search(key):
        return HIDDEN
    if isinstance(value, Mapping):
        return {name: _masked(str(name), one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(key, one) for one in value]
    return public(value) if isinstance(value, str) else _plain(value)


def _without_userinfo(value: Any) -> Any:  # noqa: ANN401 - whatever a setting holds
    """Return a value; an address, which may hold a secret, as it may be shown."""
    from store.addresses import public

    return public(value) if isinstance(value, str) and "://" in value else _plain(value)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a setting holds
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a setting holds
    """Spell a value as a settings file or variable would."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list):
        import json

        return json.dumps(value)
    return str(value)


def _source(frame: Frame, key: str) -> str:
    sources = frame.reading.sources
    table_key = ".".join(key.split(".")[:2])
    return sources.get(key) or sources.get(table_key, "default")
