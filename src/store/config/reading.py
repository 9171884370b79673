"""Reads the settings from flags, variables and files.

A flag wins over a variable, that over the project's file, that over the user's, that over the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from store.config.directories import configuration_file
from store.config.model import Setting, Settings, declared
from store.config.routes import NO_ROUTES, RULES
from store.config.tomlfile import TomlFile, read_toml
from store.config.values import parse_value
from store.errors import ConfigurationError

_KEYS: Final[Mapping[str, Setting]] = {
    field.name: field for field in declared() if field.kind not in {"tables", "rules"}
}
_VARIABLES: Final = tuple((field.env, field) for field in _KEYS.values() if field.env is not None)
_TABLES: Final = {"driver": "drivers", "connection": "connections", "archive": "archives"}
_WATCHED: Final = (*(variable for variable, _ in _VARIABLES), "STORE_CONFIG_FILE")
_WATCHED_BYTES: Final = tuple(variable.encode() for variable in _WATCHED)
_DEFAULT_SOURCES: Final = dict.fromkeys((*_KEYS, *RULES), "default")


class Reading(NamedTuple):
    """Settings, and where each was found.

    Attributes:
        settings: The settings.
        sources: For each key ``default``, ``flag``, the variable's name, or ``file:line``; for each
            table of a driver or connection, under ``driver.NAME``, and for each of its keys, under
            ``driver.NAME.KEY``, the same.
        files: The files that were looked for, in order of precedence, whether they exist or not.
    """

    settings: Settings
    sources: Mapping[str, str]
    files: tuple[Path, ...]


class _Place(NamedTuple):
    """Where a value was found."""

    text: str
    key: str
    path: str | None = None
    line: int | None = None


def read_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Reading:
    """Read the settings that hold here and now.

    Warm path: no file, no tomllib. A ``pyproject.toml`` is parsed only if it has ``[tool.store``. A
    relative path in a file counts from the file's directory, elsewhere from the working directory. A
    variable that is empty counts as unset.

    Args:
        flags: Values given on the command line or by the caller, as text or already of the setting's
            type, those that are None left out; ``drivers`` and ``connections`` hold tables by name.
        environment: The variables; None takes the process's own.
        directory: Where ``store.toml`` and ``pyproject.toml`` are looked for; None is the working
            directory.

    Raises:
        ConfigurationError: A file is damaged, a key unknown (naming file, line and the nearest known
            key), a value of the wrong kind, or both project files speak.
    """
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    sources = dict(_DEFAULT_SOURCES)
    user = configuration_file(variables)
    files = [user]
    _take_file(read_toml(str(user)), (), values, sources)
    here = _working_directory() if directory is None else str(directory)
    if here is not None:
        files = [Path(here, "store.toml"), Path(here, "pyproject.toml"), user]
        _take_file(*_project_file(here), values, sources)
    for variable, field in _VARIABLES:
        text = variables.get(variable)
        if text is not None and text.strip():
            values[field.name] = _read_value(
                text, field, _Place(f"the variable {variable}", variable)
            )
            sources[field.name] = variable
    if flags:
        _take_flags(flags, values, sources)
    return Reading(Settings(**values), sources, tuple(files))


def settings_fingerprint(environment: Mapping[str, str] | None = None) -> tuple[object, ...]:
    """Return what decides the settings and is cheap to ask: variables and the working directory.

    Whoever keeps settings reads them anew when this has changed. Changed files are not noticed.

    Args:
        environment: The variables; None takes the process's own.

    Returns:
        The values of all variables that `read_settings` knows, then the working directory; to be
        compared only with one of the same kind of ``environment``.
    """
    if environment is None:
        get = os.environb.get  # half the price of os.environ, which decodes
        return (*[get(variable) for variable in _WATCHED_BYTES], _working_directory())
    return (*[environment.get(variable) for variable in _WATCHED], _working_directory())


def _working_directory() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - the warm path needs no Path
    except OSError:  # it was removed: there are no files to read
        return None


def _project_file(here: str) -> tuple[TomlFile | None, tuple[str, ...]]:
    """Return the project's file that speaks, and the way to the settings in it."""
    own = read_toml(f"{here}/store.toml")
    shared = read_toml(f"{here}/pyproject.toml", b"[tool.store")
    if shared is None or "store" not in shared.data.get("tool", {}):
        return own, ()
    if own is not None:
        raise ConfigurationError(
            f"both {own.path} and [tool.store] in {shared.path} hold settings: keep one of them",
            path=shared.path,
            line=shared.line_of("tool", "store"),
        )
    return shared, ("tool", "store")


def _take_file(
    file: TomlFile | None, prefix: tuple[str, ...], values: dict[str, Any], sources: dict[str, str]
) -> None:
    """Take over what a file says."""
    if file is None:
        return
    table: Any = file.data
    for part in prefix:
        table = table[part]
    if not isinstance(table, dict):
        raise _refusal("is no table", table, _place(file, prefix))
    for key, value in table.items():
        place = _place(file, (*prefix, key))
        if key in _TABLES:
            _take_tables(value, file, (*prefix, key), values, sources)
        elif key == "shared":
            values[key] = _rules(value, file, (*prefix, key))
            sources[key] = _source(place)
        elif key in RULES:
            rules = _rules(value, file, (*prefix, key))
            values["routes"] = rules.joined(values.get("routes", NO_ROUTES))
            sources[key] = _source(place)
        elif key in _KEYS:
            values[key] = _read_value(value, _KEYS[key], place, os.path.dirname(file.path))  # noqa: PTH120
            sources[key] = _source(place)
        else:
            raise _unknown(key, place, table=isinstance(value, dict))


def _take_tables(
    tables: Any,  # noqa: ANN401 - whatever stood in the file
    file: TomlFile,
    prefix: tuple[str, ...],
    values: dict[str, Any],
    sources: dict[str, str],
) -> None:
    """Take over tables by name; a table's key in a nearer file wins over the same one elsewhere."""
    from store.config.connecting import take_table
    from store.config.tables import Place

    kind = prefix[-1]
    if not isinstance(tables, dict):
        raise _refusal(f"is no table: write [{kind}.NAME]", None, _place(file, prefix))
    for name, table in tables.items():
        place = _place(file, (*prefix, name))
        if not isinstance(table, dict):
            # The value is not shown: a driver's settings may be secrets.
            raise _refusal(f"is no table: write [{kind}.{name}]", None, place)
        places = {key: Place(file.path, file.line_of(*prefix, name, key)) for key in table}
        own = values.setdefault(_TABLES[kind], {})
        begin = Place(file.path, place.line)
        take_table(kind, name, own, table, places=places, place=begin)
        sources[f"{kind}.{name}"] = _source(place)
        sources.update({f"{kind}.{name}.{key}": str(one) for key, one in places.items()})


def _rules(value: Any, file: TomlFile, keys: tuple[str, ...]) -> Any:  # noqa: ANN401 - as above
    """Read the rules or tiers under a key; the value is not shown, since a secret may stand in it."""
    from store.config.rules import RuleError
    from store.config.ruling import read_rules

    try:
        return read_rules(keys[-1], value, os.path.dirname(file.path))  # noqa: PTH120
    except RuleError as error:
        named = [step for step in error.steps if isinstance(step, str)]
        place = _place(file, (*keys, *error.steps), ".".join((keys[-1], *named)))
        refusal = _refusal(str(error), None, place)
        refusal.known = error.known
        raise refusal from None


def _take_flags(flags: Mapping[str, Any], values: dict[str, Any], sources: dict[str, str]) -> None:
    kinds = {plural: kind for kind, plural in _TABLES.items()}
    for key, value in flags.items():
        if value is None:
            continue
        if key in kinds:
            kind = kinds[key]
            if not isinstance(value, Mapping) or not all(
                isinstance(table, Mapping) for table in value.values()
            ):
                raise _refusal(f"must hold a mapping for each {kind}", None, _Place(key, key))
            from store.config.connecting import take_table

            for name, table in value.items():
                take_table(kind, name, values.setdefault(key, {}), table)
                sources[f"{kind}.{name}"] = "flag"
                sources.update({f"{kind}.{name}.{one}": "flag" for one in table})
        elif key in _KEYS:
            values[key] = _read_value(value, _KEYS[key], _Place(f"the flag {key}", key))
            sources[key] = "flag"
        else:
            raise _unknown(key, _Place("flags", key), table=False)


def _place(file: TomlFile, keys: tuple[str | int, ...], name: str | None = None) -> _Place:
    line = file.line_of(*keys)
    where = file.path if line is None else f"{file.path}:{line}"
    name = name or str(keys[-1])
    return _Place(f"{where}: {name}", name, file.path, line)


def _source(place: _Place) -> str:
    return str(place.path) if place.line is None else f"{place.path}:{place.line}"


def _read_value(
    value: Any,  # noqa: ANN401 - whatever was given
    field: Setting,
    place: _Place,
    directory: str | None = None,
) -> Any:  # noqa: ANN401 - each setting has its own type
    try:
        if field.kind == "tiers":
            from store.config.tiering import parse_tiers

            return parse_tiers(value, directory)
        found = parse_value(value, field.kind, directory=directory)
    except ValueError as error:
        reason = (
            str(error).replace("of 0 or more", "of 1 or more") if field.positive else str(error)
        )
        raise _refusal(reason, value, place) from error
    if found is None and not field.optional:
        raise _refusal("is refused: it needs a limit", value, place)
    if field.positive and found is not None and not found > 0:
        raise _refusal("is refused: it must be more than 0", value, place)
    return found


def _refusal(reason: str, value: Any, place: _Place) -> ConfigurationError:  # noqa: ANN401
    shown = "" if value is None else f" {_short(value)}"
    return ConfigurationError(
        f"{place.text}:{shown} {reason}", path=place.path, line=place.line, key=place.key
    )


def _short(value: Any) -> str:  # noqa: ANN401 - whatever was given
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - one glance


def _unknown(key: str, place: _Place, *, table: bool) -> ConfigurationError:
    import difflib

    known = (*_KEYS, *RULES, *_TABLES)
    nearest = difflib.get_close_matches(key, known, n=1)
    meant = f"did you mean {nearest[0]!r}? " if nearest else ""
    where = "" if place.path is None else f"{_source(place)}: "
    what = f"unknown table [{key}]" if table else f"unknown setting {key!r}"
    return ConfigurationError(
        f"{where}{what}: {meant}'store config list' shows all",
        path=place.path,
        line=place.line,
        key=key,
        known=known,
    )
