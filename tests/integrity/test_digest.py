"""Digests are read from any usual spelling, or refused."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import DigestError
from store.integrity.digest import (
    SIZES,
    STRENGTH,
    WEAK,
    Digest,
    Digests,
    DigestsLike,
    digests_from,
    new_hasher,
)

DIGESTS = st.sampled_from(sorted(SIZES)).flatmap(
    lambda name: st.binary(min_size=SIZES[name], max_size=SIZES[name]).map(
        lambda raw: Digest(name, raw.hex())
    )
)
SPELLINGS: list[Callable[[Digest], str]] = [
    str,
    lambda one: one.sri,
    lambda one: f"{one.algorithm}={one.hex}",
    lambda one: f"{one.algorithm.upper()}:{one.hex.upper()}",
    lambda one: f"  {one}\n",
    lambda one: one.sri.replace(one.algorithm, one.algorithm.upper(), 1),
]
STRONG = "sha256:" + "0" * 64


@given(DIGESTS, st.sampled_from(SPELLINGS))
def test_every_spelling_is_read_back(digest: Digest, spelling: Callable[[Digest], str]) -> None:
    """What a digest is written as, it is read from."""
    assert Digest.parse(spelling(digest), allow_weak=True) == digest


@given(st.binary(max_size=100), st.sampled_from(["md5", "sha1", "sha256", "sha384", "sha512"]))
def test_digests_are_those_that_hashlib_computes(data: bytes, algorithm: str) -> None:
    """In hexadecimal, and in SRI's base64."""
    raw = hashlib.new(algorithm, data).digest()

    digest = Digest.parse(f"{algorithm}:{raw.hex()}", allow_weak=True)

    assert digest.hex == raw.hex()
    assert digest.sri == f"{algorithm}-{base64.b64encode(raw).decode()}"
    assert str(digest) == f"{algorithm}:{raw.hex()}"


@given(st.text())
def test_any_text_is_a_digest_or_a_digest_error(text: str) -> None:
    """No other exception, and the error carries the text."""
    refusal = None
    try:
        digest = Digest.parse(text, allow_weak=True)
    except DigestError as error:
        refusal = error

    if refusal is None:
        assert Digest.parse(str(digest), allow_weak=True) == digest
    else:
        assert refusal.digest == text.strip()
        assert refusal.exit_status == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no digest: write it as"),
        ("sha256", "is no digest: write it as"),
        ("sha256:", "is no digest: write it as"),
        ("sha256:xyz", "is no digest: write it as"),
        ("SHA1:xyz", "write it as 'sha1:<40 hexadecimal digits>' or 'sha1-<base64>'"),
        ("sha512=", "write it as 'sha512:<128 hexadecimal digits>'"),
        ("sha256:" + "0" * 63, r"sha256 has 64 hexadecimal digits \(32 bytes\), not 63"),
        ("sha256:" + "0" * 66, "not 66"),
        ("sha256-" + base64.b64encode(bytes(31)).decode(), "not 62"),
        ("sha256-" + base64.b64encode(bytes(32)).decode()[:-1], "base64 is damaged"),
        ("sha256-" + base64.b64encode(bytes(32)).decode() + "=", "base64 is damaged"),
        ("sha256-!" + base64.b64encode(bytes(32)).decode()[1:], "base64 is damaged"),
        ("sha256-\u00e9", "base64 is damaged"),
        ("crc32:00000000", "'crc32' is no digest algorithm: known are md5, sha1, sha256"),
        (":" + "0" * 64, "is no digest algorithm"),
        ("0" * 40, "is no digest: write it as"),
        ("\u0660" * 64, "is no digest: write it as"),
        ("sha256:" + "0" * 64 + "\n0", "is no digest: write it as"),
    ],
)
def test_malformed_digests_are_refused_in_words(text: str, words: str) -> None:
    """The error says what is wrong and how a digest is written."""
    with pytest.raises(DigestError, match=words) as caught:
        Digest.parse(text)

    assert caught.value.digest == text


def test_an_error_does_not_repeat_a_book() -> None:
    """A million characters are shown by their beginning."""
    with pytest.raises(DigestError) as caught:
        Digest.parse("x" * 1_000_000)

    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("value", [7, b"sha256:00", None])
