"""Moves files below a directory into a bucket, or out of it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from store.buckets.downloading import Fetched
from store.buckets.keys import is_marker, keys_for, names_for
from store.buckets.naming import path_of
from store.buckets.parallel import each
from store.buckets.patterns import by_key, wanted_by
from store.buckets.plan import Step
from store.buckets.preparing import folds_case
from store.buckets.scanning import scan
from store.buckets.small import bring_small
from store.buckets.summaries import Summary, bucket_of, digest_in
from store.buckets.transfers import get_file, put_file
from store.errors import StorageError
from store.files.names import inside
from store.files.regular import refuse_to_replace_any
from store.integrity.digest import Digest
from store.integrity.stamp import Stamp
from store.transports.base import TransferOptions
from store.transports.objects.base import Counted, ObjectClient, ObjectMeta


class Pair(NamedTuple):
    """An object and the local file that goes with it.

    Attributes:
        key: The object's name in the bucket.
        path: The file.
        size: The bytes of what is to be moved.
        etag: The object's entity tag, where it is to be fetched.
    """

    key: str
    path: Path
    size: int
    etag: str | None = None


def objects_below(
    client: ObjectClient,
    prefix: str,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Iterator[ObjectMeta]:
    """Give the objects whose keys begin with a text; what stands for a directory alone is left out.

    Args:
        client: The bucket's objects.
        prefix: The beginning, such as ``data/``.
        include: Patterns of what follows the prefix's last slash, of which one must match: see
            `store.buckets.patterns.wanted_by`.
        exclude: Patterns of which none may match.
    """
    wanted = wanted_by(include, exclude)
    start = prefix.rfind("/") + 1
    for meta in client.list(prefix):
        relative = meta.key[start:]
        if not is_marker(relative, meta.size) and (wanted is None or wanted(relative)):
            yield meta


def pairs_down(
    metas: Iterable[ObjectMeta],
    prefix: str,
    directory: str | Path,
    *,
    tell: Callable[[str], object] | None = None,
) -> list[Pair]:
    """Return where each object is to lie below a directory; no two share a place, none leads out of it.

    Args:
        metas: The objects.
        prefix: The directory in the bucket, with its slash; "" for the bucket.
        directory: The local one.
        tell: Is told which keys are spelled otherwise on disk, and why; or None.

    Raises:
        QueryError: ``directory`` is empty.
        UnsafeNameError: A name would be too long, or leads through a link.
    """
    root = path_of(directory)
    found = {meta.key[len(prefix) :]: meta for meta in metas}
    names = names_for(found, folding=folds_case(str(root)))
    if tell is not None:
        for note in names.notes:
            tell(note)
    return [
        Pair(found[key].key, inside(root, name), found[key].size, found[key].etag)
        for key, name in names.names.items()
    ]


def pairs_up(
    path: str | Path,
    remote: str,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    tell: Callable[[str], object] | None = None,
) -> list[Pair]:
    """Return the key of a file, or of each file below a directory; links are not followed below it.

    Args:
        path: The file or directory.
        remote: The file's key, or with a slash at its end (or empty) the directory that it is to lie in: a
            file under its last component, what is below a directory under its relative path.
        include: Patterns of the relative path: see `objects_below`.
        exclude: Patterns of which none may match.
        tell: Is told what is passed over, such as links, and what gets another name; or None.

    Raises:
        QueryError: ``path`` is empty.
        StorageError: It is missing, or cannot be read.
        UnsafeNameError: A name cannot be a key.
    """
    local = path_of(path)
    inner = remote == "" or remote.endswith("/")
    if not local.is_dir():
        if not local.is_file():
            raise StorageError(f"{local} is no file and no directory: name one", path=str(local))
        key = remote + local.name if inner else remote
        return [Pair(key, local, local.stat().st_size)]
    scanned = scan(local, by_key(wanted_by(include, exclude)))
    if tell is not None:
        for note in scanned.notes:
            tell(note)
    found = scanned.stamps
    keys = keys_for(found)
    if tell is not None:
        for key, name in keys.items():
            if key != name:
                tell(f"{name!r} is uploaded as {posixpath.join(remote, key)!r}")
    return [
        Pair(posixpath.join(remote, key), local / name, found[name][2])
        for key, name in keys.items()
    ]


def get_pairs(
    client: ObjectClient,
    pairs: Iterable[Pair],
    *,
    jobs: int,
    options: TransferOptions,
    counted: Counted | None = None,
    done: Callable[[Fetched], object] | None = None,
) -> None:
    """Fetch objects into their files.

    Args:
        client: The bucket's objects.
        pairs: What, and where to.
        jobs: How many at once.
        options: How bytes are moved.
        counted: Is told of bytes that came.
        done: Is told of each file that is there, in the thread that brought it.

    Raises:
        RefusedError: What is no regular file is in the way of one of them; nothing was fetched.
        StoreError: The first that failed: see `store.buckets.transfers.get_file`.
    """

    def get(pair: Pair) -> None:
        """Get one object into its file."""
        got = get_file(
            client, pair.key, pair.path, etag=pair.etag, options=options, counted=counted
        )
        if done is not None:
            done(got)

    def brought(step: Step, path: Path, meta: ObjectMeta, sha256: str) -> None:
        """Count and tell a small file that is there."""
        if counted is not None:
            counted(step.size)
        if done is not None:
            summary = Summary.of(meta, bucket_of(client), digest=Digest("sha256", sha256))
            verified = digest_in(meta.metadata) is not None
            done(Fetched(path, summary, Stamp.of(os.lstat(path)), verified))

    wanted = {pair.key: pair for pair in pairs}
    refuse_to_replace_any(pair.path for pair in wanted.values())
    steps = [
        Step("download", pair.key, str(pair.path), pair.size, etag=pair.etag)
        for pair in wanted.values()
    ]
    left = bring_small(client, steps, jobs=jobs, options=options, place=_path_of, brought=brought)
    each([wanted[step.key] for step in left], get, jobs)


def _path_of(step: Step) -> Path:
    return Path(step.path)


def put_pairs(
    client: ObjectClient,
    pairs: Iterable[Pair],
    *,
    jobs: int,
    options: TransferOptions,
    sha1: bool = False,
    counted: Counted | None = None,
    done: Callable[[Summary], object] | None = None,
) -> None:
    """Upload files under their keys.

    Args:
        client: The bucket's objects.
        pairs: What, and where to.
        jobs: How many at once.
        options: Whose ``limit_rate`` is kept to.
        sha1: Keep the SHA-1 with it too.
        counted: Is told of bytes that went.
        done: Is told of each object that is there, in the thread that sent it.

    Raises:
        StoreError: The first that failed: see `store.buckets.transfers.put_file`.
    """

    def put(pair: Pair) -> None:
        """Put one file under its key."""
        summary = put_file(client, pair.key, pair.path, sha1=sha1, options=options, counted=counted)
        if done is not None:
            done(summary)

    each(pairs, put, jobs)
