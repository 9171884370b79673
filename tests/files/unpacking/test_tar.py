"""Hostile and damaged tars are refused, each for its reason."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from store.errors import ArchiveError, UnsafeArchiveError

Unpack = Callable[..., Any]

PLAIN = "no plain relative path"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"/etc/passwd", PLAIN),
        (b"/x", PLAIN),
        (b".//x", PLAIN),
        (b"../outside", PLAIN),
        (b"a/../../outside", PLAIN),
        (b"a/./b", PLAIN),
        (b"a//b", PLAIN),
        (b"a/..", PLAIN),
        (b"..", PLAIN),
        (b"./../outside", PLAIN),
        (b".//etc/passwd", PLAIN),
        (b"a\\..\\outside", PLAIN),
        (b"C:/windows", PLAIN),
        (b"c:outside", PLAIN),
        (b"a\nb", PLAIN),
        (b"a\x1b[2J", PLAIN),
        ("a\u202egpj".encode(), PLAIN),
        (b"latin\xe9", PLAIN),
        (b"file/", "named like a directory"),
        (b"", "it has no name"),
        (b".", "it has no name"),
        (b"./", "it has no name"),
    ],
)
def test_a_name_that_would_lead_elsewhere_is_refused(
    unpacking: Unpack, by_hand: Any, name: bytes, reason: str
) -> None:
    """A whole archive is not unpacked for it, and the error names archive and member."""
    data = by_hand.tar(by_hand.member(name, b"content"))

    with pytest.raises(UnsafeArchiveError, match=reason) as caught:
        unpacking(data, name="evil.tar")

    assert caught.value.archive == "evil.tar"
    assert caught.value.exit_status == 5
    assert os.fsencode(str(caught.value.member)) == name


def test_a_nul_in_a_pax_name_is_refused(unpacking: Unpack, by_hand: Any) -> None:
    """Elsewhere it would end the name."""
    data = by_hand.tar(by_hand.pax(path=b"harmless\0/../../evil"), by_hand.member(b"a"))

    with pytest.raises(UnsafeArchiveError, match="NUL"):
        unpacking(data)


@pytest.mark.parametrize("how", ["prefix", "pax", "long"])
def test_a_name_is_checked_wherever_it_stands(unpacking: Unpack, by_hand: Any, how: str) -> None:
    """In the prefix, a pax header, or GNU's header for long names."""
    data = {
        "prefix": by_hand.tar(by_hand.member(b"b", prefix=b"/a")),
        "pax": by_hand.tar(by_hand.pax(path=b"/a/b"), by_hand.member(b"harmless")),
        "long": by_hand.tar(by_hand.member(b"", b"/a/b\0", b"L"), by_hand.member(b"harmless")),
    }[how]

    with pytest.raises(UnsafeArchiveError, match=PLAIN) as caught:
        unpacking(data)
    assert caught.value.member == "/a/b"


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"max_path": 9}, b"abcde/fghi"),
        ({"max_path": 9}, "äöüß/ä".encode()),
        ({"max_depth": 2}, b"a/b/c/d"),
        ({}, b"x" * 40 + b"/" + b"y" * 300),
    ],
)
def test_a_name_that_is_too_long_or_too_deep_is_refused(
    unpacking: Unpack, by_hand: Any, limits: dict[str, int], name: bytes
) -> None:
    """The limits are in bytes and in directories; a component has 255 bytes at most."""
    with pytest.raises(UnsafeArchiveError):
        unpacking(by_hand.tar(by_hand.pax(path=name), by_hand.member(b"a")), **limits)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"a", b"a"),
        (b"a", b"./a"),
        (b"a", b"A"),
        (b"dir/a", b"DIR/b"),
        ("é".encode(), "e\u0301".encode()),
        ("ß".encode(), b"ss"),
        ("É".encode(), "e\u0301".encode()),
        (b"a", b"a/b"),
        (b"a/b", b"a"),
        (b"A", b"a/b"),
    ],
)
def test_names_that_are_in_each_others_way_are_refused(
    unpacking: Unpack, by_hand: Any, first: bytes, second: bytes
) -> None:
    """Where case or Unicode form does not count they would be one, or a file would be a directory."""
    data = by_hand.tar(by_hand.member(first, b"1"), by_hand.member(second, b"2"))

    with pytest.raises(
        UnsafeArchiveError, match=r"in the way of .*, which (is|has) the same name.*: ask its maker"
    ):
        unpacking(data)


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../out", b"nowhere"])
def test_a_hard_link_that_leads_elsewhere_is_named(
    unpacking: Unpack, by_hand: Any, target: bytes
) -> None:
    """It is the member that is told, and with it what it leads to."""
    data = by_hand.tar(by_hand.member(b"evil", kind=b"1", target=target))

    with pytest.raises(
        UnsafeArchiveError, match=f"'evil': it is a hard link to '{target.decode()}'"
    ) as raised:
        unpacking(data)

    assert raised.value.member == "evil"


