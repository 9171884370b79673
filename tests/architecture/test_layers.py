"""Imports fall: every room knows only the rooms below it."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

import pytest

LAYERS = (
    {"carried"},
    {
        "errors",
        "hooks",
        "records",
        "clock",
        "events",
        "addresses",
        "faces",
        "frozen",
        "jsontext",
        "machine",
    },
    {"integrity", "files", "config"},
    {"transports", "cache"},
    {"freshness", "registry", "releases", "buckets", "sharing"},
    {"backends"},
    {"plugins"},
    {"fetching"},
    {"projects"},
    {"cli", "testing"},
    {"__init__", "__main__"},
)
"""The rooms, from the ground floor to the roof; the face and the command's door lie on top."""

HEIGHT = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}


Trees = Mapping[str, ast.Module]
"""Modules, parsed, by their path below ``src/store``."""


def test_every_room_has_its_layer(trees: Trees) -> None:
    """No room stands beside the house."""
    rooms = {room_of(path) for path in trees}

    assert rooms <= HEIGHT.keys()


def test_imports_fall(trees: Trees) -> None:
    """A room imports only from lower rooms, for types and inside functions too."""
    rooms = {name_of(path): room_of(path) for path in trees}

    climbing = [
        f"{path}:{line} imports {target}"
        for path, tree in trees.items()
        for line, target in references(tree, rooms)
        if rooms[target] != room_of(path) and HEIGHT[rooms[target]] >= HEIGHT[room_of(path)]
    ]

    assert climbing == []


def test_nothing_imports_the_face(trees: Trees) -> None:
    """Names are imported from where they are defined, never from ``store`` itself."""
    names = {name_of(path) for path in trees}

    faces = [
        f"{path}:{line} imports {name}"
        for path, tree in trees.items()
        for line, name in imported(tree)
        if name.startswith("store.") and name.count(".") == 1 and name not in names
    ]

    assert faces == []


def test_no_imports_are_relative(trees: Trees) -> None:
    """Imports are absolute, so that they can be read without knowing where one stands."""
    relative = [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert relative == []


def test_there_are_no_import_circles(trees: Trees) -> None:
    """Modules form a staircase, inside a room as well."""
    names = {name_of(path) for path in trees}
    graph = {
        name_of(path): {target for _, target in references(tree, names)} - {name_of(path)}
        for path, tree in trees.items()
    }

    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(
    ("package", "homes"),
    [
        ("requests", ("transports/http",)),
        ("urllib3", ("transports/http",)),
        ("obstore", ("transports/objects", "buckets/client")),
        ("importlib.metadata.entry_points", ("plugins/",)),
        ("importlib.metadata.distributions", ("plugins/",)),
        ("pkg_resources", ()),
        ("stevedore", ()),
        ("pickle", ()),
        ("marshal", ()),
        ("shelve", ()),
        ("yaml", ("releases/",)),
        ("sqlalchemy", ("registry/",)),
        ("diskcache", ("cache/backends/",)),
        ("tarfile", ("files/unpacking/", "testing/archives")),
        ("zipfile", ("files/unpacking/", "testing/archives")),
        ("zstandard", ("files/unpacking/", "testing/archives")),
    ],
)
def test_a_dear_or_dangerous_package_stays_in_its_room(
    trees: Trees, package: str, homes: tuple[str, ...]
) -> None:
    """One room owns each library, so that its errors are mapped at one wall."""
    users = [
        f"{path}:{line} imports {name}"
        for path, tree in trees.items()
        for line, name in imported(tree)
        if f"{name}.".startswith(f"{package}.") and not path.startswith(homes)
    ]

    assert users == []


def room_of(path: str) -> str:
    """Return the room a module lies in, or its own name on the ground floor."""
    return PurePosixPath(path).parts[0].removesuffix(".py")


def name_of(path: str) -> str:
    """Return the dotted name of a module."""
    return ".".join(["store", *PurePosixPath(path.removesuffix(".py")).parts]).removesuffix(
        ".__init__"
    )


@functools.cache
def imported(tree: ast.Module) -> tuple[tuple[int, str], ...]:
    """Return the lines and names that a module imports, wherever the statement stands."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, one.name) for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [(node.lineno, f"{node.module}.{one.name}") for one in node.names]
    return tuple(found)


def references(tree: ast.Module, names: Collection[str]) -> Iterator[tuple[int, str]]:
    """Go through the modules of ours that a module imports, or names in a table to import later."""
    for line, name in imported(tree):
        target = name if name in names else name.rpartition(".")[0]
        if target in names and target != "store":
            yield line, target
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            target = re.split(r"[:\s]", node.value, maxsplit=1)[0]
            if target in names and target != "store":
                yield node.lineno, target
