"""Hostile and damaged zips are refused, each for its reason."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from store.errors import ArchiveError, UnsafeArchiveError

Unpack = Callable[..., Any]


def deflated(data: bytes) -> bytes:
    """Raw deflate, as it stands in a zip."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def field(kind: int, data: bytes) -> bytes:
    """An extra field."""
    return struct.pack("<2H", kind, len(data)) + data


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"/etc/passwd", "no plain relative path"),
        (b"/x", "no plain relative path"),
        (b".//x", "no plain relative path"),
        (b"../outside", "no plain relative path"),
        (b"a\\b", "no plain relative path"),
        (b"C:\\windows", "no plain relative path"),
        (b"a/../b", "no plain relative path"),
        (b"a\0b", "NUL"),
        (b"", "nothing"),
    ],
)
def test_a_name_that_would_lead_elsewhere_is_refused(
    unpacking: Unpack, by_hand: Any, name: bytes, reason: str
) -> None:
    """As in a tar."""
    with pytest.raises(UnsafeArchiveError, match=reason) as caught:
        unpacking(by_hand.zip(by_hand.Zipped(name, b"x")), name="evil.zip")
    assert caught.value.archive == "evil.zip"


def test_a_name_in_the_extra_field_is_checked(unpacking: Unpack, by_hand: Any) -> None:
    """It is the one that counts."""
    extra = field(0x7075, b"\1" + zlib.crc32(b"a").to_bytes(4, "little") + b"../a")

    with pytest.raises(UnsafeArchiveError, match="no plain relative path"):
        unpacking(by_hand.zip(by_hand.Zipped(b"a", b"x", extra=extra)))


@pytest.mark.parametrize("flag", [0, 6, 13])
def test_an_encrypted_member_is_refused(unpacking: Unpack, by_hand: Any, flag: int) -> None:
    """However it is encrypted."""
    with pytest.raises(UnsafeArchiveError, match="encrypted") as caught:
        unpacking(by_hand.zip(by_hand.Zipped(b"a", b"x", flags=1 << flag)))
    assert caught.value.member == "a"


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_what_is_no_file_or_directory_is_refused(
    unpacking: Unpack, by_hand: Any, kind: int
) -> None:
    """Before anything else of the archive is written."""
    data = by_hand.zip(by_hand.Zipped(b"first", b"1"), by_hand.Zipped(b"a", mode=kind | 0o644))

    with pytest.raises(UnsafeArchiveError, match="device"):
        unpacking(data)


def test_overlapping_members_are_refused(unpacking: Unpack, by_hand: Any) -> None:
    """A few megabytes that are listed a thousand times would become gigabytes."""
    inner = by_hand.zip(by_hand.Zipped(b"b", b"b"))
    local = inner[: inner.index(b"PK\1\2")]
    data = by_hand.zip(
        by_hand.Zipped(b"a", local),
        by_hand.Zipped(b"b", b"b", offset=31),
    )

    with pytest.raises(UnsafeArchiveError, match="shares bytes") as caught:
        unpacking(data)
    assert caught.value.member == "b"


def test_one_content_for_two_names_is_refused(unpacking: Unpack, by_hand: Any) -> None:
    """Two entries with one local header."""
    data = by_hand.zip(by_hand.Zipped(b"a", b"x"), by_hand.Zipped(b"a", b"x", offset=0))

    with pytest.raises(UnsafeArchiveError, match="shares bytes"):
        unpacking(data)


def test_a_member_may_not_reach_into_the_directory(unpacking: Unpack, by_hand: Any) -> None:
    """Its size leads beyond what is there."""
    data = by_hand.zip(by_hand.Zipped(b"a", b"x", compressed=40, size=40))

    with pytest.raises(UnsafeArchiveError, match="central directory"):
        unpacking(data)


def test_something_before_the_first_member_is_refused(unpacking: Unpack, by_hand: Any) -> None:
    """A program, say, that unpacks itself; or another archive, for other readers."""
    inner = by_hand.zip(by_hand.Zipped(b"b", b"b"))

    with pytest.raises(UnsafeArchiveError, match="stands before"):
        unpacking(by_hand.zip(by_hand.Zipped(b"a", b"x"), before=inner))


@pytest.mark.parametrize("behind", [b"x", b"\0", b"PK\5\6" + bytes(10)])
def test_something_behind_the_end_is_refused(
    unpacking: Unpack, by_hand: Any, behind: bytes
) -> None:
    """A comment that is told is not."""
    whole = by_hand.zip(by_hand.Zipped(b"a", b"x"), comment=b"hello")
    assert unpacking(whole).files == {"a": b"x"}

    with pytest.raises(UnsafeArchiveError, match="end record"):
        unpacking(whole + behind)


