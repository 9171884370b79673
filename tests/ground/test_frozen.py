"""Frozen values: what attrs promises, without its price."""

from __future__ import annotations

import pickle
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.frozen import Frozen, field


class Point(Frozen):
    """A value of a test."""

    axes: ClassVar[int] = 2
    x: int
    y: int = 0
    tags: dict[str, str] = field(factory=dict, shown=False)
    label: str = field(default="here")


class Named(Point):
    """A value that has a field more."""

    name: str


def test_what_is_not_given_is_the_default() -> None:
    """A factory is called anew for each value."""
    first, second = Point(x=1), Point(x=1)

    assert (first.x, first.y, first.label, first.tags) == (1, 0, "here", {})
    assert first.tags is not second.tags
    assert list(Point._fields) == ["x", "y", "tags", "label"]


@pytest.mark.parametrize(
    ("given", "words"), [({}, "Point needs x"), ({"x": 1, "z": 2, "a": 3}, "no field a, z")]
)
def test_what_is_missing_or_unknown_is_refused(given: dict[str, Any], words: str) -> None:
    """As by any function."""
    with pytest.raises(TypeError, match=words):
        Point(**given)


def test_a_value_is_never_changed() -> None:
    """Neither set nor deleted."""
    point = Point(x=1)

    with pytest.raises(AttributeError, match="frozen: x cannot be set"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen: y cannot be deleted"):
        del point.y
    assert point == Point(x=1)


def test_what_is_hidden_stands_in_no_repr() -> None:
    """Nor in the hash; but it counts where two are compared."""
    point = Point(x=1, tags={"token": "s3cret"})

    assert repr(point) == "Point(x=1, y=0, label='here')"
    assert hash(point) == hash(Point(x=1))
    assert point != Point(x=1)


def test_a_subclass_adds_fields() -> None:
    """Those of the base come first; a value of another class is never equal."""
    named = Named(name="a", x=1)

    assert repr(named) == "Named(x=1, y=0, label='here', name='a')"
    assert named != Point(x=1)
    assert Point(x=1).__eq__(named) is NotImplemented


@given(st.integers(), st.integers(), st.text())
def test_copies_keep_what_is_not_changed(x: int, y: int, label: str) -> None:
    """Replaced and put back, pickled and read: the same value, with the same hash."""
    point = Point(x=x, y=y, label=label)

    there = point._replace(y=y + 1)

    assert there == Point(x=x, y=y + 1, label=label) != point
    for same in (there._replace(y=y), pickle.loads(pickle.dumps(point))):
        assert same == point
        assert hash(same) == hash(point)
    with pytest.raises(TypeError, match="no field z"):
        point._replace(z=1)
