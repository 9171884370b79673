"""Every error stands in one tree and carries its data."""

from __future__ import annotations

import builtins
import copy
import inspect
import pickle
import re

import pytest
from e3.error import E3Error

from store import errors
from store.errors import (
    CacheError,
    ConfigurationError,
    IntegrityError,
    StorageError,
    StoreError,
    TransportError,
)

CLASSES = [
    one
    for one in vars(errors).values()
    if inspect.isclass(one) and issubclass(one, StoreError) and one.__module__ == errors.__name__
]
LINE = re.compile(
    r"^    (?P<branches>[│├└─ ]*)(?P<name>\w+)(?: \((?P<second>[\w.]+)\))? +(?P<status>\d+)\b"
)


def drawn() -> dict[str, tuple[str, str | None, int]]:
    """Return the tree in the module's docstring: name to parent, second parent and exit status."""
    tree: dict[str, tuple[str, str | None, int]] = {}
    above: list[str] = ["E3Error"]
    for line in (errors.__doc__ or "").splitlines():
        match = LINE.match(line)
        if match:
            depth = len(match["branches"]) // 4 + 1
            tree[match["name"]] = (above[depth - 1], match["second"], int(match["status"]))
            above[depth:] = [match["name"]]
    return tree


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    """Names, parents and exit statuses, neither more nor fewer."""
    tree = {
        one.__name__: (
            one.__bases__[0].__name__,
            one.__bases__[1].__name__ if len(one.__bases__) > 1 else None,
            one.exit_status,
        )
        for one in CLASSES
    }
    tree["StoreError"] = ("E3Error", "e3.error.E3Error", 1)

    assert drawn() == tree


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_crosses_a_process(kind: type[StoreError]) -> None:
    """With its message, origin, attributes and notes; copied, too."""
    data = {
        name: f"<{name}>" for one in kind.__mro__ for name in vars(one).get("__annotations__", {})
    }
    data.pop("exit_status", None)
    error = kind(["first", "last"], "origin", **data)
    error.add_note("a note")

    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert str(other) == str(error) == "origin: last"
        assert other.messages == ["first", "last"]
        assert {name: getattr(other, name) for name in data} == data
        assert other.__notes__ == ["a note"]
        assert other.args == error.args


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_documented_and_is_an_e3_error(kind: type[StoreError]) -> None:
    """Programs written for e3-core catch it."""
    error = kind("message")

    assert isinstance(error, E3Error)
    assert str(error) == "message"
    assert (kind.__doc__ or "").endswith(".") or "Args:" in (kind.__doc__ or "")
    assert error.attempts == ()


def test_an_errors_system_numbers_cross_a_process_too() -> None:
    """They stand in the object itself, not in its dictionary."""
    error = StorageError("no room", path="/p", needed=7)
    error.errno, error.strerror, error.filename = 28, "No space left on device", "/p"

    other = pickle.loads(pickle.dumps(error))

    assert (other.errno, other.strerror, other.filename) == (28, "No space left on device", "/p")
    assert (other.path, other.needed, other.free) == ("/p", 7, None)
    assert str(other) == "no room"


def test_a_misspelt_attribute_is_refused() -> None:
    """Or nobody would find it."""
    with pytest.raises(TypeError, match="IntegrityError carries no 'digest'"):
        IntegrityError("message", digest="sha256:…")


def test_an_error_without_a_message_says_its_name() -> None:
    """And e3's way of adding messages works."""
    error = TransportError([])
    before = str(error)

    added = error.__iadd__("added")

    assert added is error
    assert (before, str(error)) == ("TransportError", "added")


def test_attributes_of_one_error_are_not_those_of_the_next() -> None:
    """What the class declares are defaults."""
    first = ConfigurationError("message", path="store.toml", line=3, known=("a",))
    second = ConfigurationError("message")

    assert (first.path, first.line, first.known) == ("store.toml", 3, ("a",))
    assert (second.path, second.line, second.known) == (None, None, ())


@pytest.mark.parametrize("kind", [one for one in CLASSES if one is not StoreError])
def test_dual_parents_are_the_standard_librarys(kind: type[StoreError]) -> None:
    """``except OSError`` and its like find what they mean."""
    strangers = [one for one in kind.__bases__ if not issubclass(one, StoreError)]

    assert all(getattr(builtins, one.__name__) is one for one in strangers)


def test_a_cache_error_is_caught_as_an_os_error() -> None:
    """As any failure of the disk."""
    with pytest.raises(OSError, match="message") as caught:
        raise CacheError("message", path="/p")

    assert caught.value.filename is None
