"""How much an archive may bring, and the errors for one that is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from store.errors import ArchiveError, UnsafeArchiveError

RATIO_FLOOR: Final = 64 << 20
"""Below how many bytes nobody minds how well something was compressed."""

_HEADERS: Final = 4 << 10
"""How many bytes of an archive's own are put up with for each member that is allowed."""


@attrs.frozen(kw_only=True)
class Limits:
    """How much an archive may bring.

    Attributes:
        max_bytes: The most bytes that are written, over all members.
        max_ratio: How many times its own size it may become; looked at from 64 MiB on.
        max_members: The most members.
        max_depth: The most directories in one another.
        max_path: The longest path of a member, in bytes of UTF-8.
    """

    max_bytes: int = 50 << 30
    max_ratio: int = 200
    max_members: int = 100_000
    max_depth: int = 64
    max_path: int = 1024


_STEP: Final = "ask its maker for another, or unpack it yourself where it can do no harm"
"""What may be done about an archive that no setting makes acceptable."""


class Guard:
    """Counts what one archive brings, and makes the errors that name it.

    Args:
        archive: What a person would call it.
        size: Its size in bytes.
        limits: How much it may bring.
        tick: Is called with the bytes written so far, now and then; what it raises ends the work.
    """

    def __init__(
        self,
        archive: str,
        size: int,
        limits: Limits,
        tick: Callable[[int], None] | None = None,
    ) -> None:
        self.archive = archive
        self.size = size
        self.limits = limits
        self._tick = tick
        self._members = 0
        self._written = 0
        self._decompressed = 0
        ratio = max(RATIO_FLOOR, size * limits.max_ratio)
        self._most = min(limits.max_bytes, ratio)
        self._most_decompressed = self._most + limits.max_members * _HEADERS

    def member(self, name: str) -> None:
        """Count a member.

        Raises:
            UnsafeArchiveError: There are too many.
        """
        self._members += 1
        if self._members > self.limits.max_members:
            raise self.unsafe(
                f"there are more than {self.limits.max_members} members", "unpack_max_members", name
            )
        self.tick()

    def write(self, count: int, name: str) -> None:
        """Count bytes before they are written.

        Raises:
            UnsafeArchiveError: They are too many.
        """
        self._written += count
        if self._written > self._most:
            raise self._too_large(name)
        self.tick()

    def announce(self, count: int) -> None:
        """Take note of how much the archive says it will bring in all.

        Raises:
            UnsafeArchiveError: That is too much already.
        """
        if count > self._most:
            raise self._too_large(None)

    def decompress(self, count: int) -> None:
        """Count bytes that came out of the compression, headers and padding included.

        Raises:
            UnsafeArchiveError: They are more than files within the limits would need.
        """
        self._decompressed += count
        if self._decompressed > self._most_decompressed:
            raise self._too_large(None)

    def tick(self) -> None:
        """Let the caller see how far it is, and end the work if it must."""
        if self._tick is not None:
            self._tick(self._written)

    def damaged(self, reason: str, member: str | None = None) -> ArchiveError:
        """Return the error for an archive that is not well formed."""
        return ArchiveError(
            f"{self.archive} cannot be unpacked: {_beginning(member)}{reason};"
            " it was like this at its source: ask there for a whole one",
            archive=self.archive,
            member=member,
        )

    def foreign(self, reason: str, member: str | None = None) -> ArchiveError:
        """Return the error for a file, or a part of it, that is nothing we unpack."""
        return ArchiveError(
            f"{self.archive} cannot be unpacked: {_beginning(member)}{reason}",
            archive=self.archive,
            member=member,
        )

    def unsafe(
        self, reason: str, limit: str, member: str | None = None, step: str = ""
    ) -> UnsafeArchiveError:
        """Return the error for what is refused; ``limit`` is the rule or setting that says no."""
        more = step or (
            f"raise the setting {limit} if you trust it" if limit.startswith("unpack_") else _STEP
        )
        return UnsafeArchiveError(
            f"{self.archive} is not unpacked: {_beginning(member)}{reason}: {more}",
            archive=self.archive,
            member=member,
            limit=limit,
        )

    def _too_large(self, member: str | None) -> UnsafeArchiveError:
        if self._most == self.limits.max_bytes:
            reason = f"it would become larger than {self.limits.max_bytes} bytes"
            return self.unsafe(reason, "unpack_max_size", member)
        reason = f"it would become more than {self.limits.max_ratio} times its size"
        return self.unsafe(reason, "unpack_max_ratio", member)


def _beginning(member: str | None) -> str:
    if member is None:
        return ""
    shown = member.encode(errors="backslashreplace").decode()[:200]
    return f"{shown!r}: "
