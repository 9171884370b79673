"""The frame: help, version, unknown names, what is loaded, plugins' commands."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

import store
from store import __main__ as door
from store.hooks import hookimpl
from store.plugins.manager import plugins

Run = Callable[..., Any]

COMMANDS = [
    "fetch",
    "resolve",
    "why",
    "cache",
    "registry",
    "release",
    "bucket",
    "plugins",
    "config",
    "stats",
    "doctor",
    "completion",
]


def loaded_by(*arguments: str) -> set[str]:
    """Return the modules that a run of the command line loads."""
    script = (
        "import sys; before = set(sys.modules); from store.__main__ import main;"
        "sys.argv = ['store', *sys.argv[1:]]; status = main();"
        "sys.stderr.write(' '.join(set(sys.modules) - before)); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("runner", ["cli", "process"])
@pytest.mark.parametrize("before", [[], ["-v"]])
def test_the_version_is_one_line(
    runner: str, before: list[str], request: pytest.FixtureRequest
) -> None:
    """Scripts can read it, however it is asked for."""
    run = request.getfixturevalue(runner)

    done = run(*before, "--version")

    assert done == (0, f"store {store.__version__}\n", "")


def test_the_help_shows_the_main_job_first(cli: Run) -> None:
    """A newcomer sees ``fetch`` before the rest."""
    done = cli("--help")

    assert done.status == 0
    lines = [line.split() for line in done.out.partition("Commands:")[2].splitlines()]
    assert [line[0] for line in lines if line][: len(COMMANDS)] == COMMANDS


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS,
        *(f"cache {verb}" for verb in ("list", "info", "path", "verify", "prune", "clear", "dir")),
        *(f"plugins {verb}" for verb in ("list", "info")),
        *(f"config {verb}" for verb in ("list", "get", "path")),
    ],
)
def test_every_help_has_examples(cli: Run, command: str) -> None:
    """An example says more than a list of options."""
    done = cli(*command.split(), "--help")

    assert done.status == 0
    assert "Examples:\n    " in done.out
    assert "-q, --quiet" in done.out


@pytest.mark.parametrize("group", [[], ["cache"], ["plugins"]])
def test_nothing_to_do_shows_the_help(cli: Run, group: list[str]) -> None:
    """It is a usage error, so stdout stays empty."""
    done = cli(*group)

    assert done.status == 2
    assert done.out == ""
    assert "Usage: store" in done.err


def test_a_misspelt_command_is_told_with_the_nearest(cli: Run) -> None:
    """A slip costs one look."""
    done = cli("fetsh", "x")

    assert done.status == 2
    assert "did you mean fetch?" in done.err


def test_a_command_unlike_all_others_is_told(cli: Run) -> None:
    """There is nothing to suggest."""
    done = cli("cache", "zzz")

    assert done.status == 2
    assert "there is no command 'zzz'\nUsage: store cache" in done.err


@pytest.mark.parametrize("arguments", [["fetch", "--ofline", "x"], ["--ofline"]])
def test_a_misspelt_option_is_told_with_the_nearest(cli: Run, arguments: list[str]) -> None:
    """A slip costs one look."""
    done = cli(*arguments)

    assert done.status == 2
    assert "did you mean --offline" in done.err


def test_quiet_and_verbose_contradict(cli: Run) -> None:
    """Wherever they stand."""
    done = cli("-q", "cache", "-v", "dir")

    assert done.status == 2
    assert "--quiet and --verbose" in done.err


def test_the_version_loads_no_click() -> None:
    """It is asked for by scripts and prompts."""
    assert "click" not in loaded_by("--version")


DEAR = {
    "ast",
    "attr",
    "attrs",
    "dataclasses",
    "diskcache",
    "filelock",
    "importlib.metadata",
    "inspect",
    "pluggy",
    "pypi_simple",
    "requests",
    "tomllib",
    "tqdm",
}
"""What a hit has no need of, and takes milliseconds to import."""


def test_a_hit_loads_nothing_dear(cli: Run, hello: Path) -> None:
    """The warm path stays light; click, which options need, loads `inspect` by itself."""
    cli("fetch", "hello.txt")

    loaded = loaded_by("fetch", "-q", "hello.txt")

    assert "store.cli.fetch" in loaded
    ours = {
        f"store.cli.{one}" for one in ("resolve", "doctor", "config", "plugins", "telling", "cache")
    }
    assert loaded & (DEAR - {"ast", "inspect"} | ours) == set()


@pytest.mark.parametrize("kind", ["url", "pypi", "file"])
def test_a_plain_fetch_that_hits_loads_even_less(
    kind: str, cli: Run, warm_locators: Mapping[str, str]
) -> None:
    """Neither classes of attrs, nor plugins' hooks, nor OpenSSL, nor what only a miss needs."""
    locator = warm_locators[kind]
    assert cli("fetch", "-q", locator).status == 0

    loaded = loaded_by("fetch", locator)

    assert "store.fetching.fetcher" in loaded
    only_misses = {
        f"store.{one}"
        for one in (
            "backends.digested",
            "backends.moving",
            "backends.shared",
            "cache.flight",
            "cache.keeping",
            "cache.workspaces",
            "config.tier",
            "files.atomic",
            "hooks",
            "sharing",
            "transports.receiving",
        )
    }
    dear = DEAR | ({"_hashlib"} if kind != "file" else set())
    assert loaded & (dear | only_misses) == set()