def test_a_directory_may_be_named_twice(unpacking: Unpack, by_hand: Any) -> None:
    """After what is in it, too; and the top may be named."""
    data = by_hand.tar(
        by_hand.member(b"./", kind=b"5"),
        by_hand.member(b"./a/b", b"b"),
        by_hand.member(b"./a/", kind=b"5"),
        by_hand.member(b"./a", kind=b"5"),
    )

    assert unpacking(data).files == {"a/b": b"b"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (b"3", "a device"),
        (b"4", "a device"),
        (b"6", "a FIFO"),
        (b"S", "a sparse file"),
        (b"V", "type that is not unpacked"),
        (b"M", "type that is not unpacked"),
        (b"Z", "type that is not unpacked"),
        (b"2", "a symbolic link"),
    ],
)
def test_what_is_no_file_or_directory_is_refused(
    unpacking: Unpack, by_hand: Any, kind: bytes, reason: str
) -> None:
    """Devices, FIFOs, sparse files, and what nobody knows."""
    with pytest.raises(UnsafeArchiveError, match=reason):
        unpacking(by_hand.tar(by_hand.member(b"a", kind=kind, target=b"b")))


def test_a_sparse_file_of_paxs_is_refused(unpacking: Unpack, by_hand: Any) -> None:
    """It passes for a regular file, and would become as large as it likes."""
    data = by_hand.tar(
        by_hand.pax(GNU__sparse__major=b"1", GNU__sparse__realsize=b"1" + b"0" * 15),
        by_hand.member(b"a", b"x"),
    )

    with pytest.raises(UnsafeArchiveError, match="sparse"):
        unpacking(data)


def test_a_hard_link_becomes_a_copy(unpacking: Unpack, by_hand: Any) -> None:
    """Of an earlier file, its mode as well; the two are not one."""
    data = by_hand.tar(
        by_hand.member(b"d/a", b"content", mode=0o755),
        by_hand.member(b"b", kind=b"1", target=b"./d/a"),
    )

    unpacked = unpacking(data)

    assert unpacked.files == {"d/a": b"content", "b": b"content"}
    assert (unpacked.root / "b").stat().st_nlink == 1
    assert (unpacked.root / "b").stat().st_mode & 0o100
    assert unpacked.planted["b"].content == unpacked.planted["d/a"].content


@pytest.mark.parametrize("target", [b"later", b"../outside", b"/etc/passwd", b"dir", b"b", b""])
def test_a_hard_link_to_anything_else_is_refused(
    unpacking: Unpack, by_hand: Any, target: bytes
) -> None:
    """To what comes later, lies outside, or is a directory."""
    data = by_hand.tar(
        by_hand.member(b"dir", kind=b"5"),
        by_hand.member(b"b", kind=b"1", target=target),
        by_hand.member(b"later", b"x"),
    )

    with pytest.raises(UnsafeArchiveError):
        unpacking(data)


def test_hard_links_count_as_what_they_become(unpacking: Unpack, by_hand: Any) -> None:
    """A thousand names for a file of a kilobyte are a megabyte."""
    copies = [by_hand.member(b"%d" % i, kind=b"1", target=b"a") for i in range(1000)]

    with pytest.raises(UnsafeArchiveError) as caught:
        unpacking(by_hand.tar(by_hand.member(b"a", bytes(1000)), *copies), max_bytes=500_000)

    assert caught.value.limit == "unpack_max_size"


@pytest.mark.parametrize("kind", [b"1", b"2", b"5"])
def test_a_link_or_directory_with_content_is_damaged(
    unpacking: Unpack, by_hand: Any, kind: bytes
) -> None:
    """Readers differ about where the next header is."""
    data = by_hand.tar(by_hand.member(b"a", b"content", kind, target=b"b"))

    with pytest.raises(ArchiveError, match="content of its own"):
        unpacking(data)


def test_something_behind_the_end_is_refused(unpacking: Unpack, by_hand: Any) -> None:
    """Padding of zeros is not; another archive is, which some readers would unpack as well."""
    whole = by_hand.tar(by_hand.member(b"a", b"a"))
    assert unpacking(whole + bytes(8192)).files == {"a": b"a"}

    with pytest.raises(UnsafeArchiveError, match="follows its end"):
        unpacking(whole + by_hand.tar(by_hand.member(b"b", b"b")))


@pytest.mark.parametrize("cut", [511, 512 + 3, 1024, 1024 + 512 - 1, 1536, -1024, -1])
def test_a_tar_that_is_cut_off_is_damaged(unpacking: Unpack, by_hand: Any, cut: int) -> None:
    """In a header, in a content, or before its end mark."""
    whole = by_hand.tar(by_hand.member(b"a", b"x" * 600), by_hand.member(b"b", b"b"))
    part = whole[:cut] if cut != -1 else whole[: -2 * 512]

    with pytest.raises(ArchiveError):
        unpacking(part)


