"""Sets aside what lies in the cache and is not what it should be."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from store.cache.layout import Address, Layout
from store.clock import Clock
from store.files.names import safe_name

log = logging.getLogger(__name__)


def set_aside(layout: Layout, path: str, reason: str, clock: Clock) -> Path | None:
    """Move what lies at a path below the cache into quarantine, by a rename, unopened.

    Args:
        layout: Where the cache lies.
        path: A path below ``content/`` or ``records/``, none of whose directories is a link.
        reason: Why, for the log.
        clock: The time.

    Returns:
        Where it lies now; None where it was gone or could not be moved, which is logged.
    """
    shown = safe_name(path)[:100]
    target = Path(layout.quarantine) / f"{clock.now_ns()}-{os.urandom(4).hex()}-{shown}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
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


def obstacle(layout: Layout, address: Address) -> str | None:
    """Return the first thing on the way to an owned file that is no directory of its own, or None.

    ``content/`` and what leads to it may be links: that is the user's choice. Below ``content/v1/`` a link
    would lead out of the cache.
    """
    algorithm, number = address.digest
    path = layout.content.rstrip("/")
    for part in ("", f"/{algorithm}", f"/{number[:2]}", f"/{number}"):
        path += part
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            return None
        if not stat.S_ISDIR(mode):
            return path
    return None
