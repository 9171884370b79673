"""Suffixes are hints, for names."""

from __future__ import annotations

import pytest

from store.files.unpacking.suffixes import decompressed_name, names_archive, stem_of


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("six-1.17.0.tar.gz", "six-1.17.0"),
        ("a.tgz", "a"),
        ("A.ZIP", "A"),
        ("six-1.17.0-py3-none-any.whl", "six-1.17.0-py3-none-any"),
        ("a.tar.zst", "a"),
        ("a.tar", "a"),
    ],
)
def test_the_stem_is_without_the_archives_suffix(name: str, stem: str) -> None:
    """Both of two suffixes go."""
    assert stem_of(name) == stem
    assert names_archive(f"https://host/dir/{name}")


@pytest.mark.parametrize("name", ["a", "a.txt", ".tar.gz", "a.gz", "a.zip.txt", ""])
def test_other_names_stay(name: str) -> None:
    """A suffix alone is a name."""
    assert stem_of(name) == name
    assert not names_archive(name)


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("a.csv.gz", "a.csv"),
        ("a.tar.xz", "a.tar"),
        ("a.tgz", "a.tar"),
        ("a.TBZ2", "a.tar"),
        ("a.zst", "a"),
        ("a.bz2", "a"),
        ("a", "a"),
        (".gz", ".gz"),
    ],
)
def test_a_decompressed_file_loses_its_suffix(name: str, inner: str) -> None:
    """What is inside a .tgz is a .tar."""
    assert decompressed_name(name) == inner
