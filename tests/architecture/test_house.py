"""The house stays small, documented, and each duty in its room."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

import pytest

Trees = Mapping[str, ast.Module]
"""Modules, parsed, by their path below ``src/store``."""

Named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

LONGEST_FILE = 300
"""In lines."""

MEDIAN_FILE = 120
"""In lines."""

LONGEST_FUNCTION = 40
"""In lines of code, the docstring not counted."""

LONGEST_SENTENCE = 70
"""How long a module's opening sentence may be, in characters."""

TELLERS = {
    "time": {
        "time",
        "time_ns",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "sleep",
        "clock_gettime",
    },
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
"""What asks the time, by the name it is called on."""

WRITERS = {
    "shutil": {"copy", "copy2", "copyfile", "copyfileobj", "move", "copytree"},
    "tempfile": {"NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"},
    "os": {"fdopen", "truncate", "ftruncate", "mkfifo", "link", "symlink", "rename", "replace"},
}
"""What makes, fills or moves a file, by the name it is called on."""

WRITING_METHODS = {"write_text", "write_bytes", "symlink_to", "hardlink_to"}
"""Methods of a path that make or fill a file."""


def test_no_file_is_overgrown(sources: Mapping[str, str]) -> None:
    """A file of more than 300 lines is split by verb."""
    sizes = {path: len(text.splitlines()) for path, text in sources.items()}

    long = {path: size for path, size in sizes.items() if size > LONGEST_FILE}

    assert long == {}


def test_the_usual_file_is_short(sources: Mapping[str, str]) -> None:
    """Half of the files can be read on a screen or two."""
    sizes = [len(text.splitlines()) for text in sources.values()]

    assert statistics.median(sizes) <= MEDIAN_FILE


def test_no_function_is_overgrown(trees: Trees) -> None:
    """A function does one thing, in at most 40 lines of code."""
    long = [
        f"{path}:{node.lineno} {node.name} has {lines} lines"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := _lines_of_code(node)) > LONGEST_FUNCTION
    ]

    assert long == []


def test_every_module_opens_with_a_sentence(trees: Trees) -> None:
    """The first line says what the module is, in at most 70 characters."""
    poor = [
        f"{path}: {sentence!r}"
        for path, tree in trees.items()
        for sentence in [(ast.get_docstring(tree) or "").partition("\n")[0]]
        if not 0 < len(sentence) <= LONGEST_SENTENCE or not sentence.endswith(".")
    ]

    assert poor == []


def test_every_public_name_is_documented(trees: Trees) -> None:
    """Whoever may call it can read what it does."""
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in trees.items()
        for node in reachable(tree)
        if not ast.get_docstring(node)
    ]

    assert silent == []


def test_no_room_is_a_lumber_room(trees: Trees) -> None:
    """A name says what lies in a module."""
    lumber = {"utils", "util", "helpers", "common", "core", "misc"}

    assert [path for path in trees if lumber & names_in(path)] == []


def test_only_the_clock_asks_the_time(trees: Trees) -> None:
    """A test can hold the time still, since every room takes it from a clock."""
    assert offenders(trees, _asks_the_time, {"clock"}) == []


def test_only_files_writes(trees: Trees) -> None:
    """A file is there whole or not at all, since one room writes all of them.

    The testing kit is left out: its suites and faults lay down and damage files of a test's own.
    """
    assert offenders(trees, _writes, {"files", "testing"}) == []


def test_only_the_output_prints(trees: Trees) -> None:
    """Results go to stdout in one place, so that nothing else can spoil them."""
    assert offenders(trees, _prints, {"output"}) == []


def test_nothing_turns_data_into_code(trees: Trees) -> None:
    """What a server, file or row says is never evaluated."""
    assert offenders(trees, _evaluates, set()) == []


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("time.time()", "_asks_the_time"),
        ("datetime.datetime.now()", "_asks_the_time"),
        ("open('x', 'w')", "_writes"),
        ("path.open(mode='ab')", "_writes"),
        ("path.write_text('x')", "_writes"),
        ("os.open('x', os.O_WRONLY | os.O_CREAT)", "_writes"),
        ("shutil.copy2('a', 'b')", "_writes"),
        ("print('x')", "_prints"),
        ("sys.stdout.write('x')", "_prints"),
        ("sys.stdout.buffer.write(b'x')", "_prints"),
        ("click.echo('x')", "_prints"),
        ("eval('x')", "_evaluates"),
    ],
)
def test_the_rules_see_what_they_are_for(source: str, rule: str) -> None:
    """A rule that never fires would hold nothing."""
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)

    assert globals()[rule](call)


def offenders(trees: Trees, rule: Callable[[ast.Call], bool], homes: set[str]) -> list[str]:
    """Return where a rule is broken outside the rooms and modules that may."""
    return [
        f"{path}:{call.lineno} {ast.unparse(call)[:80]}"
        for path, tree in trees.items()
        if not homes & names_in(path)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and rule(call)
    ]


def reachable(tree: ast.Module | ast.ClassDef) -> Iterator[Named]:
    """Go through the public classes and functions, and what such classes have."""
    for node in tree.body:
        if isinstance(node, Named) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from reachable(node)


def names_in(path: str) -> set[str]:
    """Return the names of a module and of the rooms that it lies in."""
    return set(PurePosixPath(path.removesuffix(".py")).parts)


def _lines_of_code(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node):
        first = node.body[0]
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def _called_on(call: ast.Call) -> tuple[str, str]:
    """Return the last name before the dot and the one after it: ``("time", "sleep")``."""
    function = call.func
    if isinstance(function, ast.Name):
        return "", function.id
    if not isinstance(function, ast.Attribute):
        return "", ""
    owner = function.value
    if isinstance(owner, ast.Attribute):
        return owner.attr, function.attr
    return (owner.id if isinstance(owner, ast.Name) else ""), function.attr


def _asks_the_time(call: ast.Call) -> bool:
    owner, name = _called_on(call)
    return name in TELLERS.get(owner, ())


def _writes(call: ast.Call) -> bool:
    owner, name = _called_on(call)
    if name in WRITING_METHODS:
        return owner not in {"", "atomic"}  # what files/atomic.py gives is called so too
    if name in WRITERS.get(owner, ()):
        return name != "fdopen" or _writing_mode(call)
    if name == "open":
        return _writing_flags(call) if owner == "os" else _writing_mode(call)
    return False


def _writing_mode(call: ast.Call) -> bool:
    modes = [*call.args[:2], *(one.value for one in call.keywords if one.arg == "mode")]
    return any(
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and len(mode.value) <= 3
        and set(mode.value) <= set("rwxabt+")
        and bool(set(mode.value) & set("wxa+"))
        for mode in modes
    )


def _writing_flags(call: ast.Call) -> bool:
    return ast.unparse(call.args[0]) != "os.devnull" and any(
        isinstance(node, ast.Attribute) and node.attr in {"O_WRONLY", "O_RDWR", "O_CREAT"}
        for argument in call.args[1:]
        for node in ast.walk(argument)
    )


def _prints(call: ast.Call) -> bool:
    owner, name = _called_on(call)
    if name in {"write", "writelines"}:
        return "sys.stdout" in ast.unparse(call.func)
    return (owner, name) in {("", "print"), ("click", "echo"), ("click", "secho")}


def _evaluates(call: ast.Call) -> bool:
    owner, name = _called_on(call)
    return not owner and name in {"eval", "exec", "compile", "__import__"}
