"""Takes many small bodies into the cache at once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from store.cache.examining import grain_of, wait_until_steady
from store.cache.failures import cache_errors
from store.cache.holding import Holding
from store.cache.journals import journals_of
from store.cache.layout import Address, Layout
from store.cache.quarantine import clear_way
from store.cache.records import Known, Record, spelled, spelled_first
from store.cache.settling import Placed, settle
from store.cache.spreading import MOST, OLD, Line, add_journal, spread
from store.cache.uses import Uses
from store.clock import Clock
from store.files.atomic import discard
from store.files.small import put_small
from store.files.syncing import sync_many
from store.files.unfinished import partial_name
from store.integrity.digest import Digest, Digests
from store.integrity.stamp import Stamp

_MANY: Final = 32
"""From how many files on what is known of them goes into a journal: two files each would cost more."""


class Entry(NamedTuple):
    """An entry of the cache that lies in one file with a record: one inode, two names."""

    path: str
    """Its name."""
    text: str
    """What is to be read there: a JSON object in one line, with none of the record's own keys."""


class _Found(NamedTuple):
    """What is known of a file that was put, and not recorded yet."""

    path: str
    stamp: Stamp
    digests: frozenset[Digest]
    line: Line


class Taken(NamedTuple):
    """What is to be settled."""

    placed: list[Placed]
    entries: dict[Address, Entry]


