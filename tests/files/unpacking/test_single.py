"""Single compressed files become what was compressed."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.errors import ArchiveError, UnsafeArchiveError
from store.files.unpacking.limits import Guard, Limits
from store.files.unpacking.single import decompress
from store.testing.archives import compressed, packed


@pytest.mark.parametrize("how", ["gz", "bz2", "xz", "zst"])
def test_a_compressed_file_is_decompressed(tmp_path: Path, how: str) -> None:
    """Under the name that was asked for, with its digest."""
    content = b"a,b\n" * 10_000
    data = compressed(content, how)
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "root").mkdir()

    planted = decompress(
        tmp_path / "data",
        tmp_path / "root",
        "a.csv",
        Guard("a.csv.gz", len(data), Limits()),
        read_only=True,
    )

    assert (tmp_path / "root/a.csv").read_bytes() == content
    assert (planted.path, planted.kind, planted.size) == ("a.csv", "file", len(content))
    assert not (tmp_path / "root/a.csv").stat().st_mode & 0o222


@pytest.mark.parametrize("data", [b"", b"plain", packed({"a": b"x"}, "zip")])
def test_what_is_not_compressed_is_said(tmp_path: Path, data: bytes) -> None:
    """A zip is an archive."""
    (tmp_path / "data").write_bytes(data)

    with pytest.raises(ArchiveError, match="not compressed"):
        decompress(tmp_path / "data", tmp_path, "a", Guard("a", len(data), Limits()))


def test_the_limits_hold(tmp_path: Path) -> None:
    """As for an archive."""
    data = compressed(bytes(100_000), "gz")
    (tmp_path / "data").write_bytes(data)

    with pytest.raises(UnsafeArchiveError, match="larger than 1000 bytes"):
        decompress(tmp_path / "data", tmp_path, "a", Guard("a", len(data), Limits(max_bytes=1000)))
