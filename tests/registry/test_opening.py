"""One way to open whatever is packed, with the same types, within limits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import pytest
import zstandard

from store.errors import QueryError, ResourceNotFoundError, StorageError, TooLargeError
from store.registry.manager import Cache
from store.registry.opening import Opener

TEXT: Final = "grüße\nworld\n"
DATA: Final = TEXT.encode()
FILES: Final = {"b/one.txt": DATA, "empty.txt": b"", "a.txt": b"second\n"}


def tar(packed: str = "") -> bytes:
    """Return a tar with a directory, a link and the files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        directory = tarfile.TarInfo("b")
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return PACKERS[packed](buffer.getvalue())


def zipped() -> bytes:
    """Return a zip with a directory and the files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("b")
        for name, data in FILES.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def drain(stream: IO[bytes]) -> None:
    """Read a stream to its end, a piece at a time."""
    while stream.read(1 << 20):
        pass


PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: zstandard.ZstdCompressor().compress(data),
}
ARCHIVES: Final[dict[str, Callable[[], bytes]]] = {
    "zip": zipped,
    "tar": tar,
    "tar.gz": lambda: tar("gz"),
    "tgz": lambda: tar("gz"),
    "tar.bz2": lambda: tar("bz2"),
    "tar.xz": lambda: tar("xz"),
    "tar.zst": lambda: tar("zst"),
}


@pytest.fixture(params=["right", "none", "lying"])
def suffix(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """What an item's file is called, whatever it is packed as."""
    names = {
        "right": lambda kind: f"file.{kind}" if kind else "file",
        "none": lambda _: "file",
        "lying": lambda _: "file.csv",
    }
    return names[str(request.param)]


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("large", [True, False])
def test_packed_files_read_like_plain_ones(
    cache: Cache, suffix: Callable[[str], str], packed: str, *, large: bool
) -> None:
    """Text is str, bytes are bytes; streams are iterators over lines, and can be read."""
    item = cache.put("a", PACKERS[packed](DATA), filename=suffix(packed))

    with (
        item.open(default_mode="r", large=large) as text,
        item.open(default_mode="rb", large=large) as binary,
    ):
        assert list(text) == TEXT.splitlines(keepends=True)
        assert list(binary) == DATA.splitlines(keepends=True)
        assert text.type == (packed or "plain")
    with item.open(default_mode="rb") as again:
        assert again.result.read() == DATA
    assert item.open(large=False).result == TEXT


@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.parametrize("large", [True, False])
def test_archives_are_ordered_mappings(
    cache: Cache, suffix: Callable[[str], str], kind: str, *, large: bool
) -> None:
    """Of their regular files, empty ones included; neither directories nor links."""
    item = cache.put("a", ARCHIVES[kind](), filename=suffix(kind))

    with item.open(default_mode="rb", large=large) as opened:
        found = {name: one.read() if large else one for name, one in opened.result.items()}
        assert found == FILES
        assert list(opened.result) == list(FILES)
        assert opened.sizes == {name: len(data) for name, data in FILES.items()}
    with item.open(large=large) as opened:
        first = opened.result["b/one.txt"]
        assert (list(first) if large else first.splitlines(keepends=True)) == TEXT.splitlines(
            keepends=True
        )


@pytest.mark.parametrize("kind", ARCHIVES)
def test_members_are_read_in_any_order(cache: Cache, kind: str) -> None:
    """Backwards, and in turns."""
    item = cache.put("a", ARCHIVES[kind](), filename=f"x.{kind}")

    with item.open(default_mode="rb") as opened:
        last, first = opened.result["a.txt"], opened.result["b/one.txt"]
        assert last.read(3) == b"sec"
        assert first.read(3) == DATA[:3]
        assert last.read() == b"ond\n"
        assert first.read() == DATA[3:]


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_only_what_is_needed(cache: Cache, kind: str) -> None:
    """In the order that is asked for; what is not there is a KeyError."""
    item = cache.put("a", ARCHIVES[kind](), filename=f"x.{kind}")

    with item.open(needed=["a.txt", "empty.txt"], large=False) as opened:
        assert opened.result == {"a.txt": "second\n", "empty.txt": ""}
        assert list(opened) == ["a.txt", "empty.txt"]
    assert item.open(needed="a.txt", large=False).result == {"a.txt": "second\n"}
    with pytest.raises(KeyError, match=r"nothing\.txt"):
        item.open(needed=["nothing.txt"])


