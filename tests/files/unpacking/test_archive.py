"""Archives of every kind become the tree that was packed."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import ArchiveError, UnsafeArchiveError
from store.files.unpacking.archive import unpack
from store.files.unpacking.limits import Guard, Limits
from store.testing.archives import KINDS, packed
from store.testing.strategies import trees

Unpack = Callable[..., Any]

FILES = {"top/a.txt": b"a", "top/empty": b"", "top/deep/er/b.bin": bytes(range(256)), "run": b"#!"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A directory with files, an empty directory and an executable."""
    root = tmp_path / "source"
    for path, content in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (root / "run").chmod(0o755)
    (root / "hollow").mkdir()
    return root


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_unpacked(unpacking: Unpack, kind: str) -> None:
    """Files, their directories, empty ones too."""
    data = packed({**FILES, "hollow/": b""}, kind, executable="run")

    unpacked = unpacking(data)

    assert unpacked.files == {**FILES, "hollow/": b""}
    assert (unpacked.root / "run").stat().st_mode & 0o100
    assert not (unpacked.root / "top/a.txt").stat().st_mode & 0o111


@pytest.mark.parametrize("kind", KINDS)
@given(files=trees())
@settings(max_examples=20, deadline=None)
def test_unpacking_is_the_inverse_of_packing(kind: str, files: dict[str, bytes]) -> None:
    """Any tree that may lie in an archive comes out as it went in."""
    data = packed(files, kind)
    with tempfile.TemporaryDirectory() as directory:
        archive, root = Path(directory, "archive"), Path(directory, "root")
        archive.write_bytes(data)
        root.mkdir()

        planted = unpack(archive, root, Guard("a.tar", len(data), Limits()))

        found = {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }
        directories = {path for path in files if path.endswith("/")}
        assert found == {path: one for path, one in files.items() if path not in directories}
        assert all((root / path).is_dir() for path in directories)
        assert set(planted) == {str(path.relative_to(root)) for path in root.rglob("*")}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_damage_gives_the_right_bytes_or_an_error_of_ours(
    kind: str, data: st.DataObject
) -> None:
    """Nothing else comes out, and nothing is written beside the directory."""
    whole = bytearray(packed(FILES, kind))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(whole) - 1))
        whole[position : position + 1] = data.draw(st.binary(max_size=3))
        if not whole:
            break
    with tempfile.TemporaryDirectory() as directory:
        archive, root = Path(directory, "archive"), Path(directory, "outer", "root")
        archive.write_bytes(whole)
        root.mkdir(parents=True)

        with contextlib.suppress(ArchiveError, UnsafeArchiveError):
            unpack(archive, root, Guard("a", len(whole), Limits()))

        assert {path.name for path in Path(directory).iterdir()} == {"archive", "outer"}
        assert [path.name for path in root.parent.iterdir()] == ["root"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_standard_librarys_tars_are_read(unpacking: Unpack, source: Path, form: int) -> None:
    """Long names too, in each of the three formats."""
    long = "long/" + "/".join(["x" * 60] * 2) + "/" + "y" * 40
    (source / long).parent.mkdir(parents=True)
    (source / long).write_bytes(b"far away")
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        archive.add(source, ".")

    unpacked = unpacking(target.getvalue())

    assert unpacked.files == {**FILES, "hollow/": b"", long: b"far away"}


@pytest.mark.parametrize("style", ["gnu", "posix", "ustar", "v7", "oldgnu"])
def test_the_systems_tars_are_read(
    unpacking: Unpack, source: Path, tmp_path: Path, style: str
) -> None:
    """What GNU tar makes in its formats, from before there was a magic on."""
    made = tmp_path / "made.tar"
    subprocess.run(
        ["tar", f"--format={style}", "-cf", made, "-C", source, "."], check=True, timeout=30
    )

    assert unpacking(made.read_bytes()).files == {**FILES, "hollow/": b""}


def test_a_large_file_is_read_in_pieces(unpacking: Unpack) -> None:
    """More than is held in memory at once, in each kind the same."""
    content = os.urandom(300_000) * 5

    assert unpacking(packed({"large": content}, "tar.gz")).files == {"large": content}


def test_a_zip_of_the_standard_librarys_is_read(unpacking: Unpack, source: Path) -> None:
    """Stored, deflated and by bzip2; with the sizes behind the data, and with 64-bit fields."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number, (path, content) in enumerate(FILES.items()):
            method = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)[number % 3]
            info = zipfile.ZipInfo(path)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=number % 2 == 0) as member:
                member.write(content)

    assert unpacking(target.getvalue(), name="a.zip").files == FILES


def test_a_streamed_zip_is_read(unpacking: Unpack, tmp_path: Path) -> None:
    """Written to a pipe, the sizes follow the data."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in FILES.items():
            archive.writestr(path, content)

    assert unpacking(pipe.data).files == FILES


def test_names_are_read_in_the_zips_own_ways(unpacking: Unpack, by_hand: Any) -> None:
    """UTF-8 by the flag or the extra field, else the IBM PC's characters."""
    import zlib

    raw = b"\x82.txt"
    extra = b"\1" + zlib.crc32(raw).to_bytes(4, "little") + "ü.txt".encode()
    field = (0x7075).to_bytes(2, "little") + len(extra).to_bytes(2, "little") + extra
    data = by_hand.zip(
        by_hand.Zipped("é.txt".encode(), b"1", flags=1 << 11),
        by_hand.Zipped(b"x\x82.txt", b"2"),
        by_hand.Zipped(raw, b"3", extra=field),
    )

    assert unpacking(data).files == {"é.txt": b"1", "xé.txt": b"2", "ü.txt": b"3"}


def test_read_only_is_as_asked(unpacking: Unpack) -> None:
    """In the cache nobody is to change a file; directories let their owner delete."""
    mask = os.umask(0)
    try:
        root = unpacking(packed(FILES, "tar", executable="run"), read_only=True).root
    finally:
        os.umask(mask)

    modes = {str(path.relative_to(root)): path.stat().st_mode & 0o7777 for path in root.rglob("*")}
    assert modes["top/a.txt"] == 0o444
    assert modes["run"] == 0o555
    assert modes["top"] == 0o755


def test_modes_are_two(unpacking: Unpack, by_hand: Any) -> None:
    """Whatever the archive says: no set-user-id, nothing that others may write to."""
    data = by_hand.tar(
        by_hand.member(b"a", b"a", mode=0o6777), by_hand.member(b"b", b"b", mode=0o066)
    )
    mask = os.umask(0)
    try:
        root = unpacking(data).root
    finally:
        os.umask(mask)

    assert (root / "a").stat().st_mode & 0o7777 == 0o755
    assert (root / "b").stat().st_mode & 0o7777 == 0o644


def test_what_it_is_is_seen_from_the_content(unpacking: Unpack) -> None:
    """The name may say what it likes."""
    assert unpacking(packed(FILES, "zip"), name="a.tar.gz").files == FILES


def test_an_empty_tar_is_known_by_its_name(unpacking: Unpack) -> None:
    """Zeros alone are no archive, unless it says so."""
    assert unpacking(bytes(10240), name="nothing.tar").files == {}
    with pytest.raises(ArchiveError, match="neither a zip nor a tar"):
        unpacking(bytes(10240), name="nothing.bin")


def test_an_empty_zip_is_one(unpacking: Unpack) -> None:
    """It is an end record alone."""
    assert unpacking(packed({}, "zip")).files == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "neither a zip nor a tar"),
        (b"hello", "neither a zip nor a tar"),
        (b"<!DOCTYPE html>" * 100, "neither a zip nor a tar"),
        (b"PKhello", "neither a zip nor a tar"),
        (packed({"a": b"x" * 2000}, "tar")[512:], "neither a zip nor a tar"),
    ],
)
def test_what_is_no_archive_is_said(unpacking: Unpack, data: bytes, reason: str) -> None:
    """The error names the file."""
    with pytest.raises(ArchiveError, match=reason) as caught:
        unpacking(data, name="some.file")
    assert caught.value.archive == "some.file"


def test_a_compressed_file_is_pointed_to_its_own_option(unpacking: Unpack) -> None:
    """It is no archive, but what is in it can be had."""
    import gzip

    with pytest.raises(ArchiveError, match="--decompress"):
        unpacking(gzip.compress(b"a,b\n" * 500))


def test_a_link_in_the_archives_place_is_not_followed(tmp_path: Path) -> None:
    """What was verified is what is read."""
    (tmp_path / "real").write_bytes(packed(FILES))
    (tmp_path / "link").symlink_to("real")

    with pytest.raises(OSError, match="symbolic links"):
        unpack(tmp_path / "link", tmp_path, Guard("a", 1, Limits()))
