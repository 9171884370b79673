"""Hypothesis strategies for the values of the house."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

from hypothesis import strategies as st

from store.files.names import unsafe_component
from store.integrity.digest import SIZES, WEAK, Digest
from store.records import CachedResource

_ODD_NAMES = (
    "..",
    ".",
    "",
    "CON",
    "a/../b",
    "-rf",
    "~",
    "a\0b",
    "con.txt",
    "x" * 400,
    "\u202egpj.exe",
    " ",
)
_ODD_UIDS = ("", ".", "..", "/", "a/b", "A/b", "a\nb", "\0", "\ud800", "*", "x" * 10_000)


def uids() -> st.SearchStrategy[str]:
    """Return any text: lone surrogates, slashes and very long ones too."""
    return st.one_of(st.sampled_from(_ODD_UIDS), st.text(st.characters()), digests().map(str))


def contents(*, max_size: int = 4096) -> st.SearchStrategy[bytes]:
    """Return contents of files, empty ones too, of at most ``max_size`` bytes."""
    return st.binary(max_size=max_size)


def trees(*, max_size: int = 20) -> st.SearchStrategy[dict[str, bytes]]:
    """Return files that an archive may hold: contents by path, at most ``max_size`` of them.

    No two paths are in each other's way, on any file system; an empty directory has a slash at its end.
    """
    letters = st.characters(categories=("L", "N", "P", "S"), exclude_characters="/\\")
    names = st.text(letters, min_size=1, max_size=12).filter(_is_plain)
    paths = st.lists(names, min_size=1, max_size=4).map("/".join)
    files = st.dictionaries(paths, contents(max_size=2048), max_size=max_size)
    return st.tuples(files, st.sets(paths, max_size=3)).map(_apart)


def digests(*, weak: bool = False) -> st.SearchStrategy[Digest]:
    """Return well-formed digests of every algorithm; MD5 and SHA-1 only with ``weak``."""
    algorithms = [name for name in SIZES if weak or name not in WEAK]
    return st.sampled_from(algorithms).flatmap(
        lambda name: st.binary(min_size=SIZES[name], max_size=SIZES[name]).map(
            lambda value: Digest(name, value.hex())
        )
    )


def digest_spellings(digest: Digest) -> st.SearchStrategy[str]:
    """Return the ways in which one digest may be written."""
    return st.sampled_from(
        [
            str(digest),
            f"{digest.algorithm}={digest.hex}",
            f"{digest.algorithm.upper()}:{digest.hex.upper()}",
            digest.sri,
            f" {digest} ",
        ]
    )


def names() -> st.SearchStrategy[str]:
    """Return file names as users and servers give them, hostile ones too."""
    return st.one_of(st.sampled_from(_ODD_NAMES), st.text(st.characters(), max_size=300))


def plain_names() -> st.SearchStrategy[str]:
    """Return file names that nobody would object to."""
    return st.from_regex(r"[a-z][a-z0-9_-]{0,20}(\.[a-z]{1,4})?", fullmatch=True)


def locators() -> st.SearchStrategy[str]:
    """Return well-formed locators: addresses, paths and ``driver:spec``, some with digests."""
    pins = st.one_of(st.just(""), digests().map(lambda one: f"#{one.algorithm}={one.hex}"))
    hosts = st.sampled_from(["example.org", "example.org:8080", "127.0.0.1", "[::1]:8000"])
    addresses = st.builds(
        "{}://{}/{}".format, st.sampled_from(["http", "https"]), hosts, plain_names()
    )
    paths = plain_names().map(lambda name: f"./directory/{name}")
    packages = st.builds("pypi:{}=={}".format, st.sampled_from(["six", "attrs"]), _versions())
    return st.one_of(st.builds("{}{}".format, st.one_of(addresses, paths), pins), packages)


def json_values() -> st.SearchStrategy[Any]:
    """Return plain data: what JSON can hold and give back unchanged."""
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)
        ),
        max_leaves=10,
    )


def cached_resources() -> st.SearchStrategy[CachedResource]:
    """Return what a store has a cache remember."""
    paths = plain_names().map(lambda name: f"/cache/content/{name}")
    return st.builds(CachedResource, uids(), paths)


def resources() -> st.SearchStrategy[tuple[str, bytes, Digest]]:
    """Return files to publish: a name, a content, and the SHA-256 of the content."""
    return st.tuples(plain_names(), contents()).map(
        lambda pair: (*pair, Digest("sha256", hashlib.sha256(pair[1]).hexdigest()))
    )


def _versions() -> st.SearchStrategy[str]:
    numbers = st.integers(min_value=0, max_value=99)
    return st.builds("{}.{}.{}".format, numbers, numbers, numbers)


def _is_plain(name: str) -> bool:
    return not unsafe_component(name) and ":" not in name


def _apart(both: tuple[dict[str, bytes], set[str]]) -> dict[str, bytes]:
    """Leave out what would be in the way of what came before it."""
    files, directories = both
    kept: dict[str, bytes] = {}
    taken: dict[str, str] = {}
    for path, content in (*files.items(), *((f"{one}/", b"") for one in sorted(directories))):
        parts = path.rstrip("/").split("/")
        places = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        folded = [
            unicodedata.normalize("NFD", unicodedata.normalize("NFD", place).casefold())
            for place in places
        ]
        if folded[-1] in taken or any(
            taken.get(one, place) != place or f"{place}" in kept
            for one, place in zip(folded, places, strict=True)
        ):
            continue
        taken.update(zip(folded, places, strict=True))
        kept[path] = content
    return kept
