"""Strategies give what they say."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.fetching.locator import parse_locator
from store.files.names import derived_name, safe_name
from store.integrity.digest import WEAK, Digest
from store.records import CachedResource
from store.testing import strategies
from store.testing.fakes import FakeCache

few = settings(max_examples=50)


@few
@given(strategies.uids(), strategies.cached_resources(), strategies.json_values())
def test_uids_and_values_fit_a_cache(uid: str, resource: CachedResource, value: Any) -> None:
    """Any uid and any plain data can be remembered."""
    cache = FakeCache()

    assert cache.set(uid, {"value": value})
    assert cache.get(uid) == {"value": value}
    assert cache.set(uid, resource)
    assert cache.get(uid) == resource
    assert len(derived_name(uid)) == 64


@few
@given(st.data(), strategies.digests())
def test_digests_are_read_in_every_spelling(data: st.DataObject, digest: Digest) -> None:
    """A digest comes back from each way to write it, and is strong."""
    spelling = data.draw(strategies.digest_spellings(digest))

    assert Digest.parse(spelling) == digest
    assert digest.algorithm not in WEAK


@few
@given(strategies.digests(weak=True))
def test_weak_digests_come_where_they_are_asked_for(digest: Digest) -> None:
    """Weak digests are well-formed too."""
    assert Digest.parse(str(digest), allow_weak=True) == digest


@few
@given(strategies.names(), strategies.plain_names())
def test_names_can_be_made_safe(name: str, plain: str) -> None:
    """A hostile name becomes a plain one, and a plain name stays."""
    assert "/" not in safe_name(name)
    assert safe_name(plain) == plain


@few
@given(strategies.locators())
def test_locators_can_be_read(locator: str) -> None:
    """Every locator names a driver and a query."""
    found = parse_locator(locator)

    assert found.driver in {"http", "file", "pypi"}
    assert found.query


@few
@given(strategies.json_values())
def test_values_are_plain_data(value: Any) -> None:
    """JSON gives the same back."""
    assert json.loads(json.dumps(value)) == value


@few
@given(strategies.resources())
def test_resources_have_their_digest(resource: tuple[str, bytes, Digest]) -> None:
    """The digest is that of the content."""
    _, content, digest = resource

    assert digest.hex == hashlib.sha256(content).hexdigest()
