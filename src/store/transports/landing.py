"""Opens a body, afresh or where it broke off, and lets it land."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from store.errors import TransportError
from store.files.atomic import replacing
from store.files.budding import Budding
from store.files.growing import Growing, Stretches, gaps
from store.transports.base import Conditions, Stream, TransferOptions, Transport
from store.transports.crowding import try_enter
from store.transports.handing import taken
from store.transports.ranges import PARTED_FROM, Opener, Room
from store.transports.resuming import is_the_same, strong, worth_keeping
from store.transports.retrying import is_transient
from store.transports.spans import Mark

log = logging.getLogger(__name__)


class Place(NamedTuple):
    """A file that a body is written into."""

    descriptor: int
    """Open for reading and writing."""
    have: Stretches
    """What is there already."""
    mark: Mark | None
    """Is to be told what was written, or None."""
    ripen: Callable[[], None]
    """Is to be called now and then while it is filled."""


def opened(
    transport: Transport,
    address: str,
    part: Growing | None,
    conditions: Conditions | None = None,
    *,
    last: bool = False,
) -> tuple[Stream, Growing | None]:
    """Open a body at the first byte that is missing of its part, else from the beginning.

    Args:
        transport: Opens the address.
        address: Where the body is.
        part: What is there already, or None. It is closed where the body cannot be opened, and removed
            where it has to begin anew.
        conditions: Under which condition the whole is wanted, or None.
        last: Whether this is the last try: a source that fails where a part is asked for, and only there,
            then gives the whole.

    Returns:
        The stream, and the part it goes on with, or None.

    Raises:
        StoreError: What the transport says.
        OSError: It is a stranger's, and raises what is no error of ours.
    """
    if part is None or part.about is None:
        return taken(address) or transport.open_stream(address, conditions=conditions), None
    try:
        offset = gaps(part.stretches, part.about["total"])[0][0]
        stream = _continued(transport, address, offset, part.about["etag"], last=last)
        if stream is not None and is_the_same(part, stream, offset):
            return stream, part
        if stream is not None and stream.offset != 0:
            stream.close()
            stream = None
        stream = stream or taken(address) or transport.open_stream(address, conditions=conditions)
    except BaseException:
        part.close()
        raise
    part.discard()
    return stream, None


def _continued(
    transport: Transport, address: str, offset: int, etag: str, *, last: bool
) -> Stream | None:
    """Open the rest of a body; None where the source has no such rest, or none that can be understood."""
    try:
        return transport.open_stream(address, offset, conditions=Conditions(if_range=etag))
    except TransportError as error:
        if is_transient(error) and not (last and error.status is not None):
            raise
        log.debug("%s is asked for from its beginning: %s", error.url, error)
        return None


def may_be_parted(stream: Stream) -> bool:
    """Whether a body is so large that a crew is to bring it, from a source that gives ranges of it."""
    large = stream.size is not None and stream.size >= PARTED_FROM
    return large and stream.accepts_ranges and strong(stream.etag)


def opener_of(transport: Transport, address: str, first: Stream) -> Opener | None:
    """Return what opens further ranges of the version that a stream gives; None where none can be had."""
    etag, total = first.etag, first.size
    if not first.accepts_ranges or not strong(etag) or total is None:
        return None

    def open_range(start: int, end: int) -> Stream:
        """Open a range, if it is of the version that was begun."""
        conditions = Conditions(if_range=etag, until=end)
        stream = transport.open_stream(address, start, conditions=conditions)
        if (stream.offset, stream.etag, stream.size) == (start, etag, total):
            return stream
        stream.close()
        raise TransportError(
            f"{stream.address}: the server answered the range from byte {start} on with something else",
            url=stream.address,
        )

    return open_range


def room_at(stream: Stream, options: TransferOptions) -> Room:
    """Return what takes seats for further connections to where a stream comes from."""
    return lambda: try_enter(stream.address, options.per_host)


@contextlib.contextmanager
def landing(target: Path, part: Growing | Budding | None, *, durable: bool) -> Iterator[Place]:
    """Give a file that lies at ``target`` once the block ends well.

    Args:
        target: Where it is to lie.
        part: Is filled and put there; kept where the block fails and that is worth it. None takes a
            hidden file beside the target, of which nothing is left when the block fails.
        durable: Return only when a power cut can no longer take the file away.

    Raises:
        OSError: It cannot be made or renamed.
    """
    if part is None:
        with replacing(target, durable=durable) as descriptor:
            yield Place(descriptor, [], None, _stay)
        return
    ripen = part.ripen if isinstance(part, Budding) else _stay
    try:
        yield Place(part.descriptor, part.stretches, part.mark, ripen)
        part.publish(target, durable=durable)
    except BaseException as error:
        if worth_keeping(error):
            part.leave()
        else:
            part.discard()
        raise


def _stay() -> None:
    """Leave a file as it is."""