class Intake:
    """Puts small bodies in their places, and records them together; a context manager.

    A body that was put lies in place, whole, but is hashed whenever it is asked for until `settle`.

    Args:
        layout: Where the cache lies.
        holding: Is told what may be trusted.
        uses: Is told that this process uses the cache.
        clock: The time.
        durable: Whether what is settled must survive a power cut.

    Attributes:
        durable: As given.
    """

    def __init__(
        self, layout: Layout, holding: Holding, uses: Uses, clock: Clock, *, durable: bool
    ) -> None:
        self._layout = layout
        self._holding = holding
        self._uses = uses
        self._clock = clock
        self.durable = durable
        self._directory = f"{layout.partial}/{partial_name()}"
        self._journals = journals_of(layout)
        self._count = self._grain = 0
        self._placed: list[Placed] = []
        self._entries: dict[Address, Entry] = {}

    def __enter__(self) -> Self:
        """Make a private directory on the cache's own file system.

        Raises:
            CacheError: It cannot be made.
        """
        self._uses.begin()
        spread(self._layout, before=self._clock.now() - OLD)
        clear_way(self._layout, self._directory, self._clock)
        with cache_errors(self._directory):
            Path(self._directory).mkdir(mode=0o700, parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the private directory."""
        discard(self._directory)

    def put(self, data: memoryview, digests: Digests, name: str, entry: Entry | None = None) -> str:
        """Put a verified body in its place.

        Args:
            data: The body.
            digests: What it was verified to be, the strongest first.
            name: Its file name, which is safe.
            entry: What the cache is to remember of it, where that can lie in the record's file.

        Returns:
            Its path.

        Raises:
            CacheError: It cannot be written; nothing of it is left.
        """
        address = Address(digests[0], name)
        target = self._layout.file(address)
        own = self._own()
        try:  # not ``with cache_errors``, which costs as much as a system call
            status, _ = put_small(own, target, data, 0o444)
        except OSError:
            with cache_errors(target):
                raise
        self._placed.append(Placed(address, digests, Stamp.of(status)))
        if entry is not None:
            self._entries[address] = entry
        return target

    def take(self) -> Taken:
        """Return what was put and is not settled, for whoever settles it while more is put."""
        placed, self._placed = self._placed, []
        entries, self._entries = self._entries, {}
        return Taken(placed, entries)

    def steady(self, taken: Taken) -> None:
        """Make what was put last, and wait until any later change of it would show; before `settle`.

        Args:
            taken: What `take` has returned.

        Raises:
            CacheError: The disk refused; what lies in place is hashed when it is next asked for.
        """
        placed, root = taken.placed, self._layout.root
        if not placed:
            return
        with cache_errors(root):
            if self.durable:
                sync_many((self._layout.file(one.address) for one in placed), top=root)
            self._grain = grain_of(placed[0].stamp.device)
            # A later change must show in the stamps, of which the last is the youngest.
            with contextlib.suppress(OSError):
                last = Stamp.of(os.lstat(self._layout.file(placed[-1].address)))
                wait_until_steady([last], self._grain, self._clock)

    def settle(self, taken: Taken | None = None) -> set[str]:
        """Let what was put and is steady be trusted from now on.

        Args:
            taken: What `take` has returned; None takes all, and makes it steady.

        Returns:
            The paths of the entries that were not written, as something lay there.

        Raises:
            CacheError: The disk refused; what lies in place is hashed when it is next asked for.
        """
        if taken is None:
            taken = self.take()
            self.steady(taken)
        placed, entries = taken
        unwritten = {entry.path for entry in entries.values()}
        if not placed:
            return unwritten
        with cache_errors(self._layout.root):
            found: dict[str, _Found] = {}
            strangers: list[Placed] = []
            for one in placed:
                new = self._found(one, entries.get(one.address))
                if new is None or found.setdefault(new.line.record, new) is not new:
                    strangers.append(one)
            self._record(list(found.values()), unwritten)
            # What was recorded before under another name or algorithm is joined with care.
            if strangers:
                settle(self._layout, strangers, self._clock, durable=self.durable)
        return unwritten

    def _found(self, placed: Placed, entry: Entry | None) -> _Found | None:
        """Return what is known of a content first; None where there is a record, or it is another by now."""
        path, record_path = (
            self._layout.file(placed.address),
            self._layout.record(placed.address.digest),
        )
        # As long as all came in journals there are no records to look for.
        recorded = not self._journals.alone() and os.path.lexists(record_path)
        if recorded or self._journals.find(record_path) is not None:
            return None
        try:
            stamp = Stamp.of(os.lstat(path))
        except OSError:
            return None
        racy = stamp.racy(self._clock.file_time_ns(), self._grain)
        if racy or not stamp.only_links_moved(placed.stamp):
            return None
        text = self._spelled(placed, stamp)
        line = (
            Line(record_path, "", text)
            if entry is None
            else Line(record_path, entry.path, f"{entry.text[:-1]}, {text[1:]}")
        )
        return _Found(path, stamp, frozenset(placed.digests), line)

    def _spelled(self, placed: Placed, stamp: Stamp) -> str:
        address, digests, now = placed.address, placed.digests, self._clock.now()
        if len(digests) == 1:
            return spelled_first(digests[0], stamp, address.name, added=now, durable=self.durable)
        files = {address.name: Known(stamp, self.durable)}
        return spelled(Record(frozenset(digests), stamp.size, now, files))

    def _record(self, found: Sequence[_Found], unwritten: set[str]) -> None:
        """Write what is known: of many in a journal, of few, or where there are journals enough, each.

        Raises:
            OSError: It cannot be written.
        """
        lines = [one.line for one in found]
        if len(lines) >= _MANY and len(self._journals.names()) < MOST:
            # What lies in a file counts more than a journal: such an entry is to be set anew.
            there = _lying(one.entry for one in lines)
            add_journal(self._layout, lines, self._clock, durable=self.durable)
            unwritten.difference_update({one.entry for one in lines} - there)
        else:
            written = [path for line in lines for path in self._written(line)]
            self._journals.changed()
            unwritten.difference_update(written)
            if self.durable:
                sync_many(written, top=self._layout.root)
        for one in found:
            self._holding.remember(one.path, one.stamp, one.digests, marked=False)

    def _written(self, line: Line) -> list[str]:
        """Write a record, with its entry as a second name; return what was written."""
        try:
            _, linked = put_small(
                self._own(), line.record, line.text.encode(), also=line.entry or None
            )
        except OSError:
            return []
        return [line.record, line.entry] if linked else [line.record]

    def _own(self) -> str:
        self._count += 1
        return f"{self._directory}/{self._count}"


def _lying(paths: Iterable[str]) -> set[str]:
    """Return those at which something lies; where a directory is missing, nobody looks below it."""
    directories: dict[str, bool] = {"": True}

    def is_there(directory: str) -> bool:
        """Whether a directory is there; each is looked at once."""
        there = directories.get(directory)
        if there is None:
            above = directory.rpartition("/")[0]
            there = directories[directory] = is_there(above) and os.path.lexists(directory)
        return there

    return {path for path in paths if is_there(path.rpartition("/")[0]) and os.path.lexists(path)}