def test_what_is_no_text_is_no_digest(value: Any) -> None:
    """A typed error, where others would raise a TypeError."""
    with pytest.raises(DigestError, match="a digest is text"):
        Digest.parse(value)


def test_hexadecimal_alone_is_taken_by_its_length() -> None:
    """64, 96 and 128 digits are of the SHA-2 family."""
    found = [Digest.parse("Ab" * half).algorithm for half in (32, 48, 64)]

    assert found == ["sha256", "sha384", "sha512"]


@pytest.mark.parametrize("algorithm", sorted(WEAK))
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_weak_digests_are_refused_unless_they_are_allowed(
    algorithm: str, spelling: Callable[[Digest], str]
) -> None:
    """In every spelling, alone and among strong ones."""
    digest = Digest(algorithm, "0" * 2 * SIZES[algorithm])

    with pytest.raises(DigestError, match="too weak"):
        Digest.parse(spelling(digest))
    with pytest.raises(DigestError, match="set allow_weak"):
        digests_from([STRONG, digest])

    assert digest.weak
    assert not Digest.parse(STRONG).weak
    assert Digest.parse(spelling(digest), allow_weak=True) == digest


@given(st.lists(DIGESTS, unique_by=lambda one: one.algorithm), st.randoms())
def test_several_digests_come_strongest_first(digests: list[Digest], chance: Any) -> None:
    """The same for every order and every form that they are given in."""
    wanted: Digests = tuple(sorted(digests, key=lambda one: -STRENGTH.index(one.algorithm)))
    shuffled = list(digests)
    chance.shuffle(shuffled)

    forms: list[DigestsLike] = [
        shuffled,
        [str(one) for one in shuffled],
        (one.sri for one in shuffled),
        dict(shuffled),
        [*shuffled, *shuffled],
    ]

    assert [digests_from(form, allow_weak=True) for form in forms] == [wanted] * 5


def test_one_digest_or_none_is_fine_too() -> None:
    """A lone text, a lone digest, and nothing."""
    digest = Digest.parse(STRONG)

    assert digests_from(STRONG) == digests_from(digest) == (digest,)
    assert digests_from(None) == digests_from([]) == digests_from({}) == ()


def test_two_digests_of_one_algorithm_must_agree() -> None:
    """Which is right nobody can say."""
    with pytest.raises(DigestError, match="two sha256 digests disagree"):
        digests_from([STRONG, "sha256:" + "1" * 64])


@pytest.mark.parametrize(
    "value", ["", "nothing", 7, [7], {"sha256": None}, {"": "0" * 64}, b"x", Digest("sha256", "z")]
)
def test_what_are_no_digests_is_a_digest_error(value: Any) -> None:
    """A digest made by hand is looked at as well."""
    with pytest.raises(DigestError):
        digests_from(value)


@pytest.mark.parametrize("algorithm", sorted(SIZES))
def test_every_algorithm_can_be_computed(algorithm: str) -> None:
    """And gives a digest of its size."""
    hasher = new_hasher(algorithm)
    hasher.update(b"data")

    assert len(hasher.hexdigest()) == 2 * SIZES[algorithm]
    assert sorted(STRENGTH) == sorted(SIZES)


@pytest.mark.parametrize("algorithm", ["", "crc32", "SHA256", "shake_128"])
def test_an_unknown_algorithm_is_a_digest_error(algorithm: str) -> None:
    """One that hashlib has but we do not, too."""
    with pytest.raises(DigestError, match="known are") as caught:
        new_hasher(algorithm)

    assert caught.value.digest == algorithm


def test_blake3_without_its_package_is_a_digest_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """That says what to install; to read and compare such a digest needs no package."""
    monkeypatch.setitem(sys.modules, "blake3", cast("Any", None))

    with pytest.raises(DigestError, match=r"pip install 'pluggable-store\[blake3\]'"):
        new_hasher("blake3")

    assert Digest.parse("blake3:" + "0" * 64).algorithm == "blake3"


def test_an_algorithm_that_the_machine_forbids_is_a_digest_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As hardened systems forbid MD5."""

    def forbid(**options: bool) -> None:
        raise ValueError(options)

    monkeypatch.setattr(hashlib, "md5", forbid)

    with pytest.raises(DigestError, match="md5 is not to be had"):
        new_hasher("md5")
