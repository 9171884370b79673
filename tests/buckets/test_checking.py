"""What differs is told, and neither side changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from store.buckets.checking import check_directory
from store.errors import TransportError, UnverifiedError
from store.testing.bucket_trees import calls, fill, held, lay, tree
from store.testing.objects import FakeObjects
from store.transports.objects.base import ObjectMeta


def test_each_name_gets_a_sign(tmp_path: Path) -> None:
    """Alike, only here, only there, other."""
    objects = FakeObjects()
    here = lay(tmp_path / "here", {"alike": "1", "other": "2", "here": "3"})
    fill(objects, {"d/alike": "1", "d/other": "x", "d/../there": "4", "outside": "5"})

    up = check_directory(objects, here, remote="d", memory=tmp_path / "m")
    down = check_directory(objects, here, remote="d", up=False, memory=tmp_path / "m")

    assert [str(line) for line in up.lines] == [
        "- %%%2E%2E/there", "= alike", "+ here", "* other",
    ]  # fmt: skip
    assert [line.sign for line in down.lines] == ["+", "=", "-", "*"]
    assert not up.alike
    assert calls(objects, "put", "copy", "delete", "get") == []
    assert tree(here) == {"alike": "1", "other": "2", "here": "3"}


def test_what_cannot_be_told_is_told_so(tmp_path: Path) -> None:
    """One failure does not hide the rest."""

    class Failing(FakeObjects):
        def head(self, key: str, **options: Any) -> ObjectMeta:
            raise TransportError("out of order", status=500)

    objects = Failing()
    here = lay(tmp_path / "here", {"a": "1", "b": "2"})
    fill(objects, {"a": "1", "b": "x"})

    report = check_directory(objects, here, memory=tmp_path / "m")

    assert [str(line) for line in report.lines] == ["= a", "! b"]
    assert isinstance(report.lines[1].error, TransportError)
    assert held(objects) == {"a": "1", "b": "x"}


def test_a_file_that_cannot_be_read_is_told_so(tmp_path: Path) -> None:
    """It was there when the directory was looked through."""
    here = lay(tmp_path / "here", {"a": "1", "b": "2"})

    class Slow(FakeObjects):
        def list(self, prefix: str = "", **options: Any) -> Any:
            (here / "b").unlink(missing_ok=True)
            return super().list(prefix, **options)

    objects = Slow()
    fill(objects, {"a": "1", "b": "2"})

    report = check_directory(objects, here, memory=tmp_path / "m")

    assert [str(line) for line in report.lines] == ["= a", "! b"]


def test_nothing_is_presumed(tmp_path: Path) -> None:
    """Of an object in parts of an odd size, without a checksum, the size alone tells nothing."""

    class Parted(FakeObjects):
        def head(self, key: str, **options: Any) -> ObjectMeta:
            return super().head(key, **options)._replace(etag=f"{'0' * 32}-3")

        def list(self, prefix: str = "", *, after: str | None = None) -> Iterator[ObjectMeta]:
            for meta in super().list(prefix, after=after):
                yield meta._replace(etag=f"{'0' * 32}-3")

    objects = Parted()
    here = lay(tmp_path / "here", {"a": "1"})
    fill(objects, {"a": "x"})
    os.utime(here / "a", (1, 1))  # older than the object

    for up in (True, False):
        report = check_directory(objects, here, up=up, memory=tmp_path / "m")

        assert [str(line) for line in report.lines] == ["! a"]
        assert isinstance(report.lines[0].error, UnverifiedError)
        assert not report.alike
