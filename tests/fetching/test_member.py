"""What stands behind a ``!`` is a member, where it can be nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import LocatorError
from store.fetching.locator import parse_locator
from store.fetching.member import split_member
from store.integrity.digest import Digest

SHA = "ab" * 32
PIN = f"#sha256={SHA}"


@pytest.mark.parametrize(
    ("text", "archive", "member"),
    [
        (f"https://host/x.tar.gz{PIN}!pkg/data.txt", f"https://host/x.tar.gz{PIN}", "pkg/data.txt"),
        (f"https://host/x.zip!a/b.txt{PIN}", f"https://host/x.zip{PIN}", "a/b.txt"),
        ("https://host/x.zip!/a/b.txt", "https://host/x.zip", "a/b.txt"),
        ("https://host/x.zip?token=1!a", "https://host/x.zip?token=1", "a"),
        ("https://host/get?file=x.zip!a", "https://host/get?file=x.zip", "a"),
        (f"https://host/get?id=3{PIN}!a", f"https://host/get?id=3{PIN}", "a"),
        (f"https://host/x.zip{PIN}&blake2b={SHA}{SHA}!a", f"https://host/x.zip{PIN}&blake2b={SHA}{SHA}", "a"),
        ("https://host/x.zip#sha256-q/+8==!a", "https://host/x.zip#sha256-q/+8==", "a"),
        (f"https://host/x.zip{PIN}!a#b", f"https://host/x.zip{PIN}", "a#b"),
        ("./x.tgz!a!b", "./x.tgz", "a!b"),
        ("./x.tgz!./a/b", "./x.tgz", "a/b"),
        ("./x.tgz!./", "./x.tgz", ""),
        ("x.TAR.XZ!a", "x.TAR.XZ", "a"),
        ("/dir!/x.tar!a", "/dir!/x.tar", "a"),
        ("./x.tar!", "./x.tar", ""),
        ("./x.tar!/", "./x.tar", ""),
        ("./x.tar!a/", "./x.tar", "a"),
        (f"./anything{PIN}!a", f"./anything{PIN}", "a"),
        ("file:///dir/x.whl!six.py", "file:///dir/x.whl", "six.py"),
        ("pypi:six==1.17.0!/six.py", "pypi:six==1.17.0", "six.py"),
        ("pypi:six?filename=six-1.tar.gz!six-1/six.py", "pypi:six?filename=six-1.tar.gz", "six-1/six.py"),
        ("s3://bucket/x.tar.zst!a", "s3://bucket/x.tar.zst", "a"),
    ],
)  # fmt: skip
def test_a_member_is_split_off(text: str, archive: str, member: str) -> None:
    """Behind an archive's suffix, behind pinned digests, or as jar's ``!/`` behind a driver's spelling."""
    assert split_member(text) == (archive, member)


@pytest.mark.parametrize(
    "text",
    [
        "./wow!",
        "wow!.txt",
        "dir!/file",
        "/dir!/file.zip",
        "https://host/wow!/file.txt",
        "https://host/a!b",
        "https://host/x.zip%21a",
        "https://host/.zip!a",
        "pypi:six!=1.16",
        "pypi:epoch==1!2.0",
        "driver:key=a!b",
        "file:///dir!/file",
        f"https://host/a!b{PIN}",
    ],
)
def test_a_mark_stands_for_itself_elsewhere(text: str) -> None:
    """In names of files and addresses, and in versions."""
    assert split_member(text) == (text, None)


def test_a_path_that_exists_is_that_path(house: Path) -> None:
    """Whatever it is called; with digests behind it as well."""
    Path("x.zip!a").write_bytes(b"a file with a name")
    Path("x.zip!d").mkdir()
    Path("x.zip!d/b").write_bytes(b"b")

    for text in ("x.zip!a", "./x.zip!a", f"./x.zip!a{PIN}", "x.zip!d/b"):
        assert split_member(text) == (text, None)
    assert split_member("x.zip!c") == ("x.zip", "c")


@pytest.mark.parametrize("member", ["a/../b", "../b", "a//b", "a\\b", "a\nb", "x" * 300])
def test_a_member_is_a_plain_path(member: str) -> None:
    """As no other can be in an archive."""
    with pytest.raises(LocatorError, match="no plain path"):
        parse_locator(f"./x.zip!{member}")


def test_a_locator_tells_its_member() -> None:
    """The query and the digests are the archive's; what is shown has no secret."""
    locator = parse_locator(f"https://me:secret@host/x.zip?token=secret!a/b.txt{PIN}")

    assert locator.member == "a/b.txt"
    assert locator.query == {"url": "https://me:secret@host/x.zip?token=secret"}
    assert locator.digests == (Digest("sha256", SHA),)
    assert locator.text == "https://host/x.zip!a/b.txt"
    assert parse_locator("./x.zip!").text == "./x.zip!/"
    assert parse_locator("./x.zip").member is None


@given(st.text(max_size=60).map(lambda text: f"x.zip!{text}"))
def test_any_text_behind_the_mark_is_a_member_or_an_error(text: str) -> None:
    """Nothing else comes out."""
    try:
        archive, member = split_member(text)
    except LocatorError:
        return
    assert archive.startswith("x.zip")
    assert member is not None
