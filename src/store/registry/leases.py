"""Who is there: leases of writers, and notes of what was handed out."""

from __future__ import annotations

import contextlib
import logging
import os
import threading

from store.clock import Clock
from store.errors import RegistryError, StoreError
from store.files.atomic import make_directories
from store.files.failures import storage_error
from store.files.leases import Lease, held_notes, is_held
from store.files.reading import Reading
from store.registry.in_use import InUse
from store.registry.places import Places

log = logging.getLogger(__name__)


class Leases:
    """One process's lease in the directory of a registry; others see from it whether the process lives.

    Args:
        places: Where the registry lies.
        clock: The time.
        read_only: Take no lease, since nothing may be written; the directories of what is handed out are
            locked instead.
    """

    def __init__(self, places: Places, clock: Clock, *, read_only: bool) -> None:
        self._directory = places.leases
        self._files = places.files
        self._clock = clock
        self._read_only = read_only
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lease: Lease | None = None
        self._refused = False
        self._noted: set[str] = set()
        self._reading = Reading()
        self._lock = threading.Lock()

    def holder(self) -> str:
        """Return what stands in the rows of the items that this process writes.

        Raises:
            RegistryError: No lease can be taken there.
        """
        self._check_writable()
        try:
            lease = self._taken()
        except OSError as error:
            raise storage_error(error, self._directory, kind=RegistryError) from error
        return lease.name

    def is_alive(self, holder: str | None) -> bool:
        """Whether the process that writes an item is still there."""
        if holder is None:
            return False
        lease = self._lease
        if lease is not None and lease.name == holder and self._process == os.getpid():
            return True
        return is_held(self._directory, holder)

    def described(self, holder: str | None) -> str:
        """Return who a holder is, for people to read."""
        _, _, pid = (holder or "").partition("-")
        number = pid.partition("-")[0]
        return f"process {number}" if number.isdecimal() else "another process"

    def hand_out(self, name: str) -> bool:
        """Note that this process may be using an item's file, until `close`.

        Where nothing can be noted (a registry that may only be read, on a file system without locks), it goes
        without.

        Args:
            name: The item's version id, which is the same in a registry that was rebuilt.

        Returns:
            Whether it was noted just now. A cleaning that looked before did not see it, and had marked the
            item before it looked: so ask again whether it is still READY.
        """
        if self._process != os.getpid():
            self._begin()
        if self._refused or name in self._noted:
            return False
        try:
            self._note(name)
        except (OSError, StoreError) as error:
            self._refused = True
            log.debug("what is handed out of %s is not noted: %s", self._directory.parent, error)
            return False
        return True

    def _note(self, name: str) -> None:
        if self._read_only:
            with self._lock, contextlib.suppress(FileNotFoundError):
                self._reading.hold(f"{self._files}/{name[:2]}")
                self._noted.add(name)
            return
        lease = self._taken()
        with self._lock:
            lease.note(name)
            self._noted.add(name)

    def in_use(self) -> InUse:
        """Return the version ids of the items that living processes were handed, this one's included.

        Who may only read has locked directories, of which all counts as handed out. They are looked at when
        an item is first asked for.
        """
        return InUse(self._files, frozenset(held_notes(self._directory)))

    def close(self) -> None:
        """Give the lease back."""
        if self._process != os.getpid():
            self._begin()
            return
        with self._lock:
            lease, self._lease = self._lease, None
            self._noted, self._refused = set(), False
            self._reading.close()
        if lease is not None:
            lease.close()

    def _check_writable(self) -> None:
        if self._read_only:
            raise RegistryError(
                f"the registry in {self._directory.parent} may only be read: open it without read_only",
                path=str(self._directory.parent),
            )

    def _taken(self) -> Lease:
        if self._process != os.getpid():
            self._begin()
        with self._lock:
            if self._lease is None:
                # The first writer takes a lease before there is a registry: its directory is to last.
                make_directories(self._directory, durable=True)
                self._lease = Lease(self._directory, clock=self._clock)
            return self._lease
