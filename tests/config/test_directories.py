"""Where the user's files lie."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from store.config.directories import cache_directory, configuration_file


def test_variables_choose_the_places(home: Path, work: Path) -> None:
    """What a variable says holds, with its tilde expanded and made absolute."""
    environment = {"STORE_CACHE_DIR": "~/cache", "STORE_CONFIG_FILE": "own.toml"}

    found = cache_directory(environment), configuration_file(environment)

    assert found == (home / "cache", work / "own.toml")


def test_the_platform_chooses_otherwise(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without our variables, or with empty ones, platformdirs decides; nothing is made."""
    monkeypatch.setenv("STORE_CACHE_DIR", " ")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "xdg-cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg-config"))

    found = cache_directory(), configuration_file()

    assert found == (home / "xdg-cache/store", home / "xdg-config/store/config.toml")
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("chosen", [None, "", " ", "relative", "/absolute", "/absolute/"])
def test_linux_directories_are_those_of_platformdirs(
    chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule that is applied without the import gives what platformdirs gives."""
    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
        if chosen is not None:
            monkeypatch.setenv(variable, chosen)
    monkeypatch.delenv("STORE_CACHE_DIR", raising=False)

    assert cache_directory() == platformdirs.user_cache_path("store", appauthor=False)
    assert configuration_file({}) == (
        platformdirs.user_config_path("store", appauthor=False) / "config.toml"
    )
