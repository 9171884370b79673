"""Lists name resources; what is unsafe, weak or contradictory in them is refused with its place."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import store
from store.errors import (
    DigestError,
    LocatorError,
    RefusedError,
    StorageError,
    StoreError,
    UnsafeNameError,
)
from store.fetching.lists import decoded, directory_of, listed, read_list, refuse_collisions
from store.fetching.locator import Listed
from store.testing.servers import Server

A, B = "a" * 64, "b" * 64
MD5 = "c" * 32
PIN = f"sha256:{A}"


def hexed(data: bytes) -> str:
    """Return a SHA-256 digest."""
    return hashlib.sha256(data).hexdigest()


def test_a_list_is_fetched_as_its_names_say(server: Server, tmp_path: Path) -> None:
    """Names lie below the base, and below ``dest`` with their directories."""
    contents = {"one.bin": b"one", "sub/two two.bin": b"two"}
    for name, data in contents.items():
        server.serve(f"/data/{name.replace(' ', '%20')}", data)
    sums = tmp_path / "SHA256SUMS"
    sums.write_text("".join(f"{hexed(data)}  ./{name}\n" for name, data in contents.items()))

    paths = store.fetch_many(read_list(sums, base=f"{server.url}/data"), dest="out")

    assert paths == [Path("out").absolute() / name for name in contents]
    assert [path.read_bytes() for path in paths] == list(contents.values())


def test_a_list_says_where_each_is(tmp_path: Path) -> None:
    """Locators stay as they are; names get the base, an address of their own, or a directory."""
    text = (
        f"pypi:six\nhttps://h/a {A}\nb.txt {A}\nc.txt {A} https://other/c?k=v\nd e.txt\n".replace(
            "d e.txt", "'d e.txt'"
        )
    )

    there = listed(text, source="LIST", base="https://h/dir/?sig=1#x")
    here = listed(f"b.txt {A}\n/etc/hosts\n", source="LIST", base="sub/dir")

    assert [(one.locator, one.digests, one.name, one.where) for one in there] == [
        ("pypi:six", (), None, "LIST:1"),
        ("https://h/a", (PIN,), None, "LIST:2"),
        ("https://h/dir/b.txt?sig=1", (PIN,), "b.txt", "LIST:3"),
        ("https://other/c?k=v", (PIN,), "c.txt", "LIST:4"),
        ("https://h/dir/d%20e.txt?sig=1", (), "d e.txt", "LIST:5"),
    ]
    assert [one.locator for one in here] == ["./sub/dir/b.txt", "/etc/hosts"]
    assert listed("a.txt", source="LIST", base=str(tmp_path))[0].locator == f"{tmp_path}/a.txt"
    assert listed("a.txt", source="LIST")[0].locator == "a.txt"


def test_a_locator_is_spelled_with_its_digests_where_it_holds_no_secret() -> None:
    """What is shown can be fetched again, and tells no secret."""
    plain = Listed("https://h/a#sha512=" + 2 * B, (PIN,))
    secret = Listed("https://me:hidden@h/a?token=hidden", (PIN,))

    assert str(plain) == f"https://h/a#sha512={2 * B}&sha256={A}"
    assert str(Listed("./a#1.txt")) == "./a#1.txt"
    assert str(Listed("./a#sha256=12")) == "./a#sha256=12"
    assert str(secret) == "https://h/a"
    assert str(Listed(f"https://h/a#sha256={A}!b/c")) == f"https://h/a#sha256={A}!b/c"
    assert str(Listed("https://h/a#sha256=12!b/c")) == "https://h/a!b/c"
    assert str(Listed(f"https://me:hidden@h/a?t=hidden#sha256={A}!b")) == "https://h/a!b"
    assert str(Listed(f"https://me:hidden@h/a?t=hidden#sha256={A}!../b")) == "https://h/a"
    assert "hidden" not in repr(secret)


def test_lines_that_speak_of_one_name_are_one() -> None:
    """A list may give several digests of a name, a weak one beside a strong one, too."""
    text = f"MD5 (a) = {MD5}\nSHA256 (a) = {A}\nSHA512 (a) = {2 * B}\nSHA256 (a) = {A}\n"

    (one,) = listed(text, source="LIST", base="https://h")

    assert one.digests == (f"sha512:{2 * B}", PIN)


def test_lines_that_disagree_are_refused() -> None:
    """Both are named."""
    with pytest.raises(DigestError, match="LIST:1 and LIST:3 disagree of a"):
        listed(f"{A}  a\n{A}  b\n{B}  a\n", source="LIST", base="https://h")


def test_weak_digests_alone_are_refused_unless_allowed() -> None:
    """The message says what to do."""
    text = f"a.txt md5:{MD5}\n"

    with pytest.raises(DigestError, match=r"LIST:1: md5 is too weak .* a.txt is: .*allow_weak"):
        listed(text, source="LIST", base="https://h")
    (one,) = listed(text, source="LIST", base="https://h", allow_weak=True)
    assert one.digests == (f"md5:{MD5}",)


def test_what_only_a_weak_digest_is_known_of_can_be_fetched_where_it_is_allowed(
    server: Server, house: Path
) -> None:
    """The list's reader and the driver must both be told; the driver alone refuses, too."""
    server.serve("/a.txt", b"hello")
    digest = hashlib.md5(b"hello", usedforsecurity=False).hexdigest()
    (one,) = listed(f"a.txt md5:{digest}\n", source="LIST", base=server.url, allow_weak=True)

    with pytest.raises(DigestError):
        store.fetch(one)
    (house.parent / "config.toml").write_text("[driver.http]\nallow_weak = true\n")
    with store.Fetcher() as fetcher:
        assert fetcher.fetch(one).path.read_bytes() == b"hello"


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a/../b", "a//b", ".", "a\\b", "a/", "a\u202eb", "x" * 300, "a\tb"]
)
def test_an_unsafe_name_is_refused(name: str) -> None:
    """Before anything is fetched; the message names the line."""
    with pytest.raises(UnsafeNameError, match=r"^LIST:1: the name"):
        listed(f"{A}  {name}\n", source="LIST", base="https://h")


