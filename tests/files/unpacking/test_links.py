"""Symbolic links are made last, and only where they stay inside."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import UnsafeArchiveError
from store.files.unpacking.limits import Guard, Limits
from store.files.unpacking.links import EscapeError, checked_links, resolve

Unpack = Callable[..., Any]


def test_links_that_stay_inside_are_made(unpacking: Unpack, by_hand: Any) -> None:
    """Relative ones, through each other, up and down, and to what is not there."""
    data = by_hand.tar(
        by_hand.member(b"lib/current", kind=b"2", target=b"v1"),
        by_hand.member(b"lib/v1/a", b"content"),
        by_hand.member(b"a", kind=b"2", target=b"./lib//current/../v1/a"),
        by_hand.member(b"deep/er/a", kind=b"2", target=b"../../a"),
        by_hand.member(b"nowhere", kind=b"2", target=b"lib/missing"),
    )

    unpacked = unpacking(data, links=True)

    assert (unpacked.root / "deep/er/a").read_bytes() == b"content"
    assert unpacked.files["nowhere"] == b"-> lib/missing"
    assert unpacked.planted["a"] == ("a", "link", 0, "./lib//current/../v1/a", False)


@pytest.mark.parametrize(
    "links",
    [
        {b"a": b"/etc/passwd"},
        {b"a": b"../outside"},
        {b"a": b"b/../../outside"},
        {b"d/a": b"../../outside"},
        {b"a": b""},
        {b"a": b"x\\y"},
        {b"a": b"x\ny"},
        {b"a": b"\xff"},
        {b"a": b"x" * 1025},
        {b"a": b"x" * 300},
        {b"a": b"a"},
        {b"a": b"b", b"b": b"a"},
        {b"a": b"file/x"},
        {b"up": b"d", b"a": b"up/../../outside"},
        {b"d/e/up": b"..", b"a": b"d/e/up/../../outside"},
        {b"d/e/f": b"../..", b"a": b"d/e/f/../x"},
        {b"a": b"b/" * 600},
    ],
)
def test_links_that_lead_elsewhere_are_refused(
    unpacking: Unpack, by_hand: Any, links: dict[bytes, bytes]
) -> None:
    """Out of the tree, also through other links; round in circles; below a file."""
    members = [
        by_hand.pax(linkpath=target) + by_hand.member(name, kind=b"2", target=target[:100])
        for name, target in links.items()
    ]
    data = by_hand.tar(by_hand.member(b"file", b"x"), by_hand.member(b"d/e/", kind=b"5"), *members)

    with pytest.raises(UnsafeArchiveError, match="symbolic link") as caught:
        unpacking(data, links=True)
    assert caught.value.archive == "a.tar"


def test_nothing_is_written_through_a_link(unpacking: Unpack, by_hand: Any) -> None:
    """Not even through one that stays inside: it is in the way."""
    data = by_hand.tar(by_hand.member(b"a", kind=b"2", target=b"."), by_hand.member(b"a/b", b"x"))

    with pytest.raises(UnsafeArchiveError, match="in the way"):
        unpacking(data, links=True)


def test_a_chain_that_the_standard_library_loses_is_followed(
    unpacking: Unpack, by_hand: Any, tmp_path: Path
) -> None:
    """CVE-2025-4517: so many long directories that the real path is longer than PATH_MAX."""
    step = b"d" * 200
    members = []
    place = b""
    for letter in b"abcdefghijklmnop":
        members.append(by_hand.member(b"%s%s" % (place, step[:80]), kind=b"5"))
        members.append(by_hand.member(b"%s%c" % (place, letter), kind=b"2", target=step[:80]))
        place += step[:80] + b"/"
    path = b"/".join(b"%c" % letter for letter in b"abcdefghijklmnop")
    data = by_hand.tar(
        *(by_hand.pax(path=b"x"), by_hand.member(b"x", b"")),
        by_hand.pax(linkpath=b"../" * 16) + by_hand.member(path[:99], kind=b"2"),
    )

    with pytest.raises(UnsafeArchiveError):
        unpacking(data, links=True)
    assert not list(tmp_path.parent.glob("flag*"))


def test_links_cost_what_they_cost(by_hand: Any) -> None:
    """A thousand links, each through forty others of many components, are checked at once."""
    targets = {f"l{i}": "/".join(["d", ".."] * 150) + f"/l{i + 1}" for i in range(1000)}
    began = time.thread_time()

    with pytest.raises(UnsafeArchiveError):
        checked_links(targets, {}, Guard("a", 1, Limits()))

    assert time.thread_time() - began < 20


def test_the_caller_can_end_it(by_hand: Any) -> None:
    """Each link is a chance."""
    told: list[int] = []
    checked_links({"a": "b", "b": "c"}, {}, Guard("a", 1, Limits(), told.append))

    assert told == [0, 0]


NAMES = st.sampled_from(["a", "b", "c", "d"])
PATHS = st.lists(st.one_of(NAMES, st.just(".."), st.just(".")), min_size=1, max_size=5).map(
    "/".join
)


@given(links=st.dictionaries(NAMES, PATHS, max_size=4), asked=PATHS)
@settings(max_examples=100, deadline=None)
def test_links_are_followed_as_the_system_follows_them(links: dict[str, str], asked: str) -> None:
    """Whatever is resolved in thought is what the kernel opens, or is refused."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory, "outer", "root")
        root.mkdir(parents=True)
        kinds = {}
        for name in "abcd":
            if name not in links:
                (root / name).mkdir()
                kinds[name] = "directory"
        for name, target in links.items():
            (root / name).symlink_to(target)

        try:
            found = resolve(asked, links, kinds)
        except EscapeError:
            return
        if (root / asked).exists():
            assert os.path.realpath(root / asked) == os.path.realpath(root / found)
            assert Path(os.path.realpath(root / asked)).is_relative_to(root.resolve())
