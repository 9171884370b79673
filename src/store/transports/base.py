"""What every transport is, and the bounds it keeps."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from store.clock import SYSTEM_CLOCK, Clock
from store.config.credentials import Credentials
from store.config.directories import standing_file
from store.config.model import Settings
from store.config.routes import NO_ROUTES, Routes
from store.frozen import Frozen, field

if TYPE_CHECKING:
    # A hit tells nobody, and asks no tier: both load when there is something to do.
    from store.config.tier import Tier
    from store.events import Listener
    from store.transports.tls import Tls

MAX_SIZE: Final = 50 * 1024**3
"""The most bytes that a body may have unless another limit is given: 50 GiB."""


class Bounds(Frozen):
    """The limits of one call; times in seconds, sizes in bytes, rates in bytes a second.

    Attributes:
        connect_timeout: How long a connection may take to come about.
        read_timeout: How long the server may be silent.
        stall_timeout: How long no byte may arrive, over all attempts of one body.
        minimum_rate: The slowest mean rate after ``grace``.
        grace: How long the rate is not looked at.
        deadline: How long the whole call may take, all attempts included; None for no limit.
        max_size: The most bytes a body may have.
        max_redirects: How many redirects are followed.
        allow_downgrade: Whether a redirect may lead from https to http.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    stall_timeout: float = 60.0
    minimum_rate: float = 1024.0
    grace: float = 30.0
    deadline: float | None = None
    max_size: int = MAX_SIZE
    max_redirects: int = 5
    allow_downgrade: bool = False


class Retrying(Frozen):
    """How often what is transient is tried again, and how long is waited in between, in seconds.

    The wait before try n+1 is drawn evenly between 0 and ``min(longest, base * 2**(n-1))`` (full jitter);
    a ``Retry-After`` of the server is waited for in its place, up to ``longest_retry_after`` and the
    deadline, else the call fails with the time in the error.
    """

    attempts: int = 4
    base: float = 0.5
    longest: float = 10.0
    longest_retry_after: float = 60.0


class TransferOptions(Frozen):
    """How bytes are to be moved: handed by the face to the store, and by the store to its transports.

    Attributes:
        bounds: The limits of one call.
        retrying: What is done about transient failures.
        offline: Open no socket: a transport that needs the network raises `OfflineError`.
        credentials: Where secrets come from.
        listener: Is told what happens, or None.
        clock: The time.
        durable: Whether what is received is to survive a power cut at once (``durability = "full"``).
        strict: Whether a driver that answers None by its old contract is to raise what went wrong, as the
            face, which never answers None, wants it.
        routes: The rules of addresses: mirrors, and what is not asked.
        user_agent: What is added to our own User-Agent.
        per_host: How many connections are held to one origin at once, by the whole process.
        limit_rate: The bandwidth that all transfers share which are given the same one, in bytes a
            second; None for no limit.
        tiers: The shared tiers that are asked before the origin, in order: see `store.sharing`.
        write_back_timeout: How long the end of a run waits for what is written to them, in seconds.
        standing: The file in which is remembered which origins failed, or None: see
            `store.transports.standing`.
        connections: How object stores are reached, by name, as the tables ``[connection.NAME]`` of the
            settings say it.
        tls: Whom to trust, and how to show oneself, at one origin; or None.
    """

    bounds: Bounds = Bounds()
    retrying: Retrying = Retrying()
    offline: bool = False
    credentials: Credentials = field(factory=Credentials, shown=False)
    listener: Listener | None = None
    clock: Clock = SYSTEM_CLOCK
    durable: bool = False
    strict: bool = False
    routes: Routes = NO_ROUTES
    user_agent: str = ""
    per_host: int = 16
    limit_rate: int | None = None
    tiers: tuple[Tier, ...] = ()
    write_back_timeout: float = 60.0
    standing: str | None = None
    connections: Mapping[str, Mapping[str, Any]] = field(factory=dict, shown=False)
    tls: Tls | None = None

    @classmethod
    def from_settings(cls, settings: Settings, listener: Listener | None = None) -> Self:
        """Return what settings decide, for callers that never answer None (``strict``).

        Args:
            settings: What the user decided.
            listener: Is told what happens, or None.
        """
        return cls(
            bounds=Bounds(
                connect_timeout=settings.connect_timeout,
                read_timeout=settings.read_timeout,
                stall_timeout=settings.stall_timeout,
                minimum_rate=settings.minimum_rate,
                deadline=settings.deadline,
                max_size=settings.max_size,
                allow_downgrade=settings.allow_downgrade,
            ),
            retrying=Retrying(attempts=settings.retries + 1),
            offline=settings.offline,
            credentials=Credentials(use_keyring=settings.keyring),
            listener=listener,
            durable=settings.durability == "full",
            strict=True,
            routes=settings.routes,
            user_agent=settings.user_agent,
            per_host=settings.per_host,
            limit_rate=settings.limit_rate,
            tiers=settings.shared,
            write_back_timeout=settings.write_back_timeout,
            standing=standing_file(settings.cache_dir),
            connections=settings.connections,
        )


