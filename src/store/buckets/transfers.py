"""Moves one file into a bucket, or out of it, and knows its digest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from store.buckets.downloading import Fetched, Getting
from store.buckets.explaining import explained
from store.buckets.parallel import break_off_if_stopped
from store.buckets.reading import ready
from store.buckets.summaries import SHA1_KEY, Summary, bucket_of, digest_in
from store.buckets.sums import UNHASHED, Hashed
from store.buckets.turns import turn
from store.errors import StoreError, TooLargeError, TransportError
from store.integrity.digest import Digest
from store.transports.base import TransferOptions
from store.transports.deadlines import current
from store.transports.limiting import limiter_for
from store.transports.objects.base import DIGEST_KEY, Condition, Counted, ObjectClient, ObjectMeta
from store.transports.objects.sources import PART

log = logging.getLogger(__name__)

_OPTIONS: Final = TransferOptions()


def put_file(
    client: ObjectClient,
    key: str,
    source: bytes | Path | BinaryIO,
    *,
    sha1: bool = False,
    known: Hashed = UNHASHED,
    condition: Condition | None = None,
    options: TransferOptions = _OPTIONS,
    counted: Counted | None = None,
) -> Summary:
    """Bring a file into a bucket, its SHA-256 in the metadata ``store-sha256``.

    What is sent is what was hashed: a file that changes meanwhile is noticed before its last bytes go up, and
    then nothing is written.

    Args:
        client: The bucket's objects.
        key: Its name in the bucket.
        source: The content: bytes, a file's path (a link is followed), or a file open for reading in binary,
            read from where it stands to its end.
        sha1: Whether a SHA-1 is to be kept with it too (``sha1sum``).
        known: What the caller vouches for, since the file's stamp is the one it was read with: what that
            tells is not computed again.
        condition: When it may be written.
        options: Its ``limit_rate`` and ``max_size`` are kept to; all else is the client's own.
        counted: Is told of bytes that went up; one that fails takes back nothing.

    Returns:
        What is known of the object now, its digest too.

    Raises:
        DriftError: The file changed while it was read (``name`` is its path), or the condition does not hold
            (``name`` is the key).
        StorageError: The file cannot be read.
        TooLargeError: It is larger than ``max_size``; nothing was sent.
        StoreError: What the client raises.
    """
    algorithms = ("sha256", "sha1") if sha1 else ("sha256",)
    counted = _limited(options, counted)
    with ready(source, algorithms, known, sums=client.signs_content) as content:
        _check_size(content.size, options.bounds.max_size, f"{client.address}/{key}")
        computed = dict(content.digests)
        metadata = {DIGEST_KEY: computed["sha256"]}
        if sha1:
            metadata[SHA1_KEY] = computed["sha1"]
        with turn(content.size, f"{client.address}/{key}"):
            break_off_if_stopped()
            try:
                meta = client.put(
                    key, content.source, metadata=metadata, condition=condition, counted=counted
                )
            except TransportError as error:
                raise explained(client, key, error) from error.__cause__
    digest = Digest("sha256", computed["sha256"])
    meta = meta._replace(size=content.size)
    if meta.etag is None and content.size > PART:
        meta = told_of(client, meta, digest) or meta
    return Summary.of(meta, bucket_of(client), digest=digest)


def get_file(
    client: ObjectClient,
    key: str,
    dest: str | Path,
    *,
    expected: Digest | None = None,
    etag: str | None = None,
    version: str | None = None,
    options: TransferOptions = _OPTIONS,
    counted: Counted | None = None,
    durable: bool = False,
    before_placing: Callable[[], object] = lambda: None,
) -> Fetched:
    """Bring an object out of a bucket into a file, whole and verified, or not at all.

    It is held against ``expected``, else against the ``store-sha256`` of its metadata. What was at ``dest``
    stays until the new file takes its place in one step. What is transient is tried again; what is large
    comes over several connections where that helps, and what came of it is kept beside ``dest`` under a
    hidden name (``.store-part-…``) when it breaks off, to be gone on with by the next call.

    Args:
        client: The bucket's objects.
        key: Its name in the bucket.
        dest: The file it becomes; missing directories are made.
        expected: What the content must be, where the caller knows it.
        etag: The object is wanted only while it is this one.
        version: Its version id, where an older one is wanted.
        options: The bounds, how often is tried again, and who listens.
        counted: Is told of bytes that came, each once: what a failed attempt brought is not taken back, but
            not counted twice either.
        durable: Return only when a power cut can no longer take the file away.
        before_placing: Called once all has come and is verified; what it raises leaves ``dest`` as it is.

    Returns:
        The file and the object.

    Raises:
        MissingKeyError: There is nothing under the key.
        DriftError: The object is another one than ``etag`` says.
        IntegrityError: The content is not what its digest says; ``dest`` is as it was.
        RefusedError: A link, a device or a FIFO lies at ``dest``.
        StorageError: The file cannot be written.
        StoreError: What the client raises.
    """
    getting = Getting(
        client,
        key,
        Path(dest),
        options=options,
        counted=counted,
        durable=durable,
        before_placing=before_placing,
    )
    return getting.bring(expected=expected, etag=etag, version=version)


def told_of(client: ObjectClient, meta: ObjectMeta, digest: Digest) -> ObjectMeta | None:
    """Return what a store says of an object that was just uploaded, its entity tag among it.

    Args:
        client: The bucket's objects.
        meta: What is known of it.
        digest: The SHA-256 that was kept with it.

    Returns:
        ``meta`` where another object is there by now; None where the store does not answer.
    """
    try:
        found = client.head(meta.key)
    except StoreError as error:
        log.info("%s is up, and could not be asked about: %s", meta.key, error)
        return None
    ours = found.size == meta.size and digest_in(found.metadata) == digest
    return found if ours else meta


def _check_size(size: int, largest: int, shown: str) -> None:
    """Refuse what is larger than may be sent."""
    if size > largest:
        raise TooLargeError(
            f"{shown}: what is to go up has {size} bytes, and max_size is {largest}: raise it if that is"
            " right",
            limit=largest,
            size=size,
            url=shown,
        )


def _limited(options: TransferOptions, counted: Counted | None) -> Counted:
    """Return what counts bytes, waits as long as they must last, and ends where Ctrl-C was pressed."""
    limiter = limiter_for(options.limit_rate, options.clock)
    deadline = current(options.clock)

    def count(more: int) -> None:
        """Count bytes that moved, and wait where they came too fast."""
        break_off_if_stopped()
        if limiter is not None:
            limiter.take(more, deadline, check=break_off_if_stopped)
        if counted is not None:
            counted(more)

    return count
