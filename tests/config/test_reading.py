"""Settings from flags, variables and files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from store.config.model import Settings
from store.config.reading import read_settings, settings_fingerprint
from store.errors import ConfigurationError


@pytest.fixture
def user_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the user's own file, which does not exist yet."""
    monkeypatch.setenv("STORE_CONFIG_FILE", str(home / "config.toml"))
    return home / "config.toml"


def test_without_a_word_the_defaults_hold(user_file: Path, work: Path) -> None:
    """Nobody has said anything, and nothing is made."""
    reading = read_settings()

    assert reading.settings == Settings()
    assert set(reading.sources.values()) == {"default"}
    assert reading.files == (work / "store.toml", work / "pyproject.toml", user_file)
    assert list(work.iterdir()) == []


def test_the_nearer_word_wins(user_file: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flag, then variable, then project, then user, then default."""
    user_file.write_text('durability = "relaxed"\nretries = 1\nmax_size = "1G"\ncache = "disk"\n')
    (work / "store.toml").write_text('retries = 2\nmax_size = "2G"\ncache = "memory"\n')
    monkeypatch.setenv("STORE_MAX_SIZE", "3G")
    monkeypatch.setenv("STORE_CACHE", "null")
    reading = read_settings({"cache": "file-cache", "offline": None})

    settings = reading.settings
    assert (settings.cache, settings.max_size) == ("file-cache", 3 * 1024**3)
    assert (settings.retries, settings.durability) == (2, "relaxed")
    assert {
        key: reading.sources[key] for key in ("cache", "max_size", "retries", "durability")
    } == {
        "cache": "flag",
        "max_size": "STORE_MAX_SIZE",
        "retries": f"{work}/store.toml:1",
        "durability": f"{user_file}:1",
    }
    assert reading.sources["offline"] == "default"


def test_drivers_tables_join_key_by_key(user_file: Path, work: Path) -> None:
    """A project adds to what the user told a driver; flags add to both."""
    user_file.write_text('[driver.mirror]\nroot = "/srv"\nlevel = 1\n')
    (work / "pyproject.toml").write_text("[tool.store.driver.mirror]\nlevel = 2\n")
    reading = read_settings({"drivers": {"mirror": {"mode": "x"}, "other": {"a": 1}}})

    assert reading.settings.drivers == {
        "mirror": {"root": "/srv", "level": 2, "mode": "x"},
        "other": {"a": 1},
    }
    assert reading.sources["driver.mirror"] == "flag"
    assert read_settings().sources["driver.mirror"] == f"{work}/pyproject.toml:1"


def test_paths_in_a_file_count_from_that_file(user_file: Path, work: Path, home: Path) -> None:
    """A project's cache lies with the project, from wherever the command is run."""
    user_file.write_text('cache_dir = "~/mine"\n')
    assert read_settings().settings.cache_dir == home / "mine"

    (work / "store.toml").write_text('cache_dir = "cache"\n')
    assert read_settings(directory=work).settings.cache_dir == work / "cache"


def test_a_pyproject_of_others_is_passed_over(user_file: Path, work: Path) -> None:
    """A file that does not speak of us is not even parsed; nor does a mention in a text count."""
    path = work / "pyproject.toml"
    path.write_text("damaged [")
    assert read_settings().settings == Settings()

    path.write_text('[tool.other]\nabout = "[tool.store]"\n')
    assert read_settings().settings == Settings()


def test_both_project_files_may_not_speak(user_file: Path, work: Path) -> None:
    """Two files of one rank would leave it to chance."""
    (work / "store.toml").write_text("offline = true\n")
    (work / "pyproject.toml").write_text("[project]\n[tool.store]\noffline = false\n")

    with pytest.raises(ConfigurationError, match=r"both .* keep one of them") as raised:
        read_settings()

    assert raised.value.line == 2


@pytest.mark.usefixtures("user_file")
@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        (
            "offline = true\ncahce = 'x'\n",
            2,
            "cahce",
            "unknown setting 'cahce': did you mean 'cache'",
        ),
        ("zzzzzz = 1\n", 1, "zzzzzz", "unknown setting 'zzzzzz': 'store config list'"),
        (
            "[drivers.pypi]\na = 1\n",
            1,
            "drivers",
            r"unknown table \[drivers\]: did you mean 'driver'",
        ),
        ("\nmax_size = 'big'\n", 2, "max_size", "max_size: 'big' is no size"),
        ("max_size = 'none'\n", 1, "max_size", "needs a limit"),
        ("read_timeout = 0\n", 1, "read_timeout", "more than 0"),
        ("offline = 'perhaps'\n", 1, "offline", "is no flag"),
        ("cache = ['" + "x" * 90 + "']\n", 1, "cache", r"\.\.\. is no text"),
        ("driver = 3\n", 1, "driver", "is no table"),
        ("[driver]\npypi = 'token'\n", 2, "pypi", r"write \[driver.pypi\]"),
    ],
)
def test_a_word_that_is_not_understood_is_told_with_its_line(
    work: Path, text: str, line: int, key: str, words: str
) -> None:
    """File, line, key and the next step are in the error."""
    path = work / "store.toml"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=words) as raised:
        read_settings()

    error = raised.value
    assert (error.path, error.line, error.key) == (str(path), line, key)
    assert str(error).startswith(f"{path}:{line}: ")
    assert "token" not in str(error)


