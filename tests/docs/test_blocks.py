"""Every code block of the README and the docs works as it stands there.

CONTRIBUTING.md tells the comments that may stand above a block. The blocks of a page are worked through in
order, in one directory and with one cache; Python blocks share one interpreter.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(
    r"^(?:<!-- (?P<marker>[a-z ]+)(?:: (?P<value>[^\n]*?))? -->\n)?"
    r"^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)

LANGUAGES = {"console", "python", "toml", "yaml", "sh", "text"}

OBJECTS = "https://s3.example.org"
"""What the pages call a server of S3's protocol."""

MARKERS = {"file", "fails", "install", "not run", "command"}

INTERPRETER = """
import json, sys, traceback
answers, sys.stdout = sys.stdout, sys.stderr
namespace = {"__name__": "__main__"}
for line in sys.stdin:
    try:
        exec(compile(json.loads(line), "block", "exec"), namespace)
        answer = ""
    except BaseException:
        answer = traceback.format_exc()
    print(json.dumps(answer), file=answers, flush=True)
"""
"""Runs one block after another, and says what went wrong."""


@attrs.frozen
class Block:
    """A fenced block of a page.

    Attributes:
        language: What stands behind the fence.
        text: What stands in it.
        marker: The kind of the comment above it, or an empty text.
        value: What the comment says.
    """

    language: str
    text: str
    marker: str = ""
    value: str = ""


@attrs.frozen
class Desk:
    """Where a page is worked through.

    Attributes:
        directory: The working directory.
        environment: The variables.
        origin: The address that stands in for the servers of the pages.
        python: The interpreter of the page's Python blocks.
        objects: The address of an S3 server for pages that speak of one, or an empty text.
    """

    directory: Path
    environment: Mapping[str, str]
    origin: str
    python: subprocess.Popen[str]
    objects: str = ""

    def work(self, block: Block) -> None:
        """Do what a reader would do with a block."""
        text = self.localised(block.text)
        if block.marker in {"not run", "command"}:
            assert block.value, "a block that is not run says why"
        elif block.marker == "file":
            path = self.directory / block.value
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif block.marker == "install":
            install(self.directory / block.value, Path(self.environment["PYTHONPATH"]))
        elif block.language == "python":
            self.run_python(text)
        elif block.language == "console":
            self.run_console(text, int(block.value) if block.marker == "fails" else 0)

    def localised(self, text: str) -> str:
        """Put the test's own server where the pages speak of the reader's."""
        text = re.sub(r"https://(files|index)\.example\.org", self.origin, text)
        text = text.replace(OBJECTS, self.objects)
        variable = re.sub(r"[^A-Z0-9]", "_", self.origin.upper().replace("://", "_"))
        return text.replace("HTTPS_INDEX_EXAMPLE_ORG", variable)

    def run_python(self, text: str) -> None:
        """Run a block in the page's interpreter."""
        assert self.python.stdin
        assert self.python.stdout
        print(json.dumps(text), file=self.python.stdin, flush=True)
        answer = json.loads(self.python.stdout.readline())
        assert answer == "", f"{answer}\nin the block\n{text}"

    def run_console(self, text: str, status: int) -> None:
        """Run the commands of a block; the last one ends with ``status``, the others with 0.

        The page shows the result alone, and what stands on stderr only where a command fails.
        """
        commands = list(commands_of(text))
        for number, (command, expected) in enumerate(commands, start=1):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            output = (done.stdout + done.stderr).strip()
            wanted = status if number == len(commands) else 0
            assert done.returncode == wanted, f"$ {command}\n{output}"
            shown = output if wanted else done.stdout.strip()
            matches = re.fullmatch(pattern_of(expected), shown, re.DOTALL)
            assert matches or not expected, f"$ {command}\n{output}"


@pytest.fixture
def at_work(desk: Path, environment: Mapping[str, str], origin: str) -> Iterator[Desk]:
    """A desk with an interpreter, which is ended afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERPRETER],
        cwd=desk,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as python:
        yield Desk(desk, environment, origin, python)
        assert python.stdin
        python.stdin.close()
        python.wait(timeout=60)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_blocks_of_a_page_work(page: Path, request: pytest.FixtureRequest) -> None:
    """A reader who follows a page from top to bottom gets what it shows."""
    blocks = blocks_of(page)
    if not any(block.marker or block.language in {"python", "console"} for block in blocks):
        return  # no desk is made for what is only read
    at_work: Desk = request.getfixturevalue("at_work")
    if OBJECTS in page.read_text(encoding="utf-8"):
        server = request.getfixturevalue("moto_server")
        at_work = attrs.evolve(at_work, objects=server.endpoint)
    for block in blocks:
        at_work.work(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_blocks_say_what_they_are(page: Path) -> None:
    """Each block names a language that is known here, and no comment is a slip."""
    blocks = blocks_of(page)

    assert {block.language for block in blocks if block.language[:1] != "{"} <= LANGUAGES
    assert {block.marker for block in blocks if block.marker} <= MARKERS
    assert page.read_text(encoding="utf-8").count("\n```") == 2 * len(blocks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_settings_that_are_shown_can_be_read(page: Path) -> None:
    """Whatever is shown as TOML is TOML."""
    for block in blocks_of(page):
        if block.language == "toml":
            tomllib.loads(block.text)


def test_the_tutorial_builds_the_example() -> None:
    """What the tutorial has its reader write is the package that is installed and tested."""
    blocks = blocks_of(ROOT / "docs" / "tutorial" / "first-driver.md")
    written = {
        block.value: block.text
        for block in blocks
        if block.marker == "file" and "mirror/" in block.value
    }

    assert len(written) >= 3
    for path, text in written.items():
        assert text == (ROOT / "examples" / path).read_text(encoding="utf-8")


def test_the_readme_shows_the_example() -> None:
    """The driver on the first page is the one that is tested."""
    source = ROOT / "examples" / "store-mirror" / "src" / "store_mirror" / "__init__.py"
    shown = [block.text for block in blocks_of(ROOT / "README.md")]

    assert source.read_text(encoding="utf-8") in shown


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    return [
        Block(one["language"], one["text"], one["marker"] or "", one["value"] or "")
        for one in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


def commands_of(text: str) -> Iterator[tuple[str, str]]:
    """Go through the commands of a console block, each with the output that is shown for it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.strip()


def pattern_of(expected: str) -> str:
    """Return a pattern of shown output, in which ``…`` stands for anything."""
    return ".*".join(map(re.escape, expected.split("…")))


def install(project: Path, site: Path) -> None:
    """Lay a project down as ``pip install --editable`` would, without asking for its build system."""
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    information = site / f"{metadata['name'].replace('-', '_')}-{metadata['version']}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {metadata['name']}\nVersion: {metadata['version']}\n",
        encoding="utf-8",
    )
    groups = metadata["entry-points"]
    (information / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
            for group, points in groups.items()
        ),
        encoding="utf-8",
    )
    for module in (project / "src").iterdir():
        (site / module.name).symlink_to(module)
