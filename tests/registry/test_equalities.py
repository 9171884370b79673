"""Equal attributes are found the same by either statement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from store.registry.equalities import entries_of, equalities_of, ids_of
from store.registry.filtering import filters_of
from store.registry.manager import Cache
from store.registry.query import select

VALUES = st.sampled_from(["a", "b", "1", "", 0, 1, 1.0, 2.5, "x" * 119])
ATTRS = st.dictionaries(st.sampled_from(["n", "m", "k"]), VALUES, min_size=1, max_size=3)


@pytest.mark.parametrize("term", [True, None, b"x", "x" * 120, 2**53, [1], {"a": 1, "b": [1]}])
def test_what_the_index_does_not_have_in_full_goes_the_usual_way(term: Any) -> None:
    """So does whatever asks for more than attributes."""
    assert equalities_of(filters_of({"attrs": {"n": ("=", term)}})) is None
    assert equalities_of(filters_of({"attrs": {"n": 1}, "label": "x"})) is None
    assert equalities_of(filters_of({})) is None


@given(made=st.lists(ATTRS, min_size=1, max_size=4), asked=ATTRS)
@settings(max_examples=25, deadline=None)
def test_both_find_the_same(
    made: list[dict[str, Any]], asked: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the values, one and several terms, with what was removed left out."""
    directory: Path = tmp_path_factory.mktemp("registry")
    with Cache(directory, durability="relaxed") as cache:
        for attrs in made:
            cache.create("a", attrs=attrs)
        cache.create("b", attrs=made[0]).remove()
        filters = filters_of({"attrs": asked})
        terms = equalities_of(filters)
        assert terms is not None

        def both(connection: sa.Connection) -> None:
            usual = select(filters, cache.database, connection)
            rows = [tuple(row) for row in connection.execute(usual)]
            assert [tuple(one) for one in entries_of(connection, terms)] == rows
            assert ids_of(connection, terms) == {row[0] for row in rows}

        cache.database.read(both)