def test_the_known_keys_come_with_the_error(user_file: Path, work: Path) -> None:
    """Whoever catches the error can offer them."""
    (work / "store.toml").write_text("cahce = 1\n")

    with pytest.raises(ConfigurationError) as raised:
        read_settings()

    assert {"cache", "cache_dir", "driver"} <= set(raised.value.known)


def test_a_table_of_ours_must_be_a_table(user_file: Path, work: Path) -> None:
    """``[[tool.store]]`` and ``tool.store = 1`` are refused."""
    (work / "pyproject.toml").write_text("[[tool.store]]\noffline = true\n")

    with pytest.raises(ConfigurationError, match="is no table"):
        read_settings()


def test_a_malformed_variable_is_told_by_name(user_file: Path) -> None:
    """There is no file, so the variable's name is the key."""
    with pytest.raises(ConfigurationError, match="the variable STORE_MAX_SIZE: 'big'") as raised:
        read_settings(environment={"STORE_MAX_SIZE": "big", "STORE_CONFIG_FILE": str(user_file)})

    assert (raised.value.path, raised.value.key) == (None, "STORE_MAX_SIZE")


def test_variables_of_others_and_empty_ones_are_no_errors(user_file: Path) -> None:
    """Tokens and switches are variables of ours too; an empty one says nothing."""
    environment = {
        "STORE_CONFIG_FILE": str(user_file),
        "STORE_TOKEN_HTTPS_EXAMPLE_ORG": "x",
        "STORE_OFFLINE": "",
        "STORE_DEADLINE": "none",
    }

    reading = read_settings(environment=environment)

    assert reading.settings == Settings()
    assert reading.sources["deadline"] == "STORE_DEADLINE"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"colour": "red"}, "unknown setting 'colour'"),
        ({"retries": "-1"}, "the flag retries: '-1'"),
        ({"drivers": {"x": 3}}, "a mapping for each driver"),
        ({"drivers": 3}, "a mapping for each driver"),
    ],
)
def test_a_flag_that_is_not_understood_is_told(
    user_file: Path, flags: dict[str, Any], words: str
) -> None:
    """A caller's own mistake is as clear as a file's."""
    with pytest.raises(ConfigurationError, match=words):
        read_settings(flags)


def test_a_working_directory_that_is_gone_holds_no_files(user_file: Path, work: Path) -> None:
    """The user's settings still hold."""
    user_file.write_text("offline = true\n")
    work.rmdir()

    reading = read_settings()

    assert reading.settings.offline
    assert reading.files == (user_file,)
    assert settings_fingerprint()[-1] is None


def test_reading_nothing_imports_nothing_dear(user_file: Path) -> None:
    """The warm path parses no TOML and asks no platform."""
    # What a measuring of coverage has imported before us does not count.
    program = (
        "import sys; before = set(sys.modules);"
        "from store.config.reading import read_settings; read_settings();"
        "print({'tomllib', 'platformdirs', 'difflib'} & (sys.modules.keys() - before) or 'none')"
    )
    environment = {**os.environ, "STORE_CACHE_DIR": str(user_file.parent)}

    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "none"


def test_the_fingerprint_changes_with_variables_and_place(
    user_file: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever keeps settings knows when to read them anew."""
    before = settings_fingerprint()
    monkeypatch.setenv("STORE_OFFLINE", "1")
    offline = settings_fingerprint()
    monkeypatch.chdir(work.parent)

    assert before != offline
    assert offline != settings_fingerprint()
    assert settings_fingerprint() == settings_fingerprint()
    assert settings_fingerprint({"STORE_CACHE": "x"}) != settings_fingerprint({})
