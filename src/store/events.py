"""What happens on the way to a file, as typed values.

Whoever wants to know (progress bars, ``store fetch --events``, ``store stats``, a caller) passes a
`Listener`; the rooms that move, verify and keep bytes tell it. A listener is called from the thread that
does the work and must return quickly; what it raises ends the work.

Of one fetch the events come in this order, those in brackets where there is something to tell::

    [Retried…] [Quarantined] [Waited] [Unpacked] Hit
    [Retried…] [Quarantined] [Waited] Started [attempts] [Shared] Verified [Unpacked] Cached | Bypassed
    … Failed

An attempt is ``Attempted [Resumed] [Parted] Progressed…``; where it fails, ``[Saved] AttemptFailed`` follows,
and then perhaps ``Retried`` and another attempt. A driver that does not `receive` tells of no attempts. Where
an answer turns out to be outdated, a shared tier failed, or the cache is full, ``Started`` comes again. A
file with a greatest age has no ``Verified``, and ``Hit`` after ``Started`` where it turns out to be what it
was. The last event is one of `ENDS`, and there is one of them; a failure may come after any other event.

The events of one fetch have one ``uid``, that of the resource; ``name`` is for people, and two resources that
are fetched at once may share it. Before it is known which resource is wanted, where a question is `Retried`
or has `Failed`, the ``uid`` is an empty text. `key_of` is what to tell fetches apart by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias


class Started(NamedTuple):
    """A download begins, after the cache had no answer."""

    name: str
    uid: str
    driver: str = ""
    """The name of the driver that is to bring it."""


class Attempted(NamedTuple):
    """An address is asked; ``number`` counts from 1 over all addresses."""

    name: str
    address: str
    number: int
    uid: str = ""


class AttemptFailed(NamedTuple):
    """An address did not give the resource; what comes next is told by the next event."""

    name: str
    address: str
    number: int
    reason: str
    uid: str = ""


class Resumed(NamedTuple):
    """An attempt goes on where an earlier one, or a run that was cut off, has ended."""

    name: str
    address: str
    received: int
    """The bytes that are there already."""
    uid: str = ""


class Parted(NamedTuple):
    """A large body comes over several connections from now on."""

    name: str
    address: str
    connections: int
    uid: str = ""


class Progressed(NamedTuple):
    """Bytes arrived; ``total`` is None where the server does not say."""

    name: str
    received: int
    total: int | None
    uid: str = ""


class Retried(NamedTuple):
    """An attempt failed in a way that may pass; the next begins after ``delay`` seconds."""

    name: str
    address: str
    reason: str
    delay: float
    uid: str = ""


class Saved(NamedTuple):
    """An attempt broke off, and what came of it is kept: the next one goes on from there."""

    name: str
    received: int
    """The bytes that are there."""
    total: int
    uid: str = ""


class Shared(NamedTuple):
    """A shared tier had the content: the origin is not asked."""

    name: str
    tier: str
    """Where the tier is, without secrets."""
    size: int
    """In bytes."""
    uid: str = ""


class Verified(NamedTuple):
    """The content is what its digests say; ``digests`` are ``algorithm:hex``."""

    name: str
    digests: tuple[str, ...]
    size: int
    uid: str = ""


class Unpacked(NamedTuple):
    """A tree was made of what is in an archive; no tree that was there already is told of."""

    name: str
    path: str
    """The tree: in the cache, or where it was wanted if the cache could not keep it."""
    members: int
    """How many files and directories are in it."""
    size: int
    """Of all files, in bytes."""
    uid: str = ""


class Waited(NamedTuple):
    """Another thread or process is fetching the same resource; ``holder`` says who, if known."""

    name: str
    holder: str
    uid: str = ""


class Hit(NamedTuple):
    """The cache had the file, or has got it from another process; nothing was moved. It is an end."""

    name: str
    path: str
    """The file in the cache."""
    size: int = 0
    """In bytes."""
    uid: str = ""


class Cached(NamedTuple):
    """The cache owns the file from now on, and it lies where it was wanted. It is an end."""

    name: str
    path: str
    """The file in the cache."""
    uid: str


class Bypassed(NamedTuple):
    """The file lies where it was wanted, but the cache could not keep it. It is an end."""

    name: str
    path: str
    reason: str
    """Why the cache could not."""
    uid: str = ""


class Quarantined(NamedTuple):
    """A cached file was not what its digest says; it was set aside."""

    name: str
    path: str
    reason: str
    uid: str = ""


class Failed(NamedTuple):
    """The resource could not be had. It is an end."""

    name: str
    reason: str
    error: str = ""
    """The class of the error as `store.errors` has it; one of `STOPS` where it was broken off."""
    driver: str = ""
    """The name of the driver that was asked, where one was found."""
    uid: str = ""


Event: TypeAlias = (
    Started
    | Attempted
    | AttemptFailed
    | Resumed
    | Parted
    | Progressed
    | Retried
    | Saved
    | Shared
    | Verified
    | Unpacked
    | Waited
    | Hit
    | Cached
    | Bypassed
    | Quarantined
    | Failed
)
"""Something that happened; ``name`` is what a person would call the resource: a file name or locator."""

ENDS: Final = (Hit, Cached, Bypassed, Failed)
"""The events that a fetch may end with."""

STOPS: Final = frozenset({"KeyboardInterrupt", "SystemExit", "GeneratorExit"})
"""The classes of what breaks a fetch off, through no fault of anybody."""

Listener = Callable[[Event], None]
"""Is told each event as it happens; but of hits only unless it has a ``hears_hits`` that is false.

Where it has a method ``look_up``, that is called now and then while many are fetched and nothing happens.
"""


def key_of(event: Event) -> str:
    """Return what tells the events of one fetch from those of others: its uid, else its name."""
    return event.uid or event.name


def stamped(listener: Listener, uid: str) -> Listener:
    """Return a listener that hands events on, those without a uid with this one.

    Args:
        listener: Who is told.
        uid: The resource's.
    """

    def tell(event: Event) -> None:
        """Hand an event on, with the uid it lacks."""
        listener(event if event.uid else event._replace(uid=uid))

    return tell
