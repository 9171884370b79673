"""What is put together for thousands says what the standard library's JSON would."""

from __future__ import annotations

import json
import string

from hypothesis import given
from hypothesis import strategies as st

from store.cache.backends.base import NEVER, CachedResource
from store.cache.backends.codec import decode, encode, plain_entry
from store.cache.records import Known, Record, spelled, spelled_first
from store.integrity.digest import Digest
from store.integrity.stamp import Stamp

numbers = st.integers(0, 1 << 64)
digests = st.text(string.hexdigits.lower(), min_size=64, max_size=64)


@given(
    digest=st.builds(Digest, st.just("sha256"), digests),
    stamp=st.builds(Stamp, st.text(), numbers, numbers, numbers, numbers, numbers),
    name=st.text(),
    added=st.floats(allow_nan=False, allow_infinity=False),
    durable=st.booleans(),
)
def test_the_record_of_one_file_is_spelled_as_any(
    digest: Digest, stamp: Stamp, name: str, *, added: float, durable: bool
) -> None:
    """To the letter, whatever the file's name."""
    record = Record(frozenset({digest}), stamp.size, added, {name: Known(stamp, durable)})

    text = spelled_first(digest, stamp, name, added=added, durable=durable)

    assert text == spelled(record)
    assert "\n" not in text


@given(st.text(), st.text())
def test_a_plain_entry_is_what_any_entry_is(uid: str, name: str) -> None:
    """In the same letters as the usual one, where there is a plain one."""
    path = f"/root/{name}"
    text = plain_entry(uid, path, "/root")

    assert text is None or text == encode(uid, CachedResource(uid, path), NEVER, "/root")
    assert text is None or decode(text, uid, 0.0, "/root") == CachedResource(uid, path)


@given(st.text(string.printable), st.text(string.ascii_letters, min_size=1))
def test_what_is_ascii_within_the_root_is_plain(uid: str, name: str) -> None:
    """And in one line, whatever the uid holds."""
    text = plain_entry(uid, f"/root/{name}", "/root")

    assert text is not None
    assert json.loads(text)["uid"] == uid
    assert "\n" not in text


def test_what_lies_elsewhere_is_not_plain() -> None:
    """Beside the root, in no place, or at two slashes."""
    assert plain_entry("uid", "/rooted/name", "/root") is None
    assert plain_entry("uid", "/root/", "/root") is None
    assert plain_entry("uid", "/root//name", "/root") is None
