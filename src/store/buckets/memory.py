"""Remembers digests of files and of objects between syncs."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, NamedTuple

from store import jsontext
from store.buckets.scanning import Stamped
from store.buckets.spans import Span
from store.cache.examining import grain_of
from store.clock import SYSTEM_CLOCK, Clock
from store.config.directories import cache_directory
from store.errors import StoreError
from store.files.atomic import write_bytes
from store.files.names import derived_name
from store.files.sweeping import SWEEPER
from store.transports.objects.base import ObjectMeta

log = logging.getLogger(__name__)

INTERVAL: Final = 10.0
"""How often what was learnt is written down while a sync goes on, in seconds: a killed one begins there."""

DIRECTORY: Final = "buckets/v1"
"""Where the memories lie below the cache's directory."""

_SPAN: Final = 4
"""Where, in what is kept of an object, the span of its upload stands: at the end, or nowhere."""


class Known(NamedTuple):
    """The digests of a local file, in hex.

    Attributes:
        sha256: The SHA-256.
        md5: The MD5, where it was needed.
    """

    sha256: str
    md5: str | None = None


class Memory:
    """Digests of the files of one tree by their stamps, and of the objects of one directory of a bucket.

    One file a tree and one a bucket's directory: ``{"about": …, "entries": {name: […]}}``. What cannot be
    read is forgotten; what is lost costs a second look, never a wrong answer. The stamp holds no boot: the
    files are the user's own, not what a power cut left half written of ours.

    Args:
        tree: What names the local files: their directory.
        bucket: What names the objects: the bucket's address, the prefix and the server; None where the server
            cannot be known again: then nothing is remembered of them behind this run.
        directory: Where memories lie; None for `DIRECTORY` in the cache's directory.
        clock: The time.
    """

    def __init__(
        self,
        tree: str,
        bucket: str | None,
        *,
        directory: Path | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        place = directory or cache_directory() / DIRECTORY
        self._clock = clock
        self._about = {"tree": tree, "bucket": bucket}
        self._files = {"tree": place / "trees" / f"{derived_name(tree)}.json"}
        self._tree, self._bucket = _read(self._files["tree"], tree), {}
        if bucket is not None:
            self._files["bucket"] = place / "objects" / f"{derived_name(bucket)}.json"
            self._bucket = _read(self._files["bucket"], bucket)
        self._changed: set[str] = set()
        self._writing = threading.Lock()
        self._due = clock.monotonic() + INTERVAL
        self._grains: dict[int, int] = {}
        self._fleeting: set[str] = set()
        self._sums: dict[str, tuple[Stamped, tuple[str, ...]]] = {}

    def local(self, name: str, stamp: Stamped) -> Known | None:
        """Return the digests of a file, if it is the one that was read; None where that is not known."""
        entry = self._tree.get(name)
        if entry is None or tuple(entry[0]) != stamp:
            return None
        return Known(entry[1], entry[2])

    def keep_local(
        self, name: str, stamp: Stamped, known: Known, read_at: int | None = None
    ) -> None:
        """Remember what was read: in this run anyway, and for the next where the stamp can be trusted.

        Args:
            name: The file's relative name.
            stamp: Its stamp, the same before and after it was read.
            known: What was found.
            read_at: What `Clock.file_time_ns` said when the reading began: what was changed within its
                grain before is not kept for the next run, since a later change might not show. None where
                nobody can have changed it.
        """
        self._fleeting.discard(name)
        grain = self.grain(stamp[0])
        if read_at is not None and grain and read_at - max(stamp[3], stamp[4]) < grain:
            self._fleeting.add(name)
        self._tree[name] = (stamp, *known)
        self._changed.add("tree")
        self._save_now_and_then()

    def keep_sums(self, name: str, stamp: Stamped, sums: tuple[str, ...]) -> None:
        """Remember, in this run alone, the SHA-256 of each part of a file that may go up."""
        if sums:
            self._sums[name] = (stamp, sums)

    def sums(self, name: str, stamp: Stamped) -> tuple[str, ...]:
        """Return the sums of a file's parts, if it is the one that was read; none where nobody knows them."""
        found = self._sums.get(name)
        return found[1] if found is not None and found[0] == stamp else ()

    def grain(self, device: int) -> int:
        """Return the step of a file system's times, looked up once: see `store.cache.examining.grain_of`."""
        if device not in self._grains:
            self._grains[device] = grain_of(device)
        return self._grains[device]

    def remote(self, meta: ObjectMeta) -> str | None:
        """Return the SHA-256 of an object, if it is the one whose content was known; None if not."""
        entry = self._entry(meta)
        return str(entry[3]) if entry is not None and entry[0] == mark_of(meta) else None

    def written(self, meta: ObjectMeta) -> str | None:
        """Return the SHA-256 of what was uploaded a moment ago, if nothing was written there since.

        That goes by the object's size and time, where the store did not tell in time by what tag its listings
        name it: see `Span`.

        Args:
            meta: What the store says of the object.
        """
        entry = self._entry(meta)
        if entry is None or len(entry) == _SPAN:
            return None
        covered = Span(*entry[_SPAN]).covers(meta.last_modified, self._clock.now())
        return str(entry[3]) if covered else None

    def forget(self, key: str) -> None:
        """Forget what is known of an object."""
        if self._bucket.pop(key, None) is not None:
            self._changed.add("bucket")

    def _entry(self, meta: ObjectMeta) -> list[Any] | None:
        """Return what is known under a key, unless that is of another size or version."""
        entry = self._bucket.get(meta.key)
        if entry is None or entry[1] != meta.size:
            return None
        other = meta.version and entry[2] and meta.version != entry[2]
        return None if other else entry

    def keep_remote(self, meta: ObjectMeta, sha256: str, span: Span | None = None) -> None:
        """Remember an object's SHA-256; not where the store gives nothing to know it again by.

        Args:
            meta: What the store says of the object.
            sha256: The digest in hex.
            span: When it was uploaded, where listings may name it by another tag.
        """
        mark = mark_of(meta)
        entry: list[Any] = [mark, meta.size, meta.version, sha256]
        if span is not None:
            entry.append(list(span))
        if mark is not None and self._bucket.get(meta.key) != entry:
            self._bucket[meta.key] = entry
            self._changed.add("bucket")
            self._save_now_and_then()

    def save(self, names: Collection[str], keys: Collection[str]) -> None:
        """Write down what is new, and forget what is gone. A disk that refuses costs the memory only.

        Args:
            names: The files that are there.
            keys: The objects that are there.
        """
        with self._writing:
            for kind, entries, there in (
                ("tree", self._tree, names),
                ("bucket", self._bucket, keys),
            ):
                kept = entries
                if len(entries) > len(there) * 1.1 + 16:  # not for each file that went
                    kept = {name: entry for name, entry in entries.items() if name in there}
                if kind in self._changed or len(kept) < len(entries):
                    self._write(kind, kept)

    def _save_now_and_then(self) -> None:
        """Write down what is new if that is due, and nobody does it already."""
        now = self._clock.monotonic()
        if now < self._due or not self._writing.acquire(blocking=False):
            return
        try:
            self._due = now + INTERVAL
            for kind, entries in (("tree", self._tree), ("bucket", self._bucket)):
                if kind in self._changed:
                    self._write(kind, entries)
        finally:
            self._writing.release()

    def _write(self, kind: str, entries: dict[str, Any]) -> None:
        self._changed.discard(kind)
        if kind not in self._files:
            return
        kept = dict(entries)  # others go on to remember meanwhile
        if kind == "tree" and self._fleeting:
            fleeting = set(self._fleeting)
            kept = {name: one for name, one in kept.items() if name not in fleeting}
        said = json.dumps({"about": self._about[kind], "entries": kept}, separators=(",", ":"))
        SWEEPER.sweep(str(self._files[kind].parent))
        try:
            write_bytes(self._files[kind], _sealed(said.encode("utf-8", "surrogatepass")))
        except StoreError as error:
            log.warning("what is known of %s is not remembered: %s", self._about[kind], error)


def mark_of(meta: ObjectMeta) -> str | None:
    """Return what an object is known again by: its entity tag, else its time."""
    if meta.etag is not None:
        return meta.etag
    return None if meta.last_modified is None else meta.last_modified.isoformat()


def _sealed(text: bytes) -> bytes:
    """Return a text with its SHA-256 in a line below: a wrong digit would be kept with an object for good."""
    return b"%b\n%b\n" % (text, hashlib.sha256(text).hexdigest().encode())


def _opened(data: bytes) -> bytes:
    text = data.rpartition(b"\n")[0].rpartition(b"\n")[0]
    if data != _sealed(text):
        raise ValueError("it is not as it was written")
    return text


def _read(path: Path, about: str) -> dict[str, Any]:
    try:
        entries = _checked(jsontext.loads(_opened(path.read_bytes())), about)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        log.warning(
            "what was remembered of %s is damaged and forgotten: all is looked at anew", about
        )
        log.debug("%s: %r", path, error)
        return {}
    return entries


def _checked(said: Any, about: str) -> dict[str, Any]:  # noqa: ANN401 - whatever a file held
    entries: dict[str, Any] = said["entries"]
    if said["about"] != about or not all(_sound(entry) for entry in entries.values()):
        raise ValueError("it is another's, or no memory")
    return entries


def _sound(entry: Any) -> bool:  # noqa: ANN401 - whatever a file held
    if type(entry) is not list:
        return False
    if len(entry) == 3:  # noqa: PLR2004 - a file's
        return type(entry[0]) is list and type(entry[1]) is str
    if len(entry) not in {_SPAN, _SPAN + 1} or type(entry[3]) is not str:
        return False
    return all([type(one) for one in span] == [int] * 3 for span in entry[_SPAN:])
