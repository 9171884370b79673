"""Keys are stable and faithful; values come back; statuses move by the table."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import QueryError
from store.registry.attributes import attrs_of, rows_of
from store.registry.keys import key_of, legacy_key, name_of
from store.registry.places import ext_of, filename_of
from store.registry.status import Status, status_of, statuses_of
from store.registry.values import canonical, read, write

PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(st.characters()),
        st.binary(),
        st.dates(),
        st.datetimes(),
        st.datetimes(timezones=st.timezones()),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
        st.sets(st.one_of(st.integers(), st.text(max_size=3)), max_size=3),
    ),
    max_leaves=8,
)


@given(PLAIN)
def test_a_value_comes_back(value: Any) -> None:
    """Equal, and of the same type all the way down."""
    kind, text = write(value)

    found = read(kind, text)

    assert found == value
    assert repr(type(found)) == repr(type(value))
    assert canonical(found) == canonical(value)


@pytest.mark.parametrize("kind", ["text", "list", "dict", "set", "tuple"])
@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_no_value_was_written_as_is_refused(kind: str, text: str) -> None:
    """Whatever somebody has put into the database."""
    with pytest.raises(ValueError):  # noqa: PT011 - the decoder's, whatever it says
        read(kind, text)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
        PLAIN,
    )
)
def test_attributes_come_back(attrs: dict[str, Any]) -> None:
    """Whatever is a namespace and whatever is none."""
    rows = sorted((row.space, row.name, row.kind, row.value) for row in rows_of(attrs))

    assert attrs_of(rows) == attrs
    assert len({(space, name) for space, name, _, _ in rows}) == len(rows)


@given(PLAIN, PLAIN)
def test_a_key_stands_for_one_value(one: Any, other: Any) -> None:
    """Two values share a key only where they are equal, of equal types."""
    same = key_of("u", {"x": one}) == key_of("u", {"x": other})

    assert same == (canonical(one) == canonical(other))
    if same:
        assert one == other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"x": 1}, {"x": "1"}),
        ({"x": 1}, {"x": 1.0}),
        ({"x": 1}, {"x": True}),
        ({"x": [1, 2]}, {"x": [2, 1]}),
        ({"x": [1, 2]}, {"x": (1, 2)}),
        ({"a": "b,c=d"}, {"a": "b", "c": "d"}),
        ({"x": None}, {}),
        ({"x": None}, {"x": "None"}),
        ({"x": {}}, {"x": []}),
        ({"x": ""}, {"x": b""}),
        ({"_uri": "u"}, {}),
    ],
)
def test_what_differs_has_another_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    """The original mixed all of these up."""
    assert key_of("u", one) != key_of("u", other)


def test_dictionaries_and_sets_have_no_order() -> None:
    """However they were made."""
    assert key_of("u", {"a": 1, "b": {"c": 1, "d": 2}}) == key_of(
        "u", {"b": {"d": 2, "c": 1}, "a": 1}
    )
    assert key_of("u", {"x": {1, 2, 3, "a"}}) == key_of("u", {"x": {"a", 3, 2, 1}})
    assert key_of("u") == key_of("u", {})


def test_a_key_is_the_same_in_every_process() -> None:
    """Whatever the hash seed, and in the releases to come."""
    params = {"text": "é", "numbers": [1, 2.5, math.inf], "set": {"a", "b", "c"}, "none": None}
    script = f"from store.registry.keys import key_of; from math import inf; print(key_of('u', {params!r}))"
    keys = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert keys == {key_of("u", params)}
    assert key_of("u") == "842db3f3c607f57bd8b952f8765047e30065aa315e7915ed1e732ab3669b7851"


def test_the_callers_objects_are_not_changed() -> None:
    """The original put the URI among them."""
    params = {"x": [1, {"y": 2}]}
    before = copy.deepcopy(params)

    name_of("u", params)
    legacy_key("u", params)

    assert params == before


@pytest.mark.parametrize("value", [object(), [object()], {"a": {1, (object(),)}}, 1j, print])
def test_what_cannot_be_written_down_is_a_type_error(value: object) -> None:
    """So that no key depends on an address in memory."""
    with pytest.raises(TypeError):
        key_of("u", {"x": value})


@pytest.mark.parametrize("uri", [1, b"u", "a\0b", "\ud800"])
def test_a_uri_is_text(uri: Any) -> None:
    """Anything else is refused."""
    with pytest.raises(QueryError):
        key_of(uri)


def test_nothing_names_no_item() -> None:
    """Parameters alone do."""
    with pytest.raises(QueryError):
        key_of(None)
    assert key_of(None, {"x": 1}) == key_of("", {"x": 1})


@pytest.mark.parametrize(
    ("uri", "params", "key"),
    [
        ("foo", None, "31d0e534960b07c0bde745c17b05eaba"),
        ("test_entry", {}, "224eeebf8db5634d8d9b2a31755d4a97"),
    ],
)
def test_the_originals_key_can_be_computed(
    uri: str, params: dict[str, Any] | None, key: str
) -> None:
    """As its own documentation has it."""
    assert legacy_key(uri, params) == key


def test_statuses_are_read_in_three_spellings() -> None:
    """And nothing else."""
    assert {status_of(one) for one in ("ready", "READY", 3, Status.READY)} == {Status.READY}
    assert statuses_of(["ready", -1]) == frozenset({Status.READY, Status.TRASH})
    assert statuses_of(None) is None
    assert Status.from_str("Write") is Status.WRITE
    assert [one.value for one in Status] == [-2, -1, 0, 1, 2, 3]
    for wrong in ("redy", 4, True, 1.0, None):
        with pytest.raises(QueryError):
            status_of(wrong)


@pytest.mark.parametrize(
    ("uri", "given_name", "filename", "ext"),
    [
        ("https://e.org/a/data.tsv?x=1#f", None, "data.tsv", "tsv"),
        ("https://e.org/a/data.tsv.gz?x=a.zip", None, "data.tsv.gz", "tsv.gz"),
        ("https://e.org/a.tar.xz", None, "a.tar.xz", "tar.xz"),
        ("s3://b/v1.2.3/file", None, "file", ""),
        ("a", "report.csv", "report.csv", "csv"),
        ("a", "dir/../evil.sh", "evil.sh", "sh"),
        ("a.tgz", None, "a.tgz", "tgz"),
        ("demo", None, "demo", ""),
        (".bashrc", None, ".bashrc", ""),
        ("x", "archive.TAR.GZ", "archive.TAR.GZ", "TAR.GZ"),
    ],
)
def test_names_and_suffixes_are_understood(
    uri: str, given_name: str | None, filename: str, ext: str
) -> None:
    """Compound suffixes, queries and fragments included."""
    found = filename_of(uri, given_name, "default")

    assert (found, ext_of(found)) == (filename, ext)


def test_a_given_suffix_counts() -> None:
    """Where it can be one."""
    assert ext_of("a.txt", "tar.gz") == "tar.gz"
    assert ext_of("a.txt", ".csv") == "csv"
    assert ext_of("a.txt", "../x") == ""
    assert ext_of("data.csv?download=1#top") == "csv"
