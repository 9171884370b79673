"""Addresses of objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import LocatorError
from store.transports.objects.addresses import ObjectAddress


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://b", ObjectAddress("s3", "b")),
        ("S3://b/", ObjectAddress("s3", "b")),
        ("gs://b.c/k/../x//", ObjectAddress("gs", "b.c", "k/../x//")),
        ("az://b/a%20b%3Fc%25", ObjectAddress("az", "b", "a b?c%")),
        ("s3://b/k?versionId=a%2Fb", ObjectAddress("s3", "b", "k", "a/b")),
        ("bucket:lab/k:l@m", ObjectAddress("bucket", "lab", "k:l@m")),
        ("bucket://lab/k", ObjectAddress("bucket", "lab", "k")),
    ],
)
def test_an_address_is_taken_apart(text: str, address: ObjectAddress) -> None:
    """A key is no path: nothing in it is resolved."""
    assert ObjectAddress.parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3:b/k",
        "s3://",
        "s3:///k",
        "s3://u:p@b/k",
        "s3://b/k?v=1",
        "s3://b/k?versionId=",
        "x://b",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """With the way to write it."""
    with pytest.raises(LocatorError):
        ObjectAddress.parse(text)


def test_a_key_that_is_no_text_is_refused() -> None:
    """It cannot be shown, nor be meant."""
    with pytest.raises(LocatorError, match="UTF-8"):
        ObjectAddress.parse("s3://b/%ff")


@given(
    st.builds(
        ObjectAddress,
        st.sampled_from(["s3", "gs", "az", "bucket"]),
        st.from_regex(r"[a-z0-9][a-z0-9.-]{0,20}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    )
)
def test_spelled_and_read_again_it_is_the_same(address: ObjectAddress) -> None:
    """Whatever the key and the version hold."""
    text = str(address)

    assert ObjectAddress.parse(text) == address
    assert text.isprintable()
