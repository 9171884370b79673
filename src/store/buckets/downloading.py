"""Brings one object into a file: verified, whole or not at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from store.buckets.identity import single_part_md5
from store.buckets.streams import ClientTransport
from store.buckets.summaries import Summary, bucket_of, digest_in
from store.errors import DriftError, IntegrityError, StoreError
from store.events import Event, Listener, Progressed
from store.files.atomic import make_directories, private_directory, rename, replacing
from store.files.failures import storage_errors
from store.files.names import PART_PREFIX, derived_name
from store.files.regular import refuse_to_replace
from store.files.sweeping import SWEEPER
from store.files.syncing import sync_directory
from store.integrity.digest import DEFAULT_ALGORITHM, Digest, Digests
from store.integrity.hashing import Hashing
from store.integrity.stamp import Stamp
from store.transports.base import Stream, TransferOptions
from store.transports.deadlines import begun, keeping
from store.transports.filling import Wanted, fill
from store.transports.handing import handing
from store.transports.objects.base import DIGEST_KEY, Body, Counted, ObjectClient, ObjectMeta
from store.transports.pace import Pace
from store.transports.receiving import receive
from store.transports.resuming import RESUMABLE_FROM, resumable
from store.transports.retrying import CHANCE, Source

log = logging.getLogger(__name__)

_VERSIONS: Final = 3
"""How often an object is asked for that others replace while it comes."""

_DIGITS: Final = 32
"""How many digits of its name's digest name what is kept of a large object."""


class Fetched(NamedTuple):
    """A file that came out of a bucket.

    Attributes:
        path: Where it lies.
        summary: The object it is a copy of; ``digest`` is what was computed on the way.
        stamp: The file's, taken after it was put in its place.
        verified: Whether the content was held against a digest, and not against its size alone.
    """

    path: Path
    summary: Summary
    stamp: Stamp
    verified: bool


class Counting:
    """A listener that counts the bytes of one resource, each once, however often it is tried.

    Args:
        counted: Is told of bytes that came.
        listener: Is told all, too; or None.
    """

    def __init__(self, counted: Counted, listener: Listener | None) -> None:
        self._counted = counted
        self._listener = listener
        self._best = 0

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if self._listener is not None:
            self._listener(event)
        if isinstance(event, Progressed) and event.received > self._best:
            more, self._best = event.received - self._best, event.received
            self._counted(more)


