"""Does things in a few threads, and brings what comes of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any


class Workers:
    """A few threads, made when there is something to do.

    Args:
        jobs: How many threads there are at most.
        arrivals: Takes what each call returns, and None for one that was called off.
        fail_fast: Whether an outcome with an error calls the rest off.

    Attributes:
        pending: How many calls have not arrived; for the thread that submits and takes.
    """

    def __init__(self, jobs: int, arrivals: SimpleQueue[Any], *, fail_fast: bool = False) -> None:
        self._jobs = jobs
        self._fail_fast = fail_fast
        self._arrivals = arrivals
        self._called_off = threading.Event()
        self._pool: ThreadPoolExecutor | None = None
        self._failure: BaseException | None = None
        self.pending = 0

    def submit(self, call: Callable[..., Any], *arguments: Any) -> None:  # noqa: ANN401 - what it takes
        """Have a call made."""
        if self._pool is None:
            # Modules that the workers would load first are loaded here: an import in a thread may
            # deadlock with one in another, and a fork in between would find it half done.
            import store.backends.digested
            import store.backends.moving
            import store.cache.flight
            import store.cache.keeping
            import store.files.placing
            import store.transports.opening
            import store.transports.receiving  # noqa: F401

            self._pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="store-fetch")
        self.pending += 1
        self._pool.submit(self._run, call, arguments)

    def arrived(self) -> None:
        """Note that one of the arrivals was taken.

        Raises:
            BaseException: What a call has raised.
        """
        self.pending -= 1
        if self._failure is not None:
            raise self._failure

    def call_off(self) -> None:
        """Begin nothing more: what was not begun brings None."""
        self._called_off.set()

    def close(self) -> None:
        """Call off what was not begun, and wait for the rest."""
        self.call_off()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _run(self, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        came = None
        try:
            if not self._called_off.is_set():
                came = call(*arguments)
                # Here, and not by whoever takes it: by then the next would have begun.
                if self._fail_fast and getattr(came, "error", None) is not None:
                    self.call_off()
        except BaseException as error:  # noqa: BLE001 - raised by whoever takes the arrivals
            self._failure = error
            self.call_off()
        finally:
            self._arrivals.put(came)
