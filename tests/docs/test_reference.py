"""The reference has every command, hook, setting, error and name, and says of them what the code says."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import store
from store import errors, events
from store.cache.counts import Tally
from store.cli.main import command as command_line
from store.config.model import Setting, declared
from store.fetching.explaining import CODES
from store.integrity.digest import SIZES
from store.plugins import builtin, specs
from store.plugins.loading import find

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"

ERRORS = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.StoreError)
}

HOOKS = [name for name, value in vars(specs).items() if hasattr(value, "store_spec")]


def walk(command: click.Command, path: str = "store") -> Iterator[tuple[str, click.Command]]:
    """Go through a command and all below it, as ``store cache list``."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, f"{path} {name}")


COMMANDS = dict(walk(command_line))


def page(name: str) -> str:
    """Return the text of a page of the reference."""
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {heading!r}"
    return found[1]


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_every_command_is_told(path: str) -> None:
    """Each command has a section, which names all of its options and arguments."""
    told = section(page("commands"), f"`{path}`")
    told += section(page("commands"), "Options of every command")

    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert [one for one in parameter.opts if f"`{one}" not in told] == []
        elif isinstance(parameter, click.Argument):
            assert parameter.make_metavar(click.Context(COMMANDS[path])).strip("[].") in told


def test_no_command_is_told_that_is_not_there() -> None:
    """A section that outlived its command misleads."""
    told = set(re.findall(r"^#+ `(store[^`]*)`$", page("commands"), re.MULTILINE))

    assert told == set(COMMANDS)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_told(hook: str) -> None:
    """A plugin's author finds each hook."""
    assert f"| `{hook}` |" in page("hooks")


def test_all_hooks_were_found() -> None:
    """The list that the test goes by is not empty by mistake."""
    assert {"store_drivers", "store_caches", "store_transports", "store_locators"} <= set(HOOKS)


@pytest.mark.parametrize("field", declared(), ids=lambda field: str(field.name))
def test_every_setting_is_told(field: Setting) -> None:
    """Each setting stands with its variable and its meaning, word for word."""
    key = f"[{field.key}.NAME]" if field.key else field.name
    key = "[[mirror]]" if field.kind == "rules" else key
    rows = dict(re.findall(r"^\| `([^`]+)` (\|.*)$", page("settings"), re.MULTILINE))
    _, variable, default, meaning, _ = (one.strip() for one in rows[key].split("|"))

    assert variable == (f"`{field.env}`" if field.env else "")
    assert meaning == field.meaning
    assert default or field.key


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_every_error_is_told(name: str) -> None:
    """Each error stands with its exit status, its second parent and the data it declares."""
    row = re.search(
        rf"^\|[^`|]*`{name}`([^|]*)\| (\d+) \|[^|]*\|([^|]*)\|$", page("errors"), re.MULTILINE
    )
    assert row, f"{name} is not told"
    brackets, status, data = row.groups()

    kind = ERRORS[name]
    strangers = [one.__name__ for one in kind.__bases__ if one.__module__ == "builtins"]
    declared = [one for one in kind.__annotations__ if one != "exit_status"]

    assert int(status) == kind.exit_status
    assert re.findall(r"`(\w+)`", brackets) == strangers
    assert set(declared) <= set(re.findall(r"`(\w+)`", data))
    assert all(hasattr(kind, one) for one in re.findall(r"`(\w+)`", data))


def test_every_exit_status_is_told() -> None:
    """Whatever a script may see, it can look up."""
    told = set(map(int, re.findall(r"^\| (\d+) \|", page("exit-statuses"), re.MULTILINE)))

    assert told == {kind.exit_status for kind in ERRORS.values()} | {0, 130}


@pytest.mark.parametrize("name", sorted(set(store.__all__) - set(ERRORS)))
def test_every_public_name_is_told(name: str) -> None:
    """Each name of the face is on the page of the API."""
    assert re.search(rf"^\.\. \S+:: store\.{name}$", page("api"), re.MULTILINE)


@pytest.mark.parametrize("event", typing.get_args(events.Event), ids=lambda event: event.__name__)
def test_every_event_is_told(event: typing.Any) -> None:
    """Each event stands with all of its fields, and with no other."""
    row = re.search(rf"^\| `{event.__name__}` \|[^|]*\|(.*)\|$", page("events"), re.MULTILINE)
    assert row, f"{event.__name__} is not told"
    fields = re.sub(r"\([^)]*\)", "", row[1])

    assert re.findall(r"`(\w+)`", fields) == list(event._fields)


def test_the_ends_are_told() -> None:
    """And no event is told that is not there."""
    told = re.findall(r"^\| `(\w+)` \|", page("events"), re.MULTILINE)
    ends = re.search(r"The last event is one of (.*?) \(", page("events"))

    assert set(told) == {event.__name__ for event in typing.get_args(events.Event)}
    assert ends
    assert re.findall(r"`(\w+)`", ends[1]) == [event.__name__ for event in events.ENDS]


def test_every_reason_code_is_told() -> None:
    """Each code of ``store why`` stands with what it means, in the order of the code."""
    told = section(page("commands"), "`store why`")
    rows = dict(re.findall(r"^\| `([a-z][a-z-]+)` \|(.*)\|$", told, re.MULTILINE))

    assert list(rows) == list(CODES)
    for code, meaning in CODES.items():
        assert meaning.partition(",")[0] in rows[code]


def test_every_count_is_told() -> None:
    """Each key of ``store stats --json`` is explained."""
    told = section(page("commands"), "`store stats`")

    assert set(re.findall(r"^\| `([a-z]+)` \|", told, re.MULTILINE)) == set(Tally._fields)


@pytest.mark.parametrize("driver", sorted(builtin.store_drivers()))
def test_every_driver_is_told_with_its_query(driver: str) -> None:
    """Each key that a builtin driver understands stands in its section."""
    pins = {"digest", "digests", *SIZES}
    told = section(page("locators"), f"`{driver}`")

    assert [key for key in find("driver", driver).query_keys - pins if f"`{key}`" not in told] == []


@pytest.mark.parametrize("algorithm", SIZES)
def test_every_algorithm_is_told(algorithm: str) -> None:
    """Each digest that can be pinned stands with its length."""
    assert f"| `{algorithm}` | {2 * SIZES[algorithm]} |" in page("locators")


@pytest.mark.parametrize("backend", sorted(builtin.store_caches()))
def test_every_cache_backend_is_told(backend: str) -> None:
    """Each backend that can be chosen is explained."""
    caching = (REFERENCE.parent / "explanation" / "caching.md").read_text(encoding="utf-8")

    assert f"| `{backend}` |" in caching