def test_something_in_between_is_refused(unpacking: Unpack, by_hand: Any) -> None:
    """Between the central directory and the end record."""
    whole = by_hand.zip(by_hand.Zipped(b"a", b"x"))
    end = whole.index(b"PK\5\6")

    with pytest.raises(UnsafeArchiveError, match=r"in between|between its"):
        unpacking(whole[:end] + b"hidden" + whole[end:])


@pytest.mark.parametrize(
    "change",
    [
        {"local_name": b"b"},
        {"local_name": b"longer"},
        {"local_method": 8},
    ],
)
def test_headers_that_contradict_each_other_are_damaged(
    unpacking: Unpack, by_hand: Any, change: dict[str, Any]
) -> None:
    """One reader believes this one, another that one."""
    with pytest.raises(ArchiveError, match=r"contradict|where it should be"):
        unpacking(by_hand.zip(by_hand.Zipped(b"a", b"content", **change)))


def test_a_size_that_stands_in_one_header_only_is_damaged(unpacking: Unpack, by_hand: Any) -> None:
    """The local one says another."""
    data = bytearray(by_hand.zip(by_hand.Zipped(b"a", b"content")))
    data[22:26] = (3).to_bytes(4, "little")

    with pytest.raises(ArchiveError, match="contradict"):
        unpacking(bytes(data))


@pytest.mark.parametrize(
    "change",
    [
        {"crc": 1},
        {"size": 3},
        {"size": 8},
        {"data": b"garbage"},
        {"data": deflated(b"content") + b"more"},
        {"data": deflated(b"content")[:-2]},
        {"data": deflated(b"content!")},
        {"data": b""},
    ],
)
def test_a_content_that_is_not_what_was_said_is_damaged(
    unpacking: Unpack, by_hand: Any, change: dict[str, Any]
) -> None:
    """CRC, size, and where the compressed data end."""
    member = {"data": deflated(b"content"), **change}

    with pytest.raises(ArchiveError):
        unpacking(by_hand.zip(by_hand.Zipped(b"a", b"content", method=8, **member)))


@pytest.mark.parametrize("change", [{"crc": 1}, {"size": 3}, {"size": 9}])
def test_a_stored_content_is_checked_too(
    unpacking: Unpack, by_hand: Any, change: dict[str, Any]
) -> None:
    """It has a size and a CRC as well."""
    with pytest.raises(ArchiveError):
        unpacking(by_hand.zip(by_hand.Zipped(b"a", b"content", **change)))


@pytest.mark.parametrize("method", [9, 14, 95, 99])
def test_an_unknown_compression_is_said(unpacking: Unpack, by_hand: Any, method: int) -> None:
    """Deflate64, LZMA, xz, AES: with its number."""
    with pytest.raises(ArchiveError, match=f"method {method}"):
        unpacking(by_hand.zip(by_hand.Zipped(b"a", b"x", method=method)))


@pytest.mark.parametrize(
    "member",
    [{"name": b"a/"}, {"name": b"a", "mode": stat.S_IFDIR | 0o755}],
)
def test_a_directory_with_content_is_damaged(
    unpacking: Unpack, by_hand: Any, member: dict[str, Any]
) -> None:
    """It would be a file for some readers."""
    with pytest.raises(ArchiveError, match="content of its own"):
        unpacking(by_hand.zip(by_hand.Zipped(content=b"x", **member)))


def test_directories_are_known_by_slash_or_mode(unpacking: Unpack, by_hand: Any) -> None:
    """And files made on other systems have no mode."""
    data = by_hand.zip(
        by_hand.Zipped(b"a/"),
        by_hand.Zipped(b"b", mode=stat.S_IFDIR | 0o755),
        by_hand.Zipped(b"c", b"c", mode=stat.S_IFREG | 0o755, made=0),
        by_hand.Zipped(b"d", b"d", mode=stat.S_IFREG | 0o755, made=19),
    )

    unpacked = unpacking(data)

    assert unpacked.files == {"a/": b"", "b/": b"", "c": b"c", "d": b"d"}
    assert [unpacked.planted[name].executable for name in "cd"] == [False, True]


def test_a_link_is_made_on_request(unpacking: Unpack, by_hand: Any) -> None:
    """Its content is what it leads to."""
    data = by_hand.zip(
        by_hand.Zipped(b"a", b"b", mode=stat.S_IFLNK | 0o777), by_hand.Zipped(b"b", b"x")
    )

    with pytest.raises(UnsafeArchiveError, match="symlinks"):
        unpacking(data)
    assert unpacking(data, links=True).files == {"a": b"-> b", "b": b"x"}


def test_a_link_to_a_novel_is_damaged(unpacking: Unpack, by_hand: Any) -> None:
    """No path is that long."""
    data = by_hand.zip(by_hand.Zipped(b"a", b"x" * 5000, mode=stat.S_IFLNK | 0o777))

    with pytest.raises(ArchiveError, match="too long"):
        unpacking(data, links=True)


