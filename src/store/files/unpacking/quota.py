"""How much a packed file may unpack to."""

from __future__ import annotations

from typing import Final

from store.errors import TooLargeError

LARGEST: Final = 50 * 1024**3
"""To how much a file may unpack where nobody says otherwise, in bytes."""

_FREELY: Final = 64 << 20
"""How much may be unpacked before the ratio counts, in bytes."""

_RATIO: Final = 200
"""How many times its packed size a file may unpack to, as `store.files.unpacking.limits` has it."""


class Quota:
    """How much may still be unpacked of one file.

    Args:
        path: The file, for messages.
        packed: Its size in bytes.
        max_size: How much may be unpacked of it in all, in bytes; None is 50 GiB, and no more than 64 MiB and
            200 times its size.
    """

    def __init__(self, path: str, packed: int, max_size: int | None) -> None:
        self._path = path
        usual = min(LARGEST, _FREELY + _RATIO * packed)
        self._limit = usual if max_size is None else max_size
        self._taken = 0

    def take(self, size: int) -> None:
        """Count what was unpacked.

        Raises:
            TooLargeError: It is more than may be.
        """
        self._taken += size
        if self._taken > self._limit:
            raise TooLargeError(
                f"{self._path} unpacks to more than {self._limit} bytes: give max_size= if that is right",
                limit=self._limit,
                size=self._taken,
            )