@given(st.text(max_size=20), st.sampled_from(["https://h/d", "https://h/d/?q=1"]))
def test_a_name_never_leads_out_of_its_base(name: str, base: str) -> None:
    """It lies below, or is refused with an error of ours."""
    try:
        entries = listed(f"{A}  {name}\n", source="LIST", base=base)
    except StoreError:
        return
    for one in entries:
        assert one.locator.startswith("https://h/d/")
        assert "/../" not in one.locator
        assert one.name is not None
        assert not one.name.startswith("/")


def test_a_name_without_a_base_is_told_with_the_way_out() -> None:
    """Either a base, or a path."""
    with pytest.raises(LocatorError, match=r"give --base URL \(base=…\), or write ./a.txt"):
        listed(f"{A}  a.txt\n", source="LIST")


@pytest.mark.parametrize("locator", ["/etc/passwd", "file:///etc/passwd", "a.txt", "~/x"])
def test_a_list_from_elsewhere_names_no_files_of_this_machine(locator: str) -> None:
    """Whoever wrote it has no business here."""
    with pytest.raises(RefusedError, match="LIST:1: a list from elsewhere"):
        listed(f"{locator}\n", source="LIST", foreign=True)


def test_two_of_one_name_are_refused_before_they_are_placed() -> None:
    """Both places are named; the same resource twice is no conflict."""
    one = Listed("https://h/a", (PIN,), "a", "X:1")

    refuse_collisions([one, one, Listed("https://h/a"), Listed("https://h/a")])
    with pytest.raises(RefusedError, match="X:1 and Y:2 both name a:"):
        refuse_collisions([one, Listed("https://g/a", (PIN,), "a", "Y:2")])


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("SHA512SUMS", "sha512"),
        ("B2SUMS", "blake2b"),
        ("https://h/x.b2?k=v", "blake2b"),
        ("a-blake2b.txt", "blake2b"),
        ("B3SUMS", "blake3"),
        ("ab2c", "sha512"),
    ],
)
def test_the_name_of_a_list_tells_its_digests(name: str, algorithm: str) -> None:
    """Where two algorithms are equally long."""
    digits = 64 if algorithm == "blake3" else 128

    (one,) = listed(f"{'0' * digits}  a\n", source=name, base="https://h")

    assert one.digests == (f"{algorithm}:{'0' * digits}",)