@pytest.mark.parametrize("count", [0, 1, 3, 200])
def test_a_count_that_lies_is_damaged(unpacking: Unpack, by_hand: Any, count: int) -> None:
    """The end record says how many there are."""
    data = by_hand.zip(by_hand.Zipped(b"a", b"x"), by_hand.Zipped(b"b", b"x"), count=count)

    with pytest.raises(ArchiveError, match="does not list"):
        unpacking(data)


def test_too_many_members_are_refused_before_they_are_read(unpacking: Unpack, by_hand: Any) -> None:
    """By the count; and by the size of the directory, whatever the count says."""
    two = [by_hand.Zipped(b"a", b"x"), by_hand.Zipped(b"b", b"x")]
    with pytest.raises(UnsafeArchiveError) as caught:
        unpacking(by_hand.zip(*two), max_members=1)
    assert caught.value.limit == "unpack_max_members"

    fat = by_hand.zip(*(by_hand.Zipped(b"%d" % i, extra=bytes(60_000)) for i in range(20)))
    with pytest.raises(UnsafeArchiveError, match="more than 20 members"):
        unpacking(fat, max_members=20)


def test_what_is_announced_counts_before_anything_is_written(
    unpacking: Unpack, by_hand: Any
) -> None:
    """A bomb that says what it is is not lit."""
    bomb = deflated(bytes(1 << 20))

    with pytest.raises(UnsafeArchiveError, match="larger than 1000 bytes"):
        unpacking(
            by_hand.zip(by_hand.Zipped(b"a", bytes(1 << 20), method=8, data=bomb)), max_bytes=1000
        )


def test_what_is_not_announced_counts_as_it_is_written(unpacking: Unpack, by_hand: Any) -> None:
    """A bomb whose headers lie ends where they said it would."""
    bomb = deflated(bytes(1 << 24))
    data = by_hand.zip(by_hand.Zipped(b"a", bytes(500), method=8, data=bomb))

    with pytest.raises(ArchiveError, match="not what its header says"):
        unpacking(data, max_bytes=1000)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.8, 0.99])
def test_a_zip_that_is_cut_off_is_refused(unpacking: Unpack, by_hand: Any, cut: float) -> None:
    """Its end record is gone."""
    whole = by_hand.zip(*(by_hand.Zipped(b"%d" % i, b"x" * 100) for i in range(10)))

    with pytest.raises(UnsafeArchiveError, match="cut off"):
        unpacking(whole[: int(len(whole) * cut)])


def test_one_of_several_parts_is_said(unpacking: Unpack, by_hand: Any) -> None:
    """The others would be needed."""
    data = bytearray(by_hand.zip(by_hand.Zipped(b"a", b"x")))
    at = data.index(b"PK\5\6")
    data[at + 4 : at + 6] = b"\1\0"

    with pytest.raises(ArchiveError, match="several parts"):
        unpacking(bytes(data))


@pytest.mark.parametrize(
    "extra",
    [b"\1\0\xff\xff", field(1, b"1234"), field(1, b"")],
)
def test_a_malformed_extra_field_is_damaged(unpacking: Unpack, by_hand: Any, extra: bytes) -> None:
    """One that is longer than there is, or that lacks the size it is for."""
    member = by_hand.Zipped(b"a", b"x", extra=extra, size=0xFFFFFFFF)

    with pytest.raises(ArchiveError, match=r"extra field|zip64 field"):
        unpacking(by_hand.zip(member))


def test_a_zip64_end_record_is_believed(unpacking: Unpack, by_hand: Any) -> None:
    """Where the old one has no room for the numbers; and must be where it is said to be."""
    whole = by_hand.zip(by_hand.Zipped(b"a", b"x"))
    end = whole.index(b"PK\5\6")
    start = whole.index(b"PK\1\2")
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, end - start, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    old = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)

    assert unpacking(whole[:end] + wide + locator + old).files == {"a": b"x"}
    for broken in (
        wide + locator.replace(b"PK\6\7", b"PK\6\0") + old,
        wide.replace(b"PK\6\6", b"PK\6\0") + locator + old,
        wide[:4] + (45).to_bytes(8, "little") + wide[12:] + locator + old,
        old,
    ):
        with pytest.raises((ArchiveError, UnsafeArchiveError)):
            unpacking(whole[:end] + broken)


def test_numbers_of_64_bits_stand_in_the_extra_field(unpacking: Unpack, by_hand: Any) -> None:
    """Each where the usual field has all bits set."""
    content = b"content"
    wide = field(1, struct.pack("<2Q", len(content), len(content)))
    member = by_hand.Zipped(b"a", content, extra=wide, size=0xFFFFFFFF, compressed=0xFFFFFFFF)

    assert unpacking(by_hand.zip(member)).files == {"a": content}
