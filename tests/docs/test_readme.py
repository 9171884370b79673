"""The README's commands are the ones that are run."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

README = (ROOT / "README.md").read_text(encoding="utf-8")

COMMANDS = {
    "fetch": "python3 -m venv .venv && .venv/bin/pip install --quiet ."
    " && .venv/bin/store fetch pypi:six==1.17.0",
    "test": 'python3 -m venv .venv-test && .venv-test/bin/pip install --quiet "tox>=4.20"'
    " && .venv-test/bin/tox",
}
"""What the README shows, by the name of its marker."""


def test_it_opens_with_one_sentence_and_two_commands() -> None:
    """A newcomer sees what it is, how to run it and how to test it, before anything else."""
    blocks = README.split("\n\n")

    assert re.fullmatch(r"[^.\n]+\.", blocks[0])
    assert [block.splitlines()[-2].removeprefix("$ ") for block in blocks[1:3]] == list(
        COMMANDS.values()
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_ci_runs_the_very_command(name: str, tmp_path: Path) -> None:
    """What ``.ci/run`` extracts is what the README shows, to the letter."""
    functions = re.search(r"^command_of\(\) \{.*?^\}", ci_script(), re.DOTALL | re.MULTILINE)
    assert functions

    script = f'top="{ROOT}"\n{functions[0]}\ncommand_of {name}'
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], check=True, capture_output=True, text=True
    )

    assert done.stdout == COMMANDS[name] + "\n"


def test_ci_runs_both_commands() -> None:
    """Neither command can rot unnoticed."""
    assert set(re.findall(r"\brun (\w+) \d+", ci_script())) == set(COMMANDS)


def test_ci_ends_within_half_an_hour() -> None:
    """The time limits of both commands add up to less than 30 minutes."""
    limits = re.findall(r"\brun \w+ (\d+)", ci_script())

    assert sum(map(int, limits)) < 30 * 60


def test_ci_can_be_started() -> None:
    """The script is executable, and bash can read it."""
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


def test_the_test_command_runs_everything() -> None:
    """A bare ``tox`` runs style, types, tests, the example and the docs."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")

    environments = {one.strip() for one in tox["tox"]["env_list"].split(",")}

    assert {"lint", "typing", "py", "example", "docs"} <= environments


@pytest.mark.parametrize(
    "page",
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link of a page names a file that exists."""
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def ci_script() -> str:
    """Return the text of ``.ci/run``."""
    return (ROOT / ".ci" / "run").read_text(encoding="utf-8")