class Getting:
    """One call of `store.buckets.transfers.get_file`; its arguments are told of there."""

    def __init__(
        self,
        client: ObjectClient,
        key: str,
        target: Path,
        *,
        options: TransferOptions,
        counted: Counted | None,
        durable: bool,
        before_placing: Callable[[], object],
    ) -> None:
        if counted is not None:
            options = options._replace(listener=Counting(counted, options.listener))
        self._client = client
        self._key = key
        self._target = target
        self._options = options
        self._durable = durable
        self._before_placing = before_placing
        self._came = False
        self._address = f"{client.address}/{key}"

    def bring(self, *, expected: Digest | None, etag: str | None, version: str | None) -> Fetched:
        """Open the object, and let it come in; what is small is tried again here.

        Raises:
            StoreError: See `store.buckets.transfers.get_file`.
        """
        refuse_to_replace(self._target)
        for left in reversed(range(_VERSIONS)):
            try:
                return self._held(expected=expected, etag=etag, version=version)
            except DriftError:
                if etag is not None or self._came or not left:
                    raise  # once it has come, it is the file that was changed
                log.info("%s was replaced while it came: it is asked for anew", self._address)
        raise AssertionError

    def _held(self, *, expected: Digest | None, etag: str | None, version: str | None) -> Fetched:
        try:
            return self._brought(expected=expected, etag=etag, version=version)
        except IntegrityError as error:
            if expected is not None or str(error.expected).startswith("md5:"):
                raise
            raise self._mistold(error) from error

    def _brought(
        self, *, expected: Digest | None, etag: str | None, version: str | None
    ) -> Fetched:
        transport = ClientTransport(
            self._client, self._key, etag=etag, version=version, options=self._options
        )
        source = Source(self._address, self._target.name, transport=transport)
        SWEEPER.sweep(str(self._target.parent))
        deadline = begun(self._options.clock, self._options.bounds.deadline)
        with keeping(deadline):
            while True:
                source.tries += 1
                try:
                    body = transport.open_body()
                    if body.meta.size >= RESUMABLE_FROM:
                        break
                    with transport.stream_of(self._address, body) as stream:
                        wanted = self._wanted(body.meta, stream, expected)
                        return self._small(body.meta, stream, wanted)
                except StoreError as error:
                    source.error = error
                    if not source.recovers(self._options, deadline, CHANCE):
                        raise
                    log.info("%s; asked again in %.1f s", error, source.delay)
                self._options.clock.sleep(source.delay)
            return self._large(body, transport, expected)

    def _mistold(self, error: IntegrityError) -> IntegrityError:
        """Return what tells that an object is not what is kept with it says: nobody has pinned it."""
        return IntegrityError(
            f"{self._address} is not what its metadata '{DIGEST_KEY}' says: expected {error.expected},"
            f" found {error.found} ({error.size} bytes); it was damaged, or written anew by a program that"
            " kept the old metadata: put it anew, get it with the right digest (--digest), or leave it out"
            " (--exclude)",
            url=self._address,
            expected=error.expected,
            found=error.found,
            size=error.size,
        )

    def _wanted(self, meta: ObjectMeta, stream: Stream, expected: Digest | None) -> Wanted:
        """Return what the body has to be: what the caller knows, else what its writer has kept with it."""
        if meta.metadata is None and expected is None:
            meta = meta._replace(
                metadata=self._client.head(self._key, version=meta.version).metadata
            )
        known = digest_in(meta.metadata) if expected is None else expected
        digests = () if known is None else (known,)
        # What others wrote has nothing but its entity tag to be held against.
        tagged = ("md5",) if known is None and single_part_md5(meta.etag) else ()
        wanted = Wanted(
            digests=digests,
            size=None,
            algorithms=tuple(
                dict.fromkeys([DEFAULT_ALGORITHM, *(one.algorithm for one in digests), *tagged])
            ),
            max_size=self._options.bounds.max_size,
        )
        wanted.check_announced(stream)
        return wanted

    def _small(self, meta: ObjectMeta, stream: Stream, wanted: Wanted) -> Fetched:
        """Let it come in at once, beside its place."""
        hashing = Hashing(wanted.algorithms)
        deadline = begun(self._options.clock, None)
        pace = Pace(self._options, deadline, self._address, self._target.name)
        with (
            storage_errors(self._target, needed=stream.size),
            replacing(self._target, durable=self._durable) as descriptor,
        ):
            fill(descriptor, stream, hashing, wanted, pace)
            found = wanted.check_whole(stream, hashing)
            self._hold(meta, found, wanted)
            self._look_once_more()
        pace.finish()
        return self._fetched(meta, found, wanted)

    def _large(self, body: Body, transport: ClientTransport, expected: Digest | None) -> Fetched:
        """Let it come in over as many connections as help, going on with what is there of it."""
        parent = self._target.parent
        part = parent / f"{PART_PREFIX}{derived_name(self._target.name)[:_DIGITS]}"
        transport.keep_to(body.meta)
        transport.pinned = expected is not None or digest_in(body.meta.metadata) is not None
        stream = transport.stream_of(self._address, body)
        with handing(self._address, stream):
            wanted = self._wanted(body.meta, stream, expected)
            make_directories(parent, durable=self._durable)
            with private_directory(parent) as directory, resumable(part):
                received = receive(
                    self._address,
                    directory,
                    options=self._options,
                    name=self._target.name,
                    digests=wanted.digests,
                    size=stream.size,
                    algorithms=wanted.algorithms,
                    durable=self._durable,
                    transport=transport,
                )
                self._hold(body.meta, received.digests, wanted)
                self._look_once_more()
                rename(received.path, self._target)
            if self._durable:
                with storage_errors(self._target):
                    sync_directory(parent)
        return self._fetched(body.meta, received.digests, wanted)

    def _look_once_more(self) -> None:
        self._came = True
        self._before_placing()

    def _hold(self, meta: ObjectMeta, found: Digests, wanted: Wanted) -> None:
        """Hold what came against the entity tag, where there is nothing better: it may be damaged.

        Verified it is not: MD5 keeps nobody from giving another content.

        Raises:
            IntegrityError: It is another content: of one that is encrypted with a key of one's own the tag
                says nothing.
        """
        md5, tag = dict(found).get("md5"), single_part_md5(meta.etag)
        if wanted.digests or md5 in {tag, None}:
            return
        told = self._client.checksums(self._key, version=meta.version)
        if told.get("md5") != tag:
            return
        raise IntegrityError(
            f"{self._address} is not what its entity tag says: expected md5:{tag}, found md5:{md5}; it was"
            " damaged on the way, or at the store: get it again, and if that does not help put it anew, or"
            " leave it out (--exclude)",
            url=self._address,
            expected=f"md5:{tag}",
            found=f"md5:{md5}",
            size=meta.size,
        )

    def _fetched(self, meta: ObjectMeta, found: Digests, wanted: Wanted) -> Fetched:
        digest = Digest(DEFAULT_ALGORITHM, dict(found)[DEFAULT_ALGORITHM])
        return Fetched(
            self._target,
            Summary.of(meta, bucket_of(self._client), digest=digest),
            Stamp.of(os.lstat(self._target)),
            bool(wanted.digests),
        )
