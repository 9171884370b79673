"""Reads a file as text, and says so where it is none."""

from __future__ import annotations

import codecs
import contextlib
import functools
import io
from collections.abc import Iterator
from typing import Final

from store.errors import QueryError, UnknownNameError

DEFAULT_ENCODING: Final = "utf-8"
"""How text is read where nobody says otherwise."""


class Text(io.TextIOWrapper):
    """A stream of text; what cannot be decoded is an error of ours that names the file and a way out.

    Args:
        raw: The stream of bytes.
        encoding: From `encoding_of`.
        path: The file.
    """

    def __init__(self, raw: io.BufferedReader, encoding: str, path: str) -> None:
        self._path = path
        super().__init__(raw, encoding=encoding)

    def read(self, size: int | None = -1, /) -> str:
        """Read so many characters; all of them without a size.

        Raises:
            QueryError: The file is no text of that encoding.
        """
        with self._decoding():
            return super().read(size)

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        """Read a line; an empty text at the end.

        Raises:
            QueryError: The file is no text of that encoding.
        """
        with self._decoding():
            return super().readline(size)

    def readlines(self, hint: int = -1, /) -> list[str]:  # type: ignore[override]
        """Read all lines, or until so many characters were read.

        Raises:
            QueryError: The file is no text of that encoding.
        """
        with self._decoding():
            return super().readlines(hint)

    def __next__(self) -> str:  # type: ignore[override]
        """Read a line.

        Raises:
            QueryError: The file is no text of that encoding.
        """
        with self._decoding():
            return super().__next__()

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        """Go through the lines, at no cost for each."""
        with self._decoding():
            yield from iter(functools.partial(io.TextIOWrapper.readline, self), "")

    @contextlib.contextmanager
    def _decoding(self) -> Iterator[None]:
        try:
            yield
        except UnicodeError as error:
            raise QueryError(
                f"{self._path} is no text in {self.encoding} ({error.args[-1]}): give its encoding=, or"
                " read it as bytes with default_mode='rb'",
                query=self.encoding,
            ) from error


def encoding_of(name: str | None) -> str:
    """Return an encoding that text can be read in.

    Args:
        name: Its name; None is UTF-8.

    Raises:
        UnknownNameError: There is none of that name, or it is none of text.
    """
    wanted = DEFAULT_ENCODING if name is None else name
    try:
        known = codecs.lookup(wanted)
    except (LookupError, ValueError, TypeError) as error:
        raise _unknown(name) from error
    if not getattr(known, "_is_text_encoding", True):
        raise _unknown(name)
    return wanted


def _unknown(name: object) -> UnknownNameError:
    return UnknownNameError(
        f"there is no encoding {name!r} of text: give one such as 'utf-8', 'utf-16' or 'latin-1'",
        kind="encoding",
        name=str(name),
    )
