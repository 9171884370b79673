"""Every line of a list says what it is, and what cannot be read is told with its place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import DigestError, LocatorError, StoreError
from store.fetching.list_lines import Line, read_lines
from store.integrity.digest import SIZES, Digest

A = "a" * 64
B = "b" * 128
SHA256 = Digest("sha256", A)

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1
).filter(lambda name: name.strip() == name)

DIGESTS = st.sampled_from(
    [(name, size) for name, size in SIZES.items() if name != "blake3"]
).flatmap(
    lambda one: st.binary(min_size=one[1], max_size=one[1]).map(
        lambda value: Digest(one[0], value.hex())
    )
)


def read(text: str, algorithm: str = "sha256") -> list[Line]:
    """Read a list that is called LIST."""
    return list(read_lines(text, source="LIST", algorithm=algorithm))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pypi:six==1.17.0", Line(1, "locator", "pypi:six==1.17.0")),
        ("https://h/a#sha256=" + A, Line(1, "locator", "https://h/a#sha256=" + A)),
        ("./a.txt", Line(1, "locator", "./a.txt")),
        ("~/a.txt  # mine", Line(1, "locator", "~/a.txt")),
        ("a.txt", Line(1, "either", "a.txt")),
        ("./it's.txt", Line(1, "locator", "./it's.txt")),
        ('"./a b.txt"', Line(1, "locator", "./a b.txt")),
        (f"https://h/a sha256:{A}", Line(1, "locator", "https://h/a", SHA256)),
        (f"https://h/a\t{A.upper()}", Line(1, "locator", "https://h/a", SHA256)),
        (f"{A}  a.txt", Line(1, "name", "a.txt", SHA256)),
        (f"{A} *a.txt", Line(1, "name", "a.txt", SHA256)),
        (f"{A} a.txt", Line(1, "name", "a.txt", SHA256)),
        (f"{A}\ta b.txt", Line(1, "name", "a b.txt", SHA256)),
        (f"{A}   a.txt", Line(1, "name", " a.txt", SHA256)),
        (rf"\SHA256 (a\\b\n.txt) = {A}", Line(1, "name", "a\\b\n.txt", SHA256)),
        (rf"\{A}  a\\b\n.txt", Line(1, "name", "a\\b\n.txt", SHA256)),
        (f"SHA256 (a (1).txt) = {A}", Line(1, "name", "a (1).txt", SHA256)),
        (f"SHA2-256(a.txt)= {A}", Line(1, "name", "a.txt", SHA256)),
        (f"BLAKE2b-512 (a) = {B}", Line(1, "name", "a", Digest("blake2b", B))),
        (f"a.txt {A}", Line(1, "name", "a.txt", SHA256)),
        (f"a.txt sha256:{A}", Line(1, "name", "a.txt", SHA256)),
        (f"'a b.txt' {A}", Line(1, "name", "a b.txt", SHA256)),
        (rf"a\ b.txt {A}", Line(1, "name", "a b.txt", SHA256)),
        (f"a.txt {A} https://h/x", Line(1, "name", "a.txt", SHA256, "https://h/x")),
        (f"a.txt md5:{'c' * 32}", Line(1, "name", "a.txt", Digest("md5", "c" * 32))),
    ],
)
def test_a_line_says_what_it_is(line: str, expected: Line) -> None:
    """The formats are told apart by the line alone."""
    assert read(line) == [expected]
    assert read(f"# first\r\n\r\n{line}\r\n") == [expected._replace(number=3)]


@pytest.mark.parametrize("name", sorted(SIZES))
def test_a_bare_number_is_told_by_its_length(name: str) -> None:
    """Where two algorithms are as long, the list's own name decides."""
    digits = "0" * (2 * SIZES[name])

    assert read(f"{digits}  a", name)[0].digest == Digest(name, digits)


@given(NAMES, DIGESTS)
def test_what_the_tools_print_is_read(name: str, digest: Digest) -> None:
    """Whatever a file is called, both spellings give its name and its digest."""
    tagged = f"{digest.algorithm.upper()} ({name}) = {digest.hex}"
    summed = f"{digest.hex}  {name}"

    assert read(tagged) == [Line(1, "name", name, digest)]
    assert read(summed, digest.algorithm) == [Line(1, "name", name, digest)]


@given(st.text() | st.text(alphabet="abcdef0123456789 =()*#\\'\":./\n"))
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    """Nothing else is raised, and every message names the place."""
    try:
        numbers = [line.number for line in read(text)]
    except (LocatorError, DigestError) as error:
        message = str(error)
    else:
        assert numbers == sorted(set(numbers))
        return
    assert re.match(r"LIST:\d+: ", message)


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        ("one two", LocatorError, "a line is LOCATOR [DIGEST]"),
        (f"a {A} b", LocatorError, "a line is LOCATOR [DIGEST]"),
        (f"a {A} https://h/a b", LocatorError, "a line is LOCATOR [DIGEST]"),
        (f"'a {A}", LocatorError, "put quotes around"),
        ("'' # x", LocatorError, "a line is"),
        ("a sha256:12", DigestError, "64 hexadecimal digits"),
        (f"{'0' * 56}  a", DigestError, "56 hexadecimal digits are no digest"),
        (f"SHA224 (a) = {'0' * 56}", DigestError, "SHA224"),
        (f"SHA256 (a) = {'0' * 60}", DigestError, "64 hexadecimal digits"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    line: str, kind: type[StoreError], said: str
) -> None:
    """The list, the number of the line, and the forms there are."""
    with pytest.raises(kind, match=r"^LIST:2: ") as raised:
        read(f"pypi:six\n{line}\n")

    assert said in str(raised.value)


def test_the_armour_of_a_signature_is_passed_over() -> None:
    """What a clear-signed list says stands between its heading and its signature (RFC 9580)."""
    text = f"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

# a.iso: 3 bytes
- --a.iso {A}
SHA256 (b.iso) = {A}
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCAAdFiEE
-----END PGP SIGNATURE-----
"""

    assert [line.what for line in read(text)] == ["--a.iso", "b.iso"]


def test_a_byte_order_mark_is_no_part_of_a_line() -> None:
    """Editors of other systems write one."""
    assert read("\ufeffpypi:six")[0].what == "pypi:six"
