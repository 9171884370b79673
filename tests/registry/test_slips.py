"""A slip in the name of a field is told, and sets no attribute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from store.errors import ConfigurationError, QueryError
from store.registry.manager import Cache
from store.registry.slips import is_slip


@pytest.mark.parametrize(
    ("slip", "field"),
    [("staus", "status"), ("statsu", "status"), ("labek", "label"), ("fileename", "filename"),
     ("last_raed", "last_read"), ("pined", "pinned"), ("attr", "attrs"), ("Status", "status")],
)  # fmt: skip
def test_a_slip_is_refused_and_named(cache: Cache, slip: str, field: str) -> None:
    """Nothing is changed; an attribute of that name is set where it is meant."""
    item = cache.put("a", b"data")

    with pytest.raises(QueryError, match=f"did you mean '{field}'"):
        item.update(**{slip: "ready", "n": 1})
    with pytest.raises(QueryError, match=slip):
        cache.update("a", update={slip: 1})
    assert item.attrs == {}

    item.update(attrs={slip: 1})
    assert item.attrs == {slip: 1}


def test_other_names_are_attributes(cache: Cache) -> None:
    """As the seed has it: those that hold a field's, and words of their own."""
    names = ("labels", "label2", "xlabel", "stats", "state", "data", "rate", "STATUS", "l", "file")
    item = cache.put("a", b"data")

    item.update(**dict.fromkeys(names, 1))

    assert item.attrs == dict.fromkeys(names, 1)


def test_a_word_is_no_slip_of_itself() -> None:
    """Nor of one two letters away."""
    assert not is_slip("status", "status")
    assert not is_slip("sttaus_", "status")
    assert is_slip("sttaus", "status")


@pytest.mark.parametrize(
    "option",
    [{"durability": "ful"}, {"durability": None}, {"busy_timeout": -1}, {"busy_timeout": "30"},
     {"busy_timeout": float("nan")}, {"max_bytes": "1G"}, {"min_free": True}],
)  # fmt: skip
def test_a_registry_is_not_opened_otherwise_than_it_was_meant(
    root: Path, option: dict[str, Any]
) -> None:
    """What is misspelled would leave files to a power cut, or wait for ever."""
    with pytest.raises(ConfigurationError, match=next(iter(option))):
        Cache(root, **option)

    assert not root.exists()
