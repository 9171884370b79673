"""``store plugins``, ``config``, ``doctor`` and ``completion``."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.hooks import hookimpl
from store.plugins import loading, manager
from store.plugins.brought import Found
from store.plugins.distributions import Needed
from store.plugins.manager import Plugins
from store.testing.fakes import FakeStore

Run = Callable[..., Any]

REMEMBERED = "plugins-v1.json"
"""Where the names of plugins are remembered, which may be written at any time."""


class Mirror:
    """A plugin that brings a driver, and one whose name is taken."""

    @hookimpl
    def store_drivers(self) -> dict[str, Any]:
        """Return the drivers."""
        return {"mirror": FakeStore, "file": FakeStore}


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two plugins be installed: a broken one and `Mirror`."""
    found = [Found("store", "broken", "no_such_module_at_all", "broken-dist", "1.0")]
    known = Plugins(lambda: found)
    known.register(Mirror(), "mirrors", "mirror-dist")
    for module in (manager, loading):
        monkeypatch.setattr(module, "plugins", lambda: known)


def test_plugins_are_listed(cli: Run, terminal: Run) -> None:
    """By kind and name, with tabs between, or as a table."""
    done = cli("plugins", "list")
    terminal()
    shown = cli("plugins", "list", "--kind", "driver")

    assert "driver\tpypi\tbuiltin\n" in done.out
    assert "driver  pypi" in shown.out.replace("    ", "  ")
    assert "file-cache" not in shown.out


@pytest.mark.usefixtures("strangers")
def test_broken_plugins_and_conflicts_are_told(cli: Run) -> None:
    """They harm nobody else."""
    done = cli("plugins", "list")
    as_json = cli("plugins", "list", "--json").json

    assert "driver\tmirror\tmirrors (mirror-dist)\n" in done.out
    assert "the driver 'file' cannot be used: builtin and mirrors (mirror-dist) both" in done.err
    assert "the plugin 'broken' is broken and was passed over: " in done.err
    assert [one["plugin"] for one in as_json["broken"]] == ["broken"]
    assert [one["plugin"] for one in as_json["conflicts"][0]] == ["builtin", "mirrors"]


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize("name", ["mirror", "mirrors", "mirror-dist"])
def test_a_plugin_is_told_of(cli: Run, name: str) -> None:
    """By the name of what it brings, its own, or its distribution's."""
    done = cli("plugins", "info", name)

    assert done.status == 0
    assert "made by:    store.testing.fakes.FakeStore\n" in done.out
    assert "\ndistribution: mirror-dist\n" in done.out


@pytest.mark.usefixtures("strangers")
def test_what_a_plugin_brings_is_told_apart(cli: Run) -> None:
    """An empty line stands between, as between resources; a long label keeps its blank."""
    done = cli("plugins", "info", "mirrors")

    assert done.out.count("\n\nkind:") == 1
    assert not done.out.startswith("\n")


