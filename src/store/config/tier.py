"""One shared tier: a place where a team keeps what it has fetched."""

from __future__ import annotations

from typing import Final, NamedTuple

TIMEOUT: Final = 5.0
"""How long a tier may be silent unless its table says otherwise, in seconds."""

READ_ONLY: Final = "|read-only"
"""What stands behind the address of a tier that is not written to, in a variable or flag."""


class Tier(NamedTuple):
    """A place that is asked after the local cache and before the origin.

    Attributes:
        address: An absolute path, ``http(s)://host/path``, or ``s3://bucket/prefix`` (``gs``, ``az``,
            ``bucket:NAME/prefix``); without secrets, and without a slash at the end.
        write: Whether what was fetched elsewhere is written to it.
        timeout: How long it may be silent before it is passed over for the rest of the run, in seconds.
    """

    address: str
    write: bool = True
    timeout: float = TIMEOUT

    def __str__(self) -> str:
        """Return the tier as a variable spells it; its timeout is not told."""
        return self.address if self.write else f"{self.address}{READ_ONLY}"
