"""What is no text is told as an error of ours, however it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from store.errors import QueryError, StoreError, UnknownNameError
from store.registry.manager import Cache
from store.registry.opening import Opener


@pytest.fixture
def stream(tmp_path: Path) -> IO[str]:
    """A stream of three lines, the last of which is no UTF-8."""
    path = tmp_path / "data.txt"
    path.write_bytes(b"first\nsecond\n" + b"x" * 20_000 + b"\xff\n")
    return Opener(path).result  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "read",
    [
        lambda stream: stream.read(),
        lambda stream: stream.readlines(),
        lambda stream: [stream.readline() for _ in range(3)],
        lambda stream: [next(stream) for _ in range(3)],
        list,
    ],
)
def test_each_way_to_read_names_the_file(
    stream: IO[str], read: Callable[[IO[str]], object]
) -> None:
    """And says how it can be read; it is the ValueError that Python's own is."""
    with pytest.raises(
        QueryError, match=r"data\.txt is no text in utf-8.*default_mode='rb'"
    ) as told:
        read(stream)

    assert isinstance(told.value, ValueError)
    assert isinstance(told.value.__cause__, UnicodeDecodeError)


def test_lines_come_as_from_any_stream(stream: IO[str]) -> None:
    """One after the other, and on where one left off."""
    assert next(stream) == "first\n"
    assert next(iter(stream)) == "second\n"


def test_a_content_is_read_at_once_or_refused(cache: Cache) -> None:
    """Also where the encoding wants a mark at the beginning."""
    item = cache.put("a", b"\xe4\n", filename="a.txt")

    with item.open(encoding="latin-1", large=False) as opened:
        assert opened.result == "ä\n"
    for encoding in ("ascii", "utf-16", "utf-32"):
        with pytest.raises(QueryError):
            item.open(encoding=encoding, large=False)


@pytest.mark.parametrize("name", ["nope", "rot13", "base64", "a\0b", ""])
def test_an_encoding_that_is_none_is_refused(cache: Cache, name: str) -> None:
    """The LookupError that Python's own is."""
    item = cache.put("a", b"text")

    with pytest.raises(UnknownNameError, match="no encoding") as told:
        item.open(encoding=name)

    assert isinstance(told.value, LookupError)
    assert isinstance(told.value, StoreError)