@pytest.mark.parametrize(
    "fields",
    [
        {"digits": b"0000000000x\0"},
        {"digits": b"-0000000001\0"},
        {"digits": b"0o000000007\0"},
        {"digits": b"\xff" * 12},
        {"digits": b"\x80" + b"\0" * 3 + b"\xff" * 8},
        {"mode": 0, "checksum": b"0000000 "},
        {"checksum": b"garbage "},
    ],
)
def test_a_header_that_lies_is_damaged(
    unpacking: Unpack, by_hand: Any, fields: dict[str, Any]
) -> None:
    """Sizes that are negative, no numbers, or more than there is; sums that are wrong."""
    data = by_hand.tar(by_hand.member(b"a", b"1"), by_hand.member(b"b", b"2", **fields))

    with pytest.raises((ArchiveError, UnsafeArchiveError)):
        unpacking(data)


def test_old_ways_are_understood(unpacking: Unpack, by_hand: Any) -> None:
    """Signed sums, binary sizes, files that lie in one piece, directories known by a slash."""
    data = by_hand.tar(
        by_hand.member(b"signed", b"1", signed=b"x", prefix=b"", target=b"\xc3\xa9"),
        by_hand.member(b"binary", b"22", digits=b"\x80" + (2).to_bytes(11, "big")),
        by_hand.member(b"contiguous", b"3", b"7"),
        by_hand.member(b"old", b"4", b"\0", magic=bytes(8)),
        by_hand.member(b"directory/", b"", b"\0", magic=bytes(8)),
        by_hand.member(b"blank", digits=b" " * 12),
    )

    assert unpacking(data).files == {
        "signed": b"1",
        "binary": b"22",
        "contiguous": b"3",
        "old": b"4",
        "directory/": b"",
        "blank": b"",
    }


def test_pax_headers_go_before_the_members_own(unpacking: Unpack, by_hand: Any) -> None:
    """Path and size are those of the last header before it; a comment for all is no matter."""
    data = by_hand.tar(
        by_hand.pax(b"g", comment=b"made by git"),
        by_hand.pax(path="ü".encode(), size=b"5"),
        by_hand.header(b"u") + b"hello" + bytes(507),
        by_hand.member(b"plain", b"x"),
    )

    assert unpacking(data).files == {"ü": b"hello", "plain": b"x"}


@pytest.mark.parametrize(
    "record",
    [
        b"5 a\n",
        b"99 path=x\n",
        b"0 path=x\n",
        b"-9 path=x\n",
        b"10 path=xyz",
        b"7 =xyz\n",
        b"path=x\n",
        b" \n",
        b"1" * 2000,
        b"12 path=a/b\nx",
    ],
)
def test_a_malformed_pax_header_is_damaged(unpacking: Unpack, by_hand: Any, record: bytes) -> None:
    """Lengths must be those of the records."""
    data = by_hand.tar(by_hand.member(b"pax", record, b"x"), by_hand.member(b"a"))

    with pytest.raises(ArchiveError, match="pax header is malformed"):
        unpacking(data)


@pytest.mark.parametrize("records", [{"path": b"x"}, {"size": b"1"}, {"GNU__sparse__name": b"x"}])
def test_a_header_for_all_may_not_name_them(
    unpacking: Unpack, by_hand: Any, records: dict[str, bytes]
) -> None:
    """All members of one name or size: nobody packs so."""
    with pytest.raises(ArchiveError, match="all members"):
        unpacking(by_hand.tar(by_hand.pax(b"g", **records), by_hand.member(b"a")))


@pytest.mark.parametrize("size", [b"x", b"-1", b"1" * 30, "٣".encode()])
def test_a_pax_size_is_a_number(unpacking: Unpack, by_hand: Any, size: bytes) -> None:
    """Plain digits."""
    with pytest.raises(ArchiveError, match="no number"):
        unpacking(by_hand.tar(by_hand.pax(size=size), by_hand.member(b"a")))


def test_a_header_without_a_member_is_damaged(unpacking: Unpack, by_hand: Any) -> None:
    """What it tells of was cut away."""
    with pytest.raises(ArchiveError, match="not there"):
        unpacking(by_hand.tar(by_hand.member(b"a"), by_hand.pax(path=b"x")))


def test_a_header_of_any_size_is_not_held_in_memory(unpacking: Unpack, by_hand: Any) -> None:
    """The standard library would read four gigabytes of it at once."""
    data = by_hand.tar(by_hand.header(b"pax", b"x", size=1 << 32), bytes(2000))

    with pytest.raises(ArchiveError, match="one header"):
        unpacking(data)


def test_a_header_that_takes_quadratic_time_elsewhere_is_read_at_once(
    unpacking: Unpack, by_hand: Any
) -> None:
    """CVE-2024-6232: a long run of digits where the standard library backtracks."""
    data = by_hand.tar(by_hand.member(b"pax", b"1" * 1_000_000, b"x"), by_hand.member(b"a"))
    began = time.thread_time()

    with pytest.raises(ArchiveError):
        unpacking(data)

    assert time.thread_time() - began < 20
