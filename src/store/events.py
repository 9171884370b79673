"""What happens on the way to a file, as typed values.

Whoever wants to know (a progress bar, ``--json`` lines, a caller) passes a `Listener`; the rooms that
move, verify and keep bytes tell it. A listener is called from the thread that does the work and must
return quickly; what it raises ends the work.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened to a resource.

    Attributes:
        name: What a person would call the resource: a file name or locator.
    """

    name: str


@attrs.frozen(kw_only=True)
class Started(Event):
    """A download begins, after the cache had no answer."""

    uid: str


@attrs.frozen(kw_only=True)
class Attempted(Event):
    """An address is asked; ``number`` counts from 1 over all addresses."""

    address: str
    number: int


@attrs.frozen(kw_only=True)
class Progressed(Event):
    """Bytes arrived; ``total`` is None where the server does not say."""

    received: int
    total: int | None


@attrs.frozen(kw_only=True)
class Retried(Event):
    """An attempt failed in a way that may pass; the next begins after ``delay`` seconds."""

    address: str
    reason: str
    delay: float


@attrs.frozen(kw_only=True)
class Verified(Event):
    """The content is what its digests say; ``digests`` are ``algorithm:hex``."""

    digests: tuple[str, ...]
    size: int


@attrs.frozen(kw_only=True)
class Waited(Event):
    """Another thread or process is fetching the same resource; ``holder`` says who, if known."""

    holder: str


@attrs.frozen(kw_only=True)
class Hit(Event):
    """The cache had the file; nothing was moved."""

    path: str


@attrs.frozen(kw_only=True)
class Cached(Event):
    """The cache owns the file from now on."""

    path: str
    uid: str


@attrs.frozen(kw_only=True)
class Quarantined(Event):
    """A cached file was not what its digest says; it was set aside."""

    path: str
    reason: str


@attrs.frozen(kw_only=True)
class Failed(Event):
    """The resource could not be had."""

    reason: str


Listener = Callable[[Event], None]
"""Is told each event as it happens."""
