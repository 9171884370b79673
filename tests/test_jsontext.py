"""JSON is read as the standard library reads it, but never too deep."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import jsontext

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN)
def test_what_is_plain_is_read_as_by_the_standard_library(value: object) -> None:
    """As text and as bytes."""
    text = json.dumps(value)

    assert jsontext.loads(text) == jsontext.loads(text.encode()) == value


@pytest.mark.parametrize("deep", ["[" * 5000, '{"a":' * 5000, "[[]," * 5000, "[" * 201 + "]" * 201])
def test_what_is_nested_too_deeply_is_refused(deep: str) -> None:
    """Before the decoder recurses: nothing runs at the interpreter's limit."""
    with pytest.raises(ValueError, match="more than 200 levels"):
        jsontext.loads(deep)


@pytest.mark.parametrize(
    "value",
    [
        json.loads("[" * 200 + "]" * 200),
        [[] for _ in range(1000)],
        ["[" * 1000],
        [{"name": f"a[{number}"} for number in range(500)],
        ['\\"[' * 300, {}],
    ],
    ids=["deep enough", "wide", "brackets in a text", "odd names", "escapes"],
)
def test_brackets_in_texts_and_side_by_side_do_not_count(value: object) -> None:
    """However many there are."""
    assert jsontext.loads(json.dumps(value)) == value


def test_what_is_no_text_at_all_is_the_decoders_matter() -> None:
    """With the error that the standard library gives."""
    with pytest.raises(ValueError, match="utf-8"):
        jsontext.loads(b"\xff\xff")
    with pytest.raises(ValueError, match="Expecting value"):
        jsontext.loads("\udcff")


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_json_does_not_have_may_be_refused(name: str) -> None:
    """They are numbers else, as the standard library has it."""

    def refuse(found: str) -> None:
        raise ValueError(found)

    assert isinstance(jsontext.loads(name), float)
    with pytest.raises(ValueError, match=f"^{name}$"):
        jsontext.loads(name, parse_constant=refuse)
