"""Sets aside what lies in the cache and is not what it should be."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from store.cache.layout import Layout
from store.clock import Clock
from store.files.names import safe_name

log = logging.getLogger(__name__)


def set_aside(layout: Layout, path: str, reason: str, clock: Clock) -> Path | None:
    """Move what lies at a path below the cache into quarantine, by a rename, unopened.

    Args:
        layout: Where the cache lies.
        path: A path below the cache, nothing on the way to which is in the way: see `obstacle`.
        reason: Why, for the log.
        clock: The time.

    Returns:
        Where it lies now; None where it was gone or could not be moved, which is logged.
    """
    shown = safe_name(path)[:100]
    target = Path(layout.quarantine) / f"{clock.now_ns()}-{os.urandom(4).hex()}-{shown}"
    try:
        _make_quarantine(target.parent)
        if path != layout.quarantine:
            Path(path).rename(target)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning(
            "%s is not what it should be (%s) and cannot be set aside: %s", path, reason, error
        )
        return None
    log.warning("%s was set aside as %s: %s", path, target, reason)
    return target


def _make_quarantine(directory: Path) -> None:
    """Make the quarantine; what is in its way, a link perhaps, becomes the first that lies in it."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        if stat.S_ISDIR(directory.lstat().st_mode):
            return
        fresh = directory.with_name(f"{directory.name}-{os.urandom(4).hex()}")
        fresh.mkdir()
        directory.rename(fresh / directory.name)
        fresh.rename(directory)


def obstacle(layout: Layout, path: str) -> str | None:
    """Return the first thing on the way to a path of the cache that is no directory of its own, or None.

    The cache's directory and what leads to it may be links: that is the user's choice. Below it a link
    would lead out of the cache.
    """
    end = path.find("/", len(layout.root) + 1)
    while end > 0:
        try:
            mode = os.lstat(path[:end]).st_mode
        except OSError:
            return None
        if not stat.S_ISDIR(mode):
            return path[:end]
        end = path.find("/", end + 1)
    return None


class Ways:
    """What is known of the directories on the way to many paths, each of which is looked at once.

    Args:
        layout: Where the cache lies.
    """

    def __init__(self, layout: Layout) -> None:
        self._there: dict[str, bool | None] = {layout.root: True, "": True}

    def are_clear(self, directory: str) -> bool:
        """Whether a directory below the cache, and all above it, are directories or missing."""
        return self._look(directory) is not None

    def _look(self, directory: str) -> bool | None:
        """Return whether a directory is there; None where something else is, there or above it."""
        try:
            return self._there[directory]
        except KeyError:
            there = self._look(directory.rpartition("/")[0])
            if there:
                try:
                    there = stat.S_ISDIR(os.lstat(directory).st_mode) or None
                except OSError:
                    there = False
            self._there[directory] = there
            return there


def clear_way(layout: Layout, path: str, clock: Clock) -> None:
    """Set aside what is on the way to a path of the cache, before anything is written there.

    Args:
        layout: Where the cache lies.
        path: A path below it.
        clock: The time.
    """
    blocked = obstacle(layout, path)
    if blocked is not None:
        set_aside(layout, blocked, "it is no directory of the cache", clock)


def made_way(layout: Layout, path: str, clock: Clock) -> bool:
    """Set aside what is in the way of a file of ours, so that damage heals where it is written next.

    Args:
        layout: Where the cache lies.
        path: Where the file is to lie.
        clock: The time.

    Returns:
        Whether anything was in the way, and is no longer.
    """
    blocked = obstacle(layout, path)
    if blocked is None:
        try:
            blocked = None if stat.S_ISREG(os.lstat(path).st_mode) else path
        except OSError:
            return False
    return blocked is not None and set_aside(layout, blocked, "it is in the way", clock) is not None
