"""Drivers' tables know where each of their keys stands."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from store.config.reading import read_settings
from store.config.tables import DriverTable, Place, configuration_of, located
from store.errors import ConfigurationError

_USER = '[driver.mirror]\nroot = "user"\nspare = "spare"\n'
_PROJECT = '[driver.mirror]\n\nroot = "project"\nlevel = 2\n'


@pytest.fixture
def table(home: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> DriverTable:
    """The table of a driver that the user, the project and a flag speak of."""
    monkeypatch.setenv("STORE_CONFIG_FILE", str(home / "config.toml"))
    (home / "config.toml").write_text(_USER)
    (work / "store.toml").write_text(_PROJECT)
    found = read_settings({"drivers": {"mirror": {"level": 3}}}).settings.drivers["mirror"]
    assert isinstance(found, DriverTable)
    return found


def test_each_key_keeps_its_own_place(table: DriverTable, home: Path, work: Path) -> None:
    """The nearer word wins, with its place; a flag stands in no file."""
    assert table == {"root": "project", "spare": "spare", "level": 3}
    assert table.places == {
        "root": Place(f"{work}/store.toml", 3),
        "spare": Place(f"{home}/config.toml", 3),
    }
    assert str(table.place) == f"{work}/store.toml:1"


def test_the_sources_tell_of_each_key(table: DriverTable, work: Path) -> None:
    """As of every other setting."""
    sources = read_settings().sources

    assert sources["driver.mirror"] == f"{work}/store.toml:1"
    assert sources["driver.mirror.root"] == f"{work}/store.toml:3"


def test_a_relative_path_counts_from_its_own_file(
    table: DriverTable, home: Path, work: Path
) -> None:
    """From the directory of the very file, as `cache_dir` does; what is no path is left alone."""
    told = configuration_of(table, {"root", "spare", "level", "missing"})

    assert told == {"root": f"{work}/project", "spare": f"{home}/spare", "level": 3}
    assert configuration_of(table, ()) == dict(table)


def test_a_path_that_is_none_is_left_to_the_driver(work: Path) -> None:
    """It knows best what to say of it."""
    (work / "store.toml").write_text("[driver.mirror]\nroot = 3\n")
    table = read_settings().settings.drivers["mirror"]

    assert configuration_of(table, {"root"}) == {"root": 3}


def test_what_a_driver_says_gets_file_and_line(table: DriverTable, home: Path) -> None:
    """By the key it names."""
    error = located(ConfigurationError("no 'spare'", key="spare", known=("root",)), table)

    place = f"{home}/config.toml"
    assert str(error) == f"{place}:3: no 'spare'"
    assert (error.path, error.line, error.key, error.known) == (place, 3, "spare", ("root",))


def test_what_names_no_key_gets_the_table(table: DriverTable, work: Path) -> None:
    """The nearest that can be said."""
    error = located(ConfigurationError("it has no root"), table)

    assert (error.path, error.line) == (f"{work}/store.toml", 1)


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("of a flag", key="level"),
        ConfigurationError("of another file", path="/etc/other"),
    ],
)
def test_what_is_of_another_place_stays_as_it_is(
    error: ConfigurationError, table: DriverTable
) -> None:
    """A flag's value stands in no file; a file that the driver read is known to it."""
    assert located(error, table) is error


def test_a_plain_mapping_has_no_places() -> None:
    """Settings may be made without files."""
    error = ConfigurationError("no", key="root")

    assert located(error, {"root": 1}) is error
    assert located(error, DriverTable()) is error
    assert configuration_of({"root": "x"}, {"root"}) == {"root": "x"}


def test_a_table_survives_another_process(table: DriverTable) -> None:
    """With its places."""
    again = pickle.loads(pickle.dumps(table))

    assert again == table
    assert again.places == table.places
