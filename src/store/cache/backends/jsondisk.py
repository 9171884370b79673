"""The part of diskcache that stores values: text, and nothing else.

diskcache's own unpickles whatever a row says is pickled (CVE-2025-69872), and opens and deletes the files
that rows name. This one does neither.
"""

from __future__ import annotations

from typing import Any

import diskcache
from diskcache.core import MODE_RAW, UNKNOWN


class TextDisk(diskcache.Disk):  # type: ignore[misc, unused-ignore] # diskcache is untyped
    """Keys and values are text in the database itself."""

    def put(self, key: Any) -> tuple[str, bool]:  # noqa: ANN401 - diskcache's signature
        """Return a key as it lies in the database."""
        return _text(key), True

    def get(self, key: Any, raw: bool) -> str:  # noqa: ANN401, FBT001 - diskcache's signature
        """Return a key from the database."""
        del raw
        return _text(key)

    def store(
        self,
        value: Any,  # noqa: ANN401 - diskcache's signature
        read: bool,  # noqa: FBT001 - diskcache's signature
        key: Any = UNKNOWN,  # noqa: ANN401 - diskcache's signature
    ) -> tuple[int, int, None, str]:
        """Return a value as it lies in the database."""
        del read, key
        text = _text(value)
        return len(text), MODE_RAW, None, text

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> str:  # noqa: ANN401, FBT001
        """Return a value from the database; any other kind of row is no entry of ours.

        Raises:
            OSError: It is another kind, which diskcache takes for a miss.
        """
        del read
        if mode != MODE_RAW or filename is not None or not isinstance(value, str):
            raise OSError("the row is no text")
        return value

    def filename(self, key: Any = UNKNOWN, value: Any = UNKNOWN) -> tuple[str, str]:  # noqa: ANN401
        """Refuse: values never lie in files of their own.

        Raises:
            TypeError: Always.
        """
        del key, value
        raise TypeError("values lie in the database")

    def remove(self, file_path: str) -> None:
        """Do nothing: a file that a row names is none of ours."""


def _text(value: Any) -> str:  # noqa: ANN401 - whatever diskcache was given
    if type(value) is not str:
        raise TypeError(f"{type(value).__name__} is no text")
    return value
