"""Where a file may come from, what it is called, and what it is known by."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import DigestError, LocatorError, StoreError
from store.freshness.aged_file import AgedFile
from store.freshness.sources import source_of, sources_of


def cloud_path(kind: str, text: str) -> Any:
    """Make what looks like a path of cloudpathlib, whose own conversion to a path would download it."""

    def explode(self: object) -> str:
        raise AssertionError("it was to be downloaded")

    body = {
        "__module__": "cloudpathlib.s3.s3path",
        "__fspath__": explode,
        "__str__": lambda _: text,
    }
    return type("Versioned" + kind, (type(kind, (), body),), {"__module__": "cloudpathlib.x"})()


@pytest.mark.parametrize(
    ("value", "name", "local"),
    [
        ("https://host/dir/naif0012.tls", "naif0012.tls", False),
        ("HTTP://host/dir/naif0012.tls", "naif0012.tls", False),
        ("http://host/a%20b.tls?v=1#part", "a b.tls", False),
        ("s3://bucket/dir/k.bsp", "k.bsp", False),
        ("S3://bucket/k.bsp", "k.bsp", False),
        (cloud_path("S3Path", "s3://bucket/dir/k.bsp"), "k.bsp", False),
        ("file:///dir/k.tf", "k.tf", True),
        ("FILE:/dir/k%201.tf", "k 1.tf", True),
        ("kernels/k.tf", "k.tf", True),
        ("~/k.tf", "k.tf", True),
        ("../k.tf", "k.tf", True),
        (Path("kernels/k.tf"), "k.tf", True),
        (Path("odd:name.tf"), "odd:name.tf", True),
        ("odd:name.tf", "odd:name.tf", True),
    ],
)
def test_a_source_is_read(value: Any, name: str, local: bool) -> None:  # noqa: FBT001
    """Addresses in any case of their scheme, paths, and cloud paths without their package."""
    source = source_of(value)

    assert (source.name, source.local) == (name, local)
    assert "cloudpathlib" not in sys.modules


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        "dir/",
        "..",
        ".",
        "a/..",
        Path(".."),
        Path(),
        Path("/"),
        "http://host",
        "http://host/",
        "https://host/dir/",
        "https://host/dir/..",
        "https://host/%2e%2e",
        "https://host/?file=k.tls",
        "s3://bucket",
        "s3://bucket/dir/",
        "file:///dir/..",
        "file:///",
        "file://elsewhere/k.tf",
        "http:host/k.tls",
        "https:///k.tls",
        "ftp://host/k.tls",
        " https://host/k.tls",
        "//user:secret@host/k.tls",
        "a\0b",
        cloud_path("GSPath", "gs://bucket/k.bsp"),
        42,
        None,
        b"k.tls",
        ["k.tls"],
    ],
)
def test_anything_else_is_a_value_error(value: Any) -> None:
    """Another type or scheme, or what names no file; said at once, without any secret."""
    with pytest.raises(ValueError, match=r".") as caught:
        AgedFile(value)

    assert isinstance(caught.value, StoreError)
    assert "secret" not in str(caught.value)


def test_digests_may_stand_in_an_addresss_fragment() -> None:
    """As in a locator; a weak one is refused, another fragment means nothing to a server."""
    source = source_of(f"https://host/k.tls#sha256={'0' * 64}")

    assert [str(one) for one in source.digests] == [f"sha256:{'0' * 64}"]
    assert source.address == "https://host/k.tls"
    assert source_of("https://host/k.tls#top").digests == ()
    with pytest.raises(DigestError):
        source_of(f"https://host/k.tls#md5={'0' * 32}")


def test_mirrors_are_several() -> None:
    """A lone text would be taken for its letters."""
    assert [one.name for one in sources_of(["http://a/k", Path("k")])] == ["k", "k"]
    with pytest.raises(LocatorError, match="list"):
        sources_of("http://a/k")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://host/a/k.tls", "http://host/b/k.tls"),
        ("http://host/k.tls", "https://host/k.tls"),
        ("http://host/k.tls", "http://other/k.tls"),
        ("http://host/k.tls", "http://host:81/k.tls"),
        ("http://host/k.tls", "http://host/k.tls?v=2"),
        ("http://host/k.tls?v=1", "http://host/k.tls?v=2"),
        ("http://host/k.tls", "http://host/K.tls"),
        ("s3://bucket/k.tls", "https://bucket/k.tls"),
        ("/a/k.tls", "/b/k.tls"),
        ("/a/k.tls", "http://a/k.tls"),
    ],
)
def test_two_addresses_with_one_base_name_never_mix(one: str, other: str) -> None:
    """The whole source is the key."""
    assert source_of(one).located().key != source_of(other).located().key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://host/k.tls", "HTTP://host/k.tls"),
        ("https://host/k.tls", "https://user:secret@host/k.tls"),
        ("https://host/k.tls", f"https://host/k.tls#sha256={'0' * 64}"),
        ("/a/k.tls", "file:///a/k.tls"),
        ("/a/k.tls", "FILE:/a/k.tls"),
    ],
)
def test_two_spellings_of_one_source_are_one(one: str, other: str) -> None:
    """Scheme's case, user and pin do not make another file of it."""
    assert source_of(one).located().key == source_of(other).located().key


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: "/" not in name and "\0" not in name and name not in {".", ".."}
)


@given(name=NAMES)
def test_the_name_is_always_one_harmless_component(name: str) -> None:
    """Whatever a path is called, its file lies where it is to lie."""
    source = source_of(Path("/dir") / name)

    assert "/" not in source.name
    assert source.name not in {"", ".", ".."}
    assert not {"Cc", "Cf"} & {unicodedata.category(one) for one in source.name}
    assert len(source.name.encode()) <= 200


@given(one=NAMES, other=NAMES)
def test_other_names_have_other_keys(one: str, other: str) -> None:
    """However alike what is left of them is."""
    keys = {source_of(Path("/dir") / name).located().key for name in (one, other)}

    assert len(keys) == len({one, other})


def test_a_path_is_located_when_it_is_first_used(
    tmp_path: Path, store_environment: pytest.MonkeyPatch
) -> None:
    """Relative to the working directory of then, with the home directory of then."""
    relative, home = AgedFile("k.tf"), source_of("~/k.tf")
    (tmp_path / "later").mkdir()
    store_environment.chdir(tmp_path / "later")
    (tmp_path / "later" / "k.tf").write_bytes(b"here")
    store_environment.setenv("HOME", str(tmp_path / "house"))

    assert relative.path.read_bytes() == b"here"
    assert home.located().address == str(tmp_path / "house" / "k.tf")

    store_environment.chdir(tmp_path)
    assert relative.refresh().path.read_bytes() == b"here"
