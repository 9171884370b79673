"""The indexes that pip was told of."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest

from store.backends.pypi_pipconfig import config_files, pip_fingerprint, pip_indexes
from store.errors import ConfigurationError

Environment = dict[str, str]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Variables of a user of their own, in a virtual environment of their own."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setattr(sys, "platform", "linux")
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "xdg")}


def lay(path: Path, text: str) -> Path:
    """Write a configuration file, its directories too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_files_and_variables_pip_says_nothing(environment: Environment) -> None:
    """Then the store asks pypi-simple's own default."""
    assert pip_indexes(environment) == (None, ())


def test_files_are_read_the_weakest_first(environment: Environment, tmp_path: Path) -> None:
    """The user's file wins over the system's, the environment's over the user's, one's own over all."""
    lay(tmp_path / "xdg/pip/pip.conf", "[global]\nindex-url = https://system/simple\n")
    system = pip_indexes(environment)
    lay(tmp_path / "home/.config/pip/pip.conf", "[global]\nindex-url = https://user/simple\n")
    user = pip_indexes(environment)
    lay(tmp_path / "venv/pip.conf", "[global]\nindex-url = https://venv/simple\n")
    venv = pip_indexes(environment)
    own = lay(tmp_path / "own.conf", "[global]\nindex-url = https://own/simple\n")
    environment["PIP_CONFIG_FILE"] = str(own)

    assert [system[0], user[0], venv[0], pip_indexes(environment)[0]] == [
        "https://system/simple",
        "https://user/simple",
        "https://venv/simple",
        "https://own/simple",
    ]


def test_an_own_file_takes_the_place_of_the_users(environment: Environment, tmp_path: Path) -> None:
    """As in pip: what the user's file says beside it does not hold then."""
    lay(tmp_path / "home/.config/pip/pip.conf", "[global]\nextra-index-url = https://user/simple\n")
    environment["PIP_CONFIG_FILE"] = str(lay(tmp_path / "own.conf", "[global]\n"))

    assert pip_indexes(environment) == (None, ())


def test_sections_of_commands_win(environment: Environment, tmp_path: Path) -> None:
    """What is said of install or download holds for us too, in whatever spelling of the key."""
    lay(
        tmp_path / "home/.pip/pip.conf",
        "[global]\nindex_url = https://global/simple\nextra-index-url =\n  https://a/simple\n"
        "  https://b/simple\n[install]\nINDEX-URL = https://install/simple\n[freeze]\ntimeout = 3\n",
    )

    assert pip_indexes(environment) == (
        "https://install/simple",
        ("https://a/simple", "https://b/simple"),
    )


def test_variables_win_over_files(environment: Environment, tmp_path: Path) -> None:
    """PIP_INDEX_URL and PIP_EXTRA_INDEX_URL have the last word."""
    lay(tmp_path / "venv/pip.conf", "[install]\nindex-url = https://file/simple\n")
    environment["PIP_INDEX_URL"] = " https://variable/simple "
    environment["PIP_EXTRA_INDEX_URL"] = "https://x/simple https://y/simple"

    assert pip_indexes(environment) == (
        "https://variable/simple",
        ("https://x/simple", "https://y/simple"),
    )


def test_the_null_device_turns_files_off(environment: Environment, tmp_path: Path) -> None:
    """PIP_CONFIG_FILE set to the null device is pip's way to say: none."""
    lay(tmp_path / "venv/pip.conf", "[global]\nindex-url = https://file/simple\n")
    environment["PIP_CONFIG_FILE"] = os.devnull

    assert list(config_files(environment)) == []
    assert pip_indexes(environment) == (None, ())


def test_what_is_not_heeded_is_told_at_debug(
    environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever wonders why an index was asked finds the reason in the log."""
    environment["PIP_NO_INDEX"] = "1"
    environment["PIP_FIND_LINKS"] = "/wheels"

    with caplog.at_level(logging.DEBUG):
        pip_indexes(environment)

    assert "no-index is not heeded" in caplog.text
    assert "find-links is not heeded" in caplog.text


@pytest.mark.parametrize(
    "content", [b"index-url = https://u:hunter2@x/\n", b"[global]\n\xff\n", b"[global]\n[global]\n"]
)
def test_a_damaged_file_is_an_error(
    environment: Environment, tmp_path: Path, content: bytes
) -> None:
    """Were it passed over, the public index would be asked for what a private one has."""
    path = lay(tmp_path / "venv/pip.conf", "")
    path.write_bytes(content)

    with pytest.raises(ConfigurationError, match="PIP_CONFIG_FILE") as caught:
        pip_indexes(environment)

    assert caught.value.path == str(path)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_directory_in_a_files_place_is_an_error(environment: Environment, tmp_path: Path) -> None:
    """What is there but cannot be read is not nothing."""
    (tmp_path / "venv/pip.conf").mkdir(parents=True)

    with pytest.raises(ConfigurationError, match="IsADirectoryError"):
        pip_indexes(environment)


def test_the_fingerprint_follows_the_configuration(
    environment: Environment, tmp_path: Path
) -> None:
    """Another file or variable makes another fingerprint; the same ones the same."""
    none = pip_fingerprint(environment)
    file = lay(tmp_path / "venv/pip.conf", "[global]\n")
    one = pip_fingerprint(environment)
    file.write_text("[global]\nindex-url = https://x/simple\n")
    other = pip_fingerprint(environment)
    environment["PIP_INDEX_URL"] = "https://y/simple"
    variable = pip_fingerprint(environment)

    assert len({none, one, other, variable}) == 4
    assert pip_fingerprint(environment) == variable


def test_no_secret_takes_part_in_the_fingerprint(environment: Environment) -> None:
    """A password could be guessed from a fingerprint that held nothing else unknown."""
    environment["PIP_INDEX_URL"] = "https://user:one@host/simple"
    one = pip_fingerprint(environment)
    environment["PIP_INDEX_URL"] = "https://user:two@host/simple"

    assert pip_fingerprint(environment) == one


def test_a_path_that_cannot_be_one_is_passed_over(environment: Environment) -> None:
    """A NUL in a variable breaks nothing."""
    environment["XDG_CONFIG_HOME"] = "/\0"

    assert pip_fingerprint(environment)


def test_macs_have_places_of_their_own(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library directories are looked at as well."""
    monkeypatch.setattr(sys, "platform", "darwin")

    found = list(config_files(environment))

    assert found[0] == "/Library/Application Support/pip/pip.conf"
    assert f"{environment['HOME']}/Library/Application Support/pip/pip.conf" in found
