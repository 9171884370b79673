"""Shows how far one file has come: never backwards, and to its end."""

from __future__ import annotations

import threading

from store.clock import SYSTEM_CLOCK, Clock
from store.events import Event, Failed, Progressed
from store.transports.progress import Progress, progress_listener


class Meter:
    """Shows the bytes of one file, whichever attempts and threads they come from; safe for many threads.

    It is a listener for what comes, and `count` is for what goes.

    Args:
        progress: A callback ``(read, total, filename)``, True for a bar, or None.
        name: The file's name, for people.
        total: Its bytes, where they are known beforehand.
        clock: The time.

    Raises:
        ConfigurationError: ``progress`` is none of these.
    """

    def __init__(
        self,
        progress: Progress,
        name: str,
        *,
        total: int | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._listener = progress_listener(progress, clock=clock)
        self._name = name
        self._total = total
        self._read = 0
        self._counted = 0
        self._shown: tuple[int, int | None] | None = None
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Take an event of the transfer."""
        if isinstance(event, Progressed):
            with self._lock:
                self._total = event.total
                self._move(max(self._read, event.received))

    def count(self, more: int) -> None:
        """Take bytes that went, or came; no more than the total is shown of what was sent twice."""
        with self._lock:
            self._counted += more
            read = self._counted if self._total is None else min(self._counted, self._total)
            self._move(max(self._read, read))

    def begin_again(self, total: int) -> None:
        """Count another attempt from its beginning: nothing is shown until it has come further than the last.

        Args:
            total: The file's bytes, as they are known by now.
        """
        with self._lock:
            self._total, self._counted = total, 0

    def finish(self, total: int) -> None:
        """Show that everything is there.

        Args:
            total: The file's bytes, as they are known by now.
        """
        with self._lock:
            self._total = total
            self._move(total)

    def fail(self, error: Exception) -> None:
        """End what is drawn: the file could not be moved."""
        if self._listener is not None:
            self._listener(Failed(self._name, str(error)))

    def _move(self, read: int) -> None:
        self._read = read
        if self._listener is not None and self._shown != (read, self._total):
            self._shown = (read, self._total)
            self._listener(Progressed(self._name, read, self._total))