def test_a_function_is_told_by_its_own_words_or_none(
    cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Python says of functions says nothing of a driver; a foreign class is told as itself."""

    class Foreign:
        """A store that was written for e3-core."""

        def get_resource_metadata(self, query: Any) -> Any:
            """Find nothing."""

        def download_resource_content(self, metadata: Any, dest: str) -> str | None:
            """Move nothing."""

    class Silent:
        @hookimpl
        def store_drivers(self) -> dict[str, Any]:
            """Bring a driver without a docstring, and a foreign one."""
            return {"silent": lambda configuration, cache: None, "foreign": Foreign}

    known = Plugins(list)
    known.register(Silent(), "silent")
    for module in ("store.plugins.manager", "store.plugins.loading"):
        monkeypatch.setattr(f"{module}.plugins", lambda: known)

    foreign, silent = cli("plugins", "info", "silent", "--json").json

    assert silent["says"] == ""
    assert foreign["says"] == "A store that was written for e3-core."
    assert foreign["made by"].endswith(".Foreign")


@pytest.mark.usefixtures("strangers")
def test_a_broken_plugin_is_told_of(cli: Run) -> None:
    """It brings nothing, and the reason is said; a name in conflict has its error."""
    broken = cli("plugins", "info", "broken")
    conflict = cli("plugins", "info", "file", "--json")

    assert (broken.status, broken.out) == (0, "")
    assert "no_such_module_at_all" in broken.err
    assert "remove one of them" in conflict.json[0]["error"]


def test_an_unknown_plugin_is_told_with_the_nearest(cli: Run) -> None:
    """Status 2."""
    near, far = cli("plugins", "info", "pypy"), cli("plugins", "info", "zzz")

    assert near.status == far.status == 2
    assert "did you mean 'pypi'?" in near.err
    assert "'store plugins list' shows all" in far.err


def test_query_keys_are_told(cli: Run) -> None:
    """An author of a query need not read the code."""
    (driver,) = cli("plugins", "info", "http", "--json").json[:1]

    assert "url" in driver["query keys"].split(", ")


def test_settings_are_listed_with_their_sources(
    cli: Run, house: Path, monkeypatch: pytest.MonkeyPatch, terminal: Run
) -> None:
    """Flag, variable, file with its line, default."""
    (house / "store.toml").write_text("retries = 7\n")
    monkeypatch.setenv("STORE_VERIFY", "always")

    rows = dict(line.split("\t", 1) for line in cli("config", "--offline", "list").out.splitlines())
    terminal()
    shown = cli("config", "list")

    assert rows["retries"] == f"7\t{house}/store.toml:1"
    assert rows["verify"] == "always\tSTORE_VERIFY"
    assert rows["offline"] == "true\tflag"
    assert rows["allow_downgrade"] == "false\tdefault"
    assert rows["deadline"] == "3600\tdefault"
    assert "setting" in shown.out


def test_secrets_of_drivers_are_hidden(cli: Run, house: Path) -> None:
    """Wherever they stand in a driver's table."""
    (house / "store.toml").write_text(
        '[driver.mine]\ntoken = "hush"\nroot = "https://me:hush@host/x?y=hush"\nsize = 3\n'
        'list = ["https://me:hush@host"]\ndeep = { password = "hush", n = 1 }\n'
    )

    done = cli("config", "list")
    known = cli("config", "list", "--json").json

    assert "hush" not in done.out
    assert "hush" not in json.dumps(known)
    assert known["driver.mine.token"]["value"] == "(hidden)"
    assert known["driver.mine.root"]["value"] == "https://host/x"
    assert known["driver.mine.size"]["source"] == f"{house}/store.toml:4"
    assert cli("config", "get", "driver.mine.deep").out == '{"password": "(hidden)", "n": 1}\n'


def test_one_setting_can_be_asked(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As text or JSON; the cache's directory is told even where nobody chose it."""
    monkeypatch.delenv("STORE_CACHE_DIR")

    assert cli("config", "get", "read_timeout").out == "30\n"
    assert cli("config", "get", "progress", "--json").json == {
        "key": "progress",
        "value": "auto",
        "source": "default",
    }
    assert Path(cli("config", "get", "cache_dir").out.strip()).name == "store"


def test_an_unknown_setting_is_told_with_the_nearest(cli: Run) -> None:
    """Status 2."""
    near, far = cli("config", "get", "retrys"), cli("config", "get", "zzz")

    assert near.status == far.status == 2
    assert "did you mean 'retries'?" in near.err
    assert "did you mean" not in far.err


def test_the_files_of_settings_are_listed(cli: Run, house: Path) -> None:
    """The first that speaks wins."""
    (house / "store.toml").write_text("")

    done = cli("config", "path")
    known = cli("config", "path", "--json").json

    assert done.out.splitlines() == [one["path"] for one in known]
    assert known[0] == {"path": f"{house}/store.toml", "exists": True}
    assert [one["exists"] for one in known[1:]] == [False, False]


def checks(run: Run, *arguments: object) -> dict[str, list[tuple[str, str]]]:
    """Run the doctor, and return state and detail of each finding by what was looked at."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in run("doctor", "--json", *arguments).json:
        found.setdefault(one["what"], []).append((one["state"], one["detail"]))
    return found


def test_the_doctor_finds_all_well(cli: Run, house: Path, store_cache_dir: Path) -> None:
    """It changes nothing and touches no network."""
    done = cli("doctor")

    assert done.status == 0, done.out
    assert done.err == "store: all is well\n"
    for what in (
        "store",
        "Python",
        "needs",
        "cache",
        "writable",
        "locks",
        "plugins",
        "certificates",
    ):
        assert f" {what} " in done.out
    assert {path.name for path in store_cache_dir.glob("*")} <= {REMEMBERED}
    assert list(house.iterdir()) == []


def test_the_doctor_may_be_quiet(cli: Run) -> None:
    """The findings are the result; the verdict is the status."""
    assert cli("-q", "doctor").err == ""


def test_the_doctor_tells_what_to_mend(
    cli: Run, house: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Status 1, and each finding names its next step."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine host login a password b\n")
    netrc.chmod(0o644)
    (tmp_path / "file").touch()
    needed = [Needed("requests", ">=2.33", "2.0", "", good=False)]
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("STORE_TOKEN_HTTPS_HOST", "hush")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    monkeypatch.setenv("STORE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr("store.plugins.distributions.needed_distributions", lambda: iter(needed))
    monkeypatch.setattr("store.files.failures.free_bytes", lambda _: 5)

    done = cli("doctor")
    found = checks(cli)

    assert done.status == 1
    assert "things to mend" in done.err
    assert "hush" not in done.out
    assert found["needs"] == [("bad", "requests>=2.33, found 2.0: install it anew")]
    assert ("warn", f"{netrc} can be read by others: chmod 600 {netrc}") in found["credentials"]
    assert "STORE_TOKEN_HTTPS_HOST" in found["credentials"][-1][1]
    assert found["certificates"][0][0] == "bad"
    assert found["writable"][0][0] == "bad"
    assert found["free space"][0][0] == "warn"
    assert "STORE_CACHE_DIR" in found["settings"][1][1]


@pytest.mark.usefixtures("strangers")
def test_the_doctor_looks_at_plugins(cli: Run) -> None:
    """Broken ones and conflicts are to be mended."""
    found = checks(cli)["plugins"]

    assert [state for state, _ in found] == ["ok", "bad", "bad"]
    assert "mirrors (mirror-dist)" in found[0][1]


def test_the_doctor_goes_on_with_damaged_settings(cli: Run, house: Path) -> None:
    """The rest is looked at all the same."""
    (house / "store.toml").write_text("ofline = true\n")

    found = checks(cli)

    assert found["settings"][0][0] == "bad"
    assert found["cache"][0][0] == "bad"
    assert found["certificates"][0][0] == "ok"


@pytest.mark.usefixtures("strangers")
def test_the_doctor_looks_at_what_drivers_are_told(cli: Run, house: Path) -> None:
    """Each table is held against its driver, wherever that comes from; one of nobody may be a slip."""
    (house / "store.toml").write_text(
        "[driver.pypi]\nindexurl = 'x'\n[driver.pypy]\na = 1\n[driver.http]\nallow_weak = true\n"
    )

    found = checks(cli)["settings"]

    assert [state for state, _ in found] == ["ok", "ok", "bad", "warn"]
    assert "store.toml:2: the driver pypi has no setting 'indexurl'" in found[2][1]
    assert "[driver.pypy] is for nobody: there is no driver 'pypy'; did you mean" in found[3][1]


def test_the_doctor_does_not_faint(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that fails is a finding."""

    def fails() -> Any:
        raise RuntimeError("oh")

    monkeypatch.setattr("store.plugins.distributions.needed_distributions", fails)

    assert ("bad", "RuntimeError: oh") in checks(cli)["versions"]


def test_the_doctor_sees_what_a_file_system_lacks(
    cli: Run, monkeypatch: pytest.MonkeyPatch, store_cache_dir: Path
) -> None:
    """Neither is fatal."""
    store_cache_dir.mkdir()
    monkeypatch.setattr("store.files.locks.locked", lambda *_a, **_k: contextlib.nullcontext(False))
    monkeypatch.setattr("store.files.placing.copy_descriptor", lambda *_a: "reflink")

    found = checks(cli)

    assert found["locks"] == [("warn", "not supported")]
    assert found["reflinks"] == [("ok", "copies cost no space")]
    assert {path.name for path in store_cache_dir.iterdir()} <= {REMEMBERED}


def test_the_doctor_asks_the_network_on_request(cli: Run, house: Path) -> None:
    """By what a locator stands for."""
    (house / "a.txt").write_text("a")

    assert checks(cli, "--network", "a.txt")["network"][0][0] == "ok"
    assert checks(cli, "--offline", "--network")["network"][0][0] == "bad"


def test_certificates_come_from_certifi_by_default(
    cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless a variable names others."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)

    assert checks(cli)["certificates"][0][1].endswith(".pem")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_is_a_script(cli: Run, shell: str) -> None:
    """It asks the command line itself."""
    done = cli("completion", shell)

    assert done.status == 0
    assert f"_STORE_COMPLETE={shell}_complete" in done.out


def test_an_unknown_shell_is_refused(cli: Run) -> None:
    """With the ones there are."""
    done = cli("completion", "ksh")

    assert done.status == 2
    assert "'bash', 'zsh', 'fish'" in done.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("store fe", "plain,fetch"),
        ("store cache ", "plain,verify"),
        ("store fetch py", "plain,pypi:"),
        ("store fetch ./x", "file,./x"),
        ("store fetch zzz", "file,zzz"),
        ("store fetch --of", "plain,--offline"),
        ("store fetch --cache nu", "plain,null"),
        ("store config get cache_", "plain,cache_dir"),
        ("store plugins info htt", "plain,http-simple-store"),
    ],
)
def test_words_are_completed(
    cli: Run, monkeypatch: pytest.MonkeyPatch, words: str, expected: str
) -> None:
    """Commands, options, drivers, files, and the names that a command knows."""
    monkeypatch.setenv("_STORE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))

    done = cli()

    assert done.status == 0
    assert expected in done.out.splitlines()


def test_bash_takes_the_completion() -> None:
    """The script is read by a real shell."""
    script = subprocess.run(
        [sys.executable, "-m", "store", "completion", "bash"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout

    subprocess.run(["bash", "-c", f"{script}\ncomplete -p store"], check=True, timeout=60)