def test_encodings(cache: Cache) -> None:
    """UTF-8 unless another is said; of packed text and of archives too."""
    latin = TEXT.encode("latin-1")
    for name, data in (("a.txt", latin), ("a.txt.gz", gzip.compress(latin))):
        item = cache.put("a", data, filename=name)
        assert item.open(encoding="latin-1", large=False).result == TEXT
        with pytest.raises(QueryError, match="is no text in utf-8"):
            item.open(large=False)


def test_containers_that_happen_to_be_zips_are_plain(cache: Cache) -> None:
    """A spreadsheet is a file; who wants its members says so."""
    item = cache.put("a", zipped(), filename="table.xlsx")

    assert item.open(default_mode="rb").type == "plain"
    assert list(item.open(ext="zip").result) == list(FILES)


@pytest.mark.parametrize("packed", ["gz", "bz2", "xz", "zst"])
def test_a_bomb_meets_its_limit(cache: Cache, packed: str) -> None:
    """By size, and by ratio beyond 64 MiB; while it is read, too."""
    item = cache.put("a", PACKERS[packed](bytes(20_000_000)), filename=f"bomb.{packed}")

    with pytest.raises(TooLargeError) as caught:
        item.open(default_mode="rb", large=False, max_size=10_000_000)
    assert caught.value.limit == 10_000_000
    with item.open(default_mode="rb", max_size=10_000_000) as opened, pytest.raises(TooLargeError):
        drain(opened.result)
    assert len(item.open(default_mode="rb", large=False).result) == 20_000_000


def test_a_ratio_is_a_limit(cache: Cache) -> None:
    """A few bytes may not become gigabytes, unless somebody says so."""
    for packed in ("gz", "bz2"):
        item = cache.put("a", PACKERS[packed](bytes(120_000_000)), filename=f"bomb.{packed}")

        with (
            item.open(default_mode="rb") as opened,
            pytest.raises(TooLargeError, match="max_size="),
        ):
            drain(opened.result)
        with item.open(default_mode="rb", max_size=120_000_000) as opened:
            drain(opened.result)


def test_an_archive_of_bombs_meets_one_limit(cache: Cache) -> None:
    """All members count together."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"{number}", bytes(3_000_000))
    item = cache.put("a", buffer.getvalue(), filename="bombs.zip")

    with pytest.raises(TooLargeError):
        item.open(default_mode="rb", large=False, max_size=10_000_000)


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst", "zip", "tar.gz", "tar"])
def test_damage_is_told_in_our_words(cache: Cache, kind: str) -> None:
    """Cut off in the middle: while it is opened or read."""
    whole = ARCHIVES[kind]() if kind in ARCHIVES else PACKERS[kind](DATA * 500)
    item = cache.put("a", whole[: len(whole) // 2], filename=f"x.{kind}")

    with pytest.raises(StorageError):  # noqa: PT012 - at one of the two
        opened = item.open(default_mode="rb")
        for one in opened.result.values() if isinstance(opened.result, dict) else [opened.result]:
            one.read()
        raise StorageError("a tar that ends between two members looks whole")


@pytest.mark.parametrize("packed", ["gz", "bz2", "xz", "zst"])
def test_what_was_cut_off_is_not_taken_for_whole(cache: Cache, packed: str) -> None:
    """Half a file is damage, wherever a library would take its end for the content's."""
    data = PACKERS[packed](random.Random(7).randbytes(300_000))
    item = cache.put("a", data[:200_000], ext=packed)

    with pytest.raises(StorageError, match="cannot be"), item.open(default_mode="rb") as opened:
        opened.result.read()


def test_encrypted_members_are_told(cache: Cache) -> None:
    """Nobody is asked for a password."""
    data = bytearray(zipped())
    for at in (data.find(b"PK\x01\x02"), data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)):
        data[at + 8] |= 1
    item = cache.put("a", bytes(data), filename="x.zip")

    with pytest.raises(StorageError):
        item.open(large=False)


