"""One file, fetched anew when it has grown too old."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import attrs

from store.cache.content import Content
from store.clock import Clock
from store.errors import OfflineError, StoreError
from store.events import Hit, stamped
from store.freshness.entries import Entry, Held
from store.freshness.opening import Surroundings, surroundings
from store.freshness.policy import DAY, Duration, Origin, Policy
from store.freshness.results import AgedResult
from store.freshness.sources import Source, SourceLike, source_of, sources_of
from store.integrity.digest import Digests, DigestsLike, digests_from
from store.transports.attempts import noting
from store.transports.base import TransferOptions

log = logging.getLogger(__name__)


class _Opened(NamedTuple):
    """What an aged file found out when it was first used."""

    sources: tuple[Source, ...]
    entry: Entry
    around: Surroundings


class AgedFile:
    """A file from somewhere else, kept in the cache, and fetched anew when it is too old.

    Nothing is opened, asked or written before its first use: then the working directory, the settings and
    ``STORE_CACHE_DIR`` are looked at, and hold for this object from there on. Safe for many threads and
    processes: those who ask for the same source at once cause one transfer.

    Args:
        source: An address (http, https, s3, file, or another scheme that a transport opens), a path, or a
            ``cloudpathlib.S3Path``. It is the identity: two sources never share an entry.
        max_age: How old the file may be before the source is asked again; see `policy.Duration`. None (or
            ``"none"``) never asks again, 0 asks each time.
        fallback: A file to be handed out where the source fails and there is no copy that may be.
        digest: What the content must be, beside what the address's fragment says.
        mirrors: Other sources of the same file, asked in turn when one fails.
        stale_if_error: How old a copy may be to be handed out where the source fails; None for any age.
        cache_dir: The cache's directory; None takes ``STORE_CACHE_DIR``, the settings' or the user's own.
        content: The cache's files, in place of ``cache_dir``.
        options: How bytes are moved; None takes the settings'.
        attempts: How often an address is tried, whatever the options say; None leaves it to them.
        clock: The time, where ``content`` and ``options`` do not say.

    Raises:
        LocatorError: The source is of an unknown type or scheme, or names no file. It is a ``ValueError``.
        DigestError: A digest is malformed or weak.
        QueryError: A time span is none.
    """

    def __init__(
        self,
        source: SourceLike,
        *,
        max_age: Duration = DAY,
        fallback: str | os.PathLike[str] | None = None,
        digest: DigestsLike = None,
        mirrors: Iterable[SourceLike] = (),
        stale_if_error: Duration = 0,
        cache_dir: str | os.PathLike[str] | None = None,
        content: Content | None = None,
        options: TransferOptions | None = None,
        attempts: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        first = source_of(source)
        self._sources = (first, *sources_of(mirrors))
        self._pins: Digests = digests_from([*first.digests, *digests_from(digest)])
        self._policy = Policy.of(max_age, stale_if_error)
        self._fallback = None if fallback is None else os.fspath(fallback)
        self._given: dict[str, Any] = {
            "cache_dir": cache_dir,
            "content": content,
            "options": options,
            "attempts": attempts,
            "clock": clock,
        }
        self._opened: _Opened | None = None

    @property
    def source(self) -> str:
        """Where it comes from, without secrets."""
        return self._sources[0].shown

    @property
    def name(self) -> str:
        """What the file is called: the source's base name, made safe."""
        return self._sources[0].name

    @property
    def key(self) -> str:
        """64 hexadecimal digits that stand for the whole source."""
        return self._open().sources[0].key

    @property
    def directory(self) -> Path:
        """The directory that the file has for itself; nothing is created."""
        return self._open().entry.directory

    @property
    def path(self) -> Path:
        """The file, fetched or asked for again where need be; see `obtain`."""
        opened = self._opened
        if opened is not None:
            held = opened.entry.quick(self._policy)
            if held is not None:
                return held.path
        return self.obtain().path

    def obtain(self) -> AgedResult:
        """Return the file, fetched or asked for again where it is missing or too old.

        Where the source fails, there is handed out, in this order, and told in ``origin``: the copy that is
        here, if it is younger than ``stale_if_error``; the fallback, if it exists. Whatever fails, the copy
        that is here stays as it is.

        Raises:
            StoreError: What the source said. It is a ``FileNotFoundError`` for a path that leads to no file,
                a ``requests.RequestException`` for HTTP.
        """
        return self._obtain(forced=False)

    def refresh(self) -> AgedResult:
        """Ask the source now, however young the file is; see `obtain`."""
        return self._obtain(forced=True)

    def is_cached(self, *, include_stale: bool = False) -> bool:
        """Return whether a whole copy is here that is young enough, or of any age; nobody is asked.

        Args:
            include_stale: Accept any age.
        """
        opened = self._open()
        held = opened.entry.look(self._pins)
        return held is not None and (include_stale or self._policy.fresh(self._age(held)))

    def clear(self) -> None:
        """Forget the file and remove it; no other entry is touched.

        Raises:
            StorageError: It cannot be removed.
        """
        self._open().entry.clear()

    @property
    def uid(self) -> str:
        """What the events of a fetch of it tell it by, whatever it contains: not its digest."""
        return self._open().entry.uid

    def __getstate__(self) -> dict[str, Any]:
        """Pickle what was given; another process looks around anew."""
        return {**self.__dict__, "_opened": None}

    def __repr__(self) -> str:
        """Show the source without its secrets."""
        return f"{type(self).__name__}({self.source!r})"

    def _open(self) -> _Opened:
        opened = self._opened
        if opened is None:
            sources = tuple(one.located() for one in self._sources)
            around = surroundings(**self._given)
            entry = Entry(around.content, sources[0].key, self.name)
            listener = around.options.listener
            if listener is not None:
                told = stamped(listener, entry.uid)
                around = around._replace(options=around.options._replace(listener=told))
            opened = self._opened = _Opened(sources, entry, around)
        return opened

    def _age(self, held: Held) -> float:
        return self._open().around.content.clock.now() - held.record.checked_at

    def _obtain(self, *, forced: bool) -> AgedResult:
        entry, listener = self._open().entry, self._open().around.options.listener
        held = None if forced else entry.look(self._pins)
        if held is not None and self._policy.fresh(self._age(held)):
            if listener is not None:
                listener(Hit(name=self.name, path=str(held.path)))
            return self._result(held, "fresh")
        from store.freshness.refreshing import Refreshing

        opened = self._open()
        refreshing = Refreshing(
            opened.entry, opened.sources, opened.around, pins=self._pins, policy=self._policy
        )
        with noting(opened.entry.uid) as attempts:
            try:
                found, origin = refreshing.refresh(forced=forced)
                result = self._result(found, origin)
            except StoreError as error:
                result = self._instead(error)
        return attrs.evolve(result, attempts=tuple(attempts))

    def _instead(self, error: StoreError) -> AgedResult:
        """Return what may be handed out where the source failed.

        Raises:
            StoreError: Nothing may: the error itself, of the class that was promised.
        """
        from store.freshness.failures import promised

        opened = self._open()
        held = opened.entry.look(self._pins)
        if held is not None and self._tolerable(held):
            log.warning("%s is handed out stale, since its source failed: %s", self.name, error)
            return attrs.evolve(self._result(held, "stale"), error=error)
        if self._fallback is not None:
            from store.freshness.falling_back import fallen_back

            found = fallen_back(self._fallback, self._pins, error)
            if found is not None:
                return found
        if held is not None and isinstance(error, OfflineError):
            error = OfflineError(
                f"{self.source} is here, but older than it may be, and the network is not to be used: allow"
                " its age (max_age, stale_if_error), or go without --offline (STORE_OFFLINE)",
                missing=error.missing,
            )
        mapped = promised(error, opened.sources)
        if mapped is error:
            raise error
        raise mapped from error

    def _tolerable(self, held: Held) -> bool:
        """Whether a copy may be handed out where the source failed.

        What is pinned does not grow wrong, so that it is delivered offline at any age.
        """
        offline = self._open().around.options.offline
        return self._policy.tolerable(self._age(held)) or (offline and bool(self._pins))

    def _result(self, held: Held, origin: Origin) -> AgedResult:
        record = held.record
        return AgedResult(
            path=held.path,
            origin=origin,
            kept=held.kept,
            size=record.size,
            digests=record.digests,
            fetched_at=record.fetched_at,
            age=self._age(held),
            etag=record.etag,
            last_modified=record.last_modified,
        )
