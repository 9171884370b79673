"""What a record says comes back from the document that it is kept in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.errors import ArchiveError
from store.releases.cdcs_records import Kept, kept_in, respelled, spelled, standing
from store.releases.curating import DataRecord
from store.releases.mapping import project_of
from store.releases.records import Record, compose

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)

TYPED = (
    '<?a <release ?><!DOCTYPE a [<!ENTITY e "1.0.0">]><release><title>a-v1.0.0</title>'
    "<title_versionless>a</title_versionless><version>&e;</version><record>{}</record></release>"
)


def kept(content: str, number: str = "1") -> Kept:
    """Return the release that a document holds."""
    return kept_in(DataRecord(number, "a", "1", None, content))


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(workflow=PLAIN, reason=st.text(max_size=30))
def test_every_record_comes_back(workflow: Any, reason: str) -> None:
    """Whatever stands in it, and why it was yanked, marked or not."""
    record = compose("a", "1.0.0", project_of({}, ("b",)), more={"workflow": workflow})

    first = kept(spelled(record, repeats="7"))
    marked = kept(respelled(first, yanked=reason))
    cleared = kept(respelled(marked, yanked=None))

    assert (first.repeats, first.yanked, cleared.yanked) == ("7", None, None)
    assert marked.yanked == reason
    for one in (first, marked, cleared):
        found = Record.from_data(one.data())
        assert found.identity == record.identity
        found.check()


def test_a_bare_record_is_read() -> None:
    """JSON in the place of XML, as a server with such a template has it."""
    record = compose("a", "1.0.0", {})

    found = kept(record.to_json())

    assert (found.title, found.digest) == ("a-v1.0.0", record.digest)
    assert Record.from_data(found.data()).identity == record.identity


def test_of_several_the_first_is_the_release() -> None:
    """Unless a later one was published in its place; numbers are counted, not spelled."""
    record = compose("a", "1.0.0", {})
    first, second = kept(spelled(record), "9"), kept(spelled(record), "10")
    third = kept(spelled(record, repeats="9"), "11")
    fourth = kept(spelled(record, repeats="11"), "12")

    assert standing([second, first]) is first
    assert standing([fourth, second, third, first]) is fourth


@pytest.mark.parametrize(
    "content", ["<a", "<!DOCTYPE a><release/>", TYPED, "<release/>", "[]", "<b/>"]
)
def test_a_damaged_document_is_told(content: str) -> None:
    """It is no release."""
    with pytest.raises(ArchiveError):
        kept(content)


def test_other_words_in_the_place_of_a_reason_are_read() -> None:
    """Somebody may have written them by hand."""
    content = spelled(compose("a", "1.0.0", {}))

    for words in ("by hand", "null", "1.0", "[" * 100_000):
        said = content.replace("<record>", f"<yanked>{words}</yanked><record>")
        assert kept(said).yanked == words


def test_a_document_of_two_releases_is_damaged() -> None:
    """What it says of itself, and what its record says, must be one."""
    content = spelled(compose("a", "1.0.0", {}))
    other = spelled(compose("b", "9.0.0", {}))
    inner = re.compile("<record>.*</record>", re.DOTALL)
    mixed = inner.sub(lambda _: inner.findall(other)[0], content)

    with pytest.raises(ArchiveError, match=r"says that it is 'b-v9\.0\.0'"):
        kept(mixed).data()