class Conditions(Frozen):
    """Under which condition a body is wanted (RFC 9110, section 13).

    Attributes:
        if_range: A strong entity tag: the range is wanted only of that version, else the whole.
        until: Behind the last byte that is wanted; None wants all that follow. A source may give more:
            whoever asks reads no further.
        if_none_match: An entity tag: no body is wanted if it is still the one (`NotModified`).
        if_modified_since: An HTTP date, used where there is no entity tag.
        accept: The media types that are wanted, as an ``Accept`` header spells them (section 12.5.1);
            None takes whatever there is. Files know nothing of it.
    """

    if_range: str | None = None
    until: int | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    accept: str | None = None


class NotModified(Exception):  # noqa: N818 - an answer that ends a call early, and no failure
    """The condition under which a body was wanted does not hold: what the asker has is current.

    It is caught by whoever set the condition, and never reaches a caller of `store`.

    Args:
        address: What was asked, as it was given.
        etag: The entity tag that came with the answer, or None.
        last_modified: The time of change that came with the answer, as an HTTP date, or None.
    """

    def __init__(self, address: str, etag: str | None, last_modified: str | None) -> None:
        super().__init__("not modified")
        self.address = address
        self.etag = etag
        self.last_modified = last_modified


class Stream(abc.ABC):
    """A body on its way, with what its source says of it.

    Attributes:
        address: Where it comes from in the end, without secrets.
        offset: The byte it begins with: the one asked for, or 0 where the source gives the whole.
        size: The size of the whole body in bytes (not only of the rest), or None where it is not told.
        etag: The entity tag as the server spelled it, or None.
        last_modified: The time of change as an HTTP date, or None.
        accepts_ranges: Whether the source gives a part when asked for one.
        filename: A name that the source suggests: a label for people, never a path.
        not_modified: Whether the condition held and there is no body.
        content_type: The media type as the server spelled it, or None.
        apart: Whether the rest of a large body, once its beginning came fast, is to be asked for by a range
            of its own.
    """

    address: str
    offset: int = 0
    size: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    accepts_ranges: bool = False
    filename: str | None = None
    not_modified: bool = False
    content_type: str | None = None
    apart: bool = False

    @abc.abstractmethod
    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes, as many as are there, and return their number.

        Returns:
            A number above 0, or 0 at the end of a body that was as long as announced.

        Raises:
            TruncatedError: The body ended early, or went on beyond its announced end.
            TransportTimeoutError: Nothing came within ``read_timeout``.
            TransportError: The connection broke, or its framing.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""

    def abort(self) -> None:  # noqa: B027 - most end soon enough by themselves
        """End the stream from another thread: whoever reads it gets an error, or its end, at once."""

    def __enter__(self) -> Self:
        """Return the stream itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the stream."""
        self.close()


class Transport(abc.ABC):
    """Opens addresses of some schemes. A driver of bytes implements `open_stream`, and `close` if need be.

    Args:
        options: How bytes are to be moved.
    """

    schemes: ClassVar[tuple[str, ...]] = ()
    """The schemes it opens, in lower case."""

    needs_network: ClassVar[bool] = True
    """Whether it is of no use offline."""

    def __init__(self, options: TransferOptions | None = None) -> None:
        self.options = options or TransferOptions()

    @abc.abstractmethod
    def open_stream(
        self, address: str, offset: int = 0, *, conditions: Conditions | None = None
    ) -> Stream:
        """Open an address for reading, once: whoever retries stands above.

        Args:
            address: Where the body is, its secrets included.
            offset: The byte to begin with.
            conditions: Under which condition the body is wanted.

        Returns:
            The body, to be closed by the caller.

        Raises:
            ResourceNotFoundError: There is nothing at the address (404, 410, a missing file).
            CredentialsError: 401, 403, 407.
            OfflineError: The network is not to be used.
            RedirectError: A redirect must not be followed.
            RateLimitedError: 429 or 503 with a ``Retry-After``.
            TransportTimeoutError: No connection or no answer in time.
            TransportError: Anything else that went wrong on the way; ``status`` tells which answer.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Close what is open; the transport may be used again."""

    def __enter__(self) -> Self:
        """Return the transport itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the transport."""
        self.close()
