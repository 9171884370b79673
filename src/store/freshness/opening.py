"""Opens the cache and the transports that an aged file goes by."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final, NamedTuple

from store.cache.content import Content
from store.clock import SYSTEM_CLOCK, Clock
from store.config.directories import cache_directory
from store.config.model import Settings
from store.config.reading import read_settings
from store.config.values import parse_path
from store.errors import QueryError
from store.transports.base import TransferOptions


class Surroundings(NamedTuple):
    """What an aged file goes by."""

    content: Content
    """The files of the cache that it lies in."""
    options: TransferOptions
    """How its bytes are moved."""


class _Contents:
    """The contents that this process has opened: one a directory, so that they share a lease."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contents: dict[tuple[object, ...], Content] = {}

    def forget(self) -> None:
        """Begin anew in a fork's child: another thread may have held the lock."""
        self.__init__()  # type: ignore[misc]

    def get(self, made: Content) -> Content:
        """Return the content that was opened in the same way before, or remember this one."""
        key = (made.layout.root, made.durability, made.verify, made.lock_timeout, id(made.clock))
        with self._lock:
            return self._contents.setdefault(key, made)


_contents: Final = _Contents()
os.register_at_fork(after_in_child=_contents.forget)


def surroundings(
    *,
    cache_dir: str | os.PathLike[str] | None = None,
    content: Content | None = None,
    options: TransferOptions | None = None,
    attempts: int | None = None,
    clock: Clock | None = None,
) -> Surroundings:
    """Return what an aged file goes by: what is given, else what the settings say here and now.

    Args:
        cache_dir: The cache's directory; None takes ``STORE_CACHE_DIR``, the settings' or the user's own.
        content: The cache's files, in place of a directory.
        options: How bytes are to be moved; None takes the settings'.
        attempts: How often an address is tried, whatever the options say; None leaves it to them.
        clock: The time, where content and options do not say.

    Raises:
        ConfigurationError: The settings cannot be read.
        QueryError: ``cache_dir`` is no path.
    """
    if content is None or options is None:
        settings = read_settings().settings
        content = content or _content(settings, cache_dir, clock or SYSTEM_CLOCK)
        options = options or TransferOptions.from_settings(settings)._replace(
            clock=clock or content.clock
        )
    if attempts is not None:
        retrying = options.retrying._replace(attempts=attempts)
        options = options._replace(retrying=retrying)
    return Surroundings(content, options)


def _content(settings: Settings, cache_dir: str | os.PathLike[str] | None, clock: Clock) -> Content:
    """Return the content of a directory: given, the settings', or the user's own."""
    made = Content(
        _directory(cache_dir) or settings.cache_dir or cache_directory(),
        durability=settings.durability,
        verify=settings.verify,
        lock_timeout=settings.lock_timeout,
        clock=clock,
    )
    return _contents.get(made)


def _directory(given: str | os.PathLike[str] | None) -> Path | None:
    if given is None:
        return None
    try:
        return parse_path(given)
    except ValueError as error:
        raise QueryError(f"cache_dir {given!r} {error}") from error
