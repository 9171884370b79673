"""Reads the plainest locators: an http address that pins its content."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from store.fetching.locator import Listed
from store.fetching.results import Result
from store.integrity.digest import Digest
from store.transports.attempts import Attempt

_PLAIN: Final = re.compile(
    r"((https?://[a-z0-9.-]+(?::[0-9]{1,5})?)/(?:[A-Za-z0-9._~$&'()*+,=:%-]+/)*"
    r"([A-Za-z0-9_][A-Za-z0-9._+-]{0,199}))"
    r"#sha256[=:]([0-9a-f]{64})"
)
"""No user, no query, SHA-256, no ``!`` that may be before a member of an archive, nothing in the file's name
that would have to be made safe."""


DRIVER: Final = "http"
"""The driver that such a locator is asked of."""


class Pinned(NamedTuple):
    """An address and what its content must be."""

    address: str
    origin: str
    """Scheme, host and port, as the address spells them."""
    name: str
    """The file's name, which is safe."""
    digest: Digest
    uid: str


def read_pinned(locator: object) -> Pinned | None:
    """Read a locator that the driver ``http`` is asked for without any question.

    Returns:
        What it says; None for any other, which `store.fetching.locator` reads.
    """
    if type(locator) is Listed and len(locator.digests) == 1:
        locator = f"{locator.locator}#{locator.digests[0]}"
    if type(locator) is not str:
        return None
    match = _PLAIN.fullmatch(locator)
    if match is None:
        return None
    address, origin, name, number = match.groups()
    return Pinned(address, origin, name, Digest("sha256", number), f"sha256:{number}")


def result_of(pinned: Pinned, path: str, size: int, attempts: tuple[Attempt, ...] = ()) -> Result:
    """Return the result of a resource that the cache had, or that came with these attempts."""
    return Result(
        pinned.address,
        DRIVER,
        pinned.uid,
        Path(path),
        size,
        (pinned.uid,),
        True,
        not attempts,
        attempts,
    )