def test_a_text_is_read_like_a_file(tmp_path: Path) -> None:
    """A text has a new line; all else is a path."""
    path = tmp_path / "list.txt"
    path.write_text("pypi:six\n")

    assert [one.locator for one in store.read_list("pypi:six\n")] == ["pypi:six"]
    assert [one.locator for one in store.read_list(str(path))] == ["pypi:six"]
    with pytest.raises(StorageError, match="the list pypi:six cannot be read"):
        store.read_list("pypi:six")
    with pytest.raises(
        LocatorError, match=r"the list https://h/S lies elsewhere: read_list\(store"
    ):
        store.read_list("https://me:hidden@h/S?x=hidden")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a\nb\xff\n", "LIST:2: it is no text in UTF-8"),
        ("pypi:six\n".encode("utf-16"), "LIST:1: it is no text in UTF-8"),
        (b"a\0b", "LIST is no list: it holds a NUL"),
        (b"a" * ((64 << 20) + 1), "LIST is no list: it has more than 64 MiB"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, said: str) -> None:
    """With the line, where there is one."""
    with pytest.raises(LocatorError, match=said):
        decoded(data, "LIST")


def test_the_names_in_a_list_begin_where_it_lies() -> None:
    """Its own query and fragment are none of theirs."""
    assert directory_of("https://h/a/SHA256SUMS?x=y#sha256=z") == "https://h/a/"
    assert directory_of("https://h/SHA256SUMS") == "https://h/"


def test_a_lone_entry_is_no_list(server: Server) -> None:
    """`fetch` takes it; `fetch_many` wants a list of them."""
    entry = Listed(server.serve("/a", b"a"), (f"sha256:{hexed(b'a')}",))

    assert store.fetch(entry).read_bytes() == b"a"
    assert store.resolve(entry).digests == (f"sha256:{hexed(b'a')}",)
    with pytest.raises(store.QueryError, match="list"):
        store.fetch_many(entry)  # type: ignore[arg-type]


def test_a_name_below_dest_passes_through_no_link(server: Server, tmp_path: Path) -> None:
    """What lies in the directory cannot lead the file elsewhere."""
    entry = Listed(server.serve("/a", b"a"), (f"sha256:{hexed(b'a')}",), "sub/a")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path)

    with pytest.raises(UnsafeNameError, match="is a link"):
        store.fetch(entry, dest=tmp_path / "out")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://h/a#sha256={0} {1}", "LIST:1 contradicts itself"),
        (
            "https://h/a#sha256={0}\nhttps://h/b\nhttps://h/a#sha256={1}",
            "LIST:1 and LIST:3 disagree",
        ),
        ("https://h/a {0}\nhttps://h/a {1}", "LIST:1 and LIST:2 disagree"),
    ],
)
def test_locators_that_disagree_are_refused(text: str, told: str) -> None:
    """Before anything is fetched, with the list and the lines."""
    with pytest.raises(DigestError, match=told):
        listed(text.format("0" * 64, "1" * 64), source="LIST")


def test_locators_that_agree_stay_as_they_are() -> None:
    """Also where one line has the pin and the other has none."""
    text = f"https://h/a#sha256={'0' * 64} {'0' * 64}\nhttps://h/a\nhttps://h/a {'0' * 64}"

    assert len(listed(text, source="LIST")) == 3


def test_a_list_from_elsewhere_does_not_reach_the_registry() -> None:
    """It is this machine's."""
    with pytest.raises(RefusedError, match="on this machine"):
        listed("registry:where=a", source="LIST", foreign=True)