def test_a_fetch_without_options_loads_no_click(hello: Path) -> None:
    """A hit is what scripts ask for most."""
    loaded = loaded_by("fetch", "hello.txt")

    assert "store.cli.bringing" in loaded
    assert loaded & {"click", "store.cli.main", "store.cli.fetch"} == set()


@pytest.mark.parametrize(
    "locators", [["hello.txt"], ["./missing"], ["hello.txt", "nope:x"], [""], ["\x1b[2J"]]
)
def test_both_ways_to_fetch_end_alike(process: Run, hello: Path, locators: list[str]) -> None:
    """With options or without: only the time differs."""
    process("fetch", "-q", "hello.txt")

    plain = process("fetch", *locators)
    with_options = process("fetch", "--no-progress", *locators)

    assert plain == with_options


def test_completion_asks_click(process: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that completes runs the command line itself."""
    monkeypatch.setenv("_STORE_COMPLETE", "bash_source")

    done = process("fetch", "x")

    assert "complete -o nosort -F _store_completion store" in done.out


class Greeting:
    """A plugin that brings a command, and one that is none."""

    @hookimpl
    def store_commands(self) -> dict[str, Any]:
        """Return the commands."""

        @click.command()
        def greet() -> None:
            """Greet a person."""
            click.echo("good day")

        return {"greet": greet, "broken": dict}


def test_a_plugins_command_runs_and_stands_in_the_help(cli: Run) -> None:
    """A stranger's command is found when its name is unknown to us."""
    plugins().register(Greeting(), "greeting")

    assert cli("greet") == (0, "good day\n", "")
    done = cli("broken")
    assert done.status == 1
    assert "is no click command" in done.err


def test_the_help_lists_a_plugins_command(cli: Run) -> None:
    """Ours come first."""

    class One:
        @hookimpl
        def store_commands(self) -> dict[str, Any]:
            return {"greet": click.Command("greet", help="Greet a person.")}

    plugins().register(One(), "one")

    done = cli("--help")

    assert "greet       Greet a person." in done.out


def test_the_help_does_without_plugins_that_fail(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours are shown, whatever strangers do."""

    def fails(_kind: str) -> tuple[str, ...]:
        raise store.PluginError("all is broken")

    monkeypatch.setattr("store.plugins.loading.names", fails)

    done = cli("--help")

    assert done.status == 0
    assert "fetch" in done.out


def test_windows_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said at once, not by a strange failure later."""
    monkeypatch.setattr(sys, "platform", "win32")

    status = door.main()

    assert status == 1
    assert "Windows is not supported" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--version"], ["config", "get", "offline"]])
def test_the_door_runs_the_processes_arguments(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The console script calls it without arguments."""
    monkeypatch.setattr(sys, "argv", ["store", *arguments])

    status = door.main()

    assert status == 0
    assert capfd.readouterr().out


def test_an_interruption_before_anything_runs_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C may come while modules are loaded."""

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["store", "doctor"])
    monkeypatch.setattr("store.cli.main.run", interrupted)

    assert door.main() == 130


def test_verbose_shows_the_log_and_twice_all_of_it(cli: Run, hello: Path) -> None:
    """``-v`` says what happens, ``-vv`` everything; libraries that log addresses stay silent."""
    seen: list[str] = []

    class Logging:
        @hookimpl
        def store_commands(self) -> dict[str, Any]:
            return {"log": click.Command("log", callback=self.log)}

        def log(self) -> None:
            for name in ("store.x", "urllib3.connectionpool", "stranger"):
                for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
                    logging.getLogger(name).log(level, "%s\x1b says %d", name, level)
            with pytest.raises(ValueError, match="oh") as caught:
                int("oh")
            logging.getLogger("store.x").warning("failed", exc_info=caught.value)
            seen.append("logged")

    plugins().register(Logging(), "logging")

    quiet, plain, verbose, all_of_it = (
        cli(*flags, "log").err for flags in (["-q"], [], ["-v"], ["-vv"])
    )

    assert len(seen) == 4
    assert quiet == "store: store.x\\x1b says 40\nstore: stranger\\x1b says 40\n"
    assert "says 30" in plain
    assert "says 20" not in plain
    assert plain.endswith(
        "store: failed\n  ValueError: invalid literal for int() with base 10: 'oh'\n"
    )
    assert "store: store.x\\x1b says 20" in verbose
    assert "says 10" not in verbose
    assert "store.x: store.x\\x1b says 10" in all_of_it
    assert "Traceback" in all_of_it
    assert "urllib3" not in quiet + plain + verbose + all_of_it
    assert logging.getLogger().level == logging.WARNING