def test_an_empty_file_is_empty(cache: Cache) -> None:
    """Whatever its suffix promises."""
    for name in ("a.gz", "a.zip", "a.tar", "a"):
        assert cache.put("a", b"", filename=name).open(large=False).result == ""


def test_a_result_outlives_its_opener(cache: Cache) -> None:
    """Nothing is closed behind the back of who reads on; nothing warns when all is forgotten."""
    item = cache.put("a", gzip.compress(DATA), filename="a.gz")

    result = item.open().result

    assert "".join(result) == TEXT


def test_nothing_global_changes(cache: Cache) -> None:
    """The original set the buffer size of everybody."""
    before: tuple[Any, ...] = (io.DEFAULT_BUFFER_SIZE, tarfile.ENCODING)

    cache.put("a", tar("gz"), filename="a.tar.gz").open()

    assert before == (io.DEFAULT_BUFFER_SIZE, tarfile.ENCODING)


def test_what_cannot_be_opened_is_said(cache: Cache, tmp_path: Path) -> None:
    """A missing file, a directory, a mode."""
    item = cache.put("a", b"x")
    with pytest.raises(QueryError):
        item.open(default_mode="w")
    Path(item.path).unlink()
    with pytest.raises(ResourceNotFoundError):
        item.open()
    with pytest.raises(ResourceNotFoundError):
        Opener(tmp_path)


def test_old_tars_are_known_by_their_checksum(tmp_path: Path) -> None:
    """Those of before POSIX, where the suffix says so."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("x")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"1"))
    data = bytearray(buffer.getvalue())
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    path = tmp_path / "old.tar"
    path.write_bytes(data)

    assert Opener(path, large=False).result == {"x": "1"}
    path.write_bytes(b"no tar at all" * 100)
    assert Opener(path).type == "plain"


def linked(*members: tuple[str, bytes, str]) -> bytes:
    """Return a tar of members of a type, each with what it leads to."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, leads in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, leads
            info.size = len(DATA) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(DATA))
    return buffer.getvalue()


def test_a_hard_link_in_a_tar_is_the_file_it_leads_to(cache: Cache) -> None:
    """Of the same size, too."""
    data = linked(("a", tarfile.REGTYPE, ""), ("b", tarfile.LNKTYPE, "a"))

    with cache.put("x", data, filename="x.tar").open(default_mode="rb", large=False) as found:
        assert found.result == {"a": DATA, "b": DATA}
        assert found.sizes == {"a": len(DATA), "b": len(DATA)}


@pytest.mark.parametrize("leads", ["gone", "soft"])
def test_a_hard_link_to_no_file_takes_only_itself_away(cache: Cache, leads: str) -> None:
    """What is sound can be read; the link is damage that is told by name."""
    data = linked(
        ("a", tarfile.REGTYPE, ""), ("soft", tarfile.SYMTYPE, "/x"), ("b", tarfile.LNKTYPE, leads)
    )
    item = cache.put("x", data, filename="x.tar")

    with item.open(default_mode="rb") as found:
        assert found.result["a"].read() == DATA
        with pytest.raises(StorageError, match="'b' is a link to"):
            found.result["b"].read()
    with item.open(default_mode="rb", needed=["a"], large=False) as found:
        assert found.result == {"a": DATA}


@pytest.mark.parametrize("packed", sorted(PACKERS))
def test_an_empty_tar_has_no_members(cache: Cache, packed: str) -> None:
    """Its blocks are all zeros, so that nothing but its suffix says what it is."""
    data = PACKERS[packed](linked())

    with cache.put("x", data, filename=f"x.tar{packed and '.'}{packed}").open() as found:
        assert found.result == {}


def test_members_are_not_picked_of_what_is_no_archive(cache: Cache) -> None:
    """It is told, as of an archive that lacks them."""
    item = cache.put("x", DATA, filename="x.txt")

    with pytest.raises(QueryError, match="is no archive"):
        item.open(needed=["q"])
    with item.open(needed=[], large=False) as found:
        assert found.result == TEXT
