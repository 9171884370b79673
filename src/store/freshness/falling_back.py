"""Hands out another file where a source fails."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from store.errors import IntegrityError, StoreError
from store.freshness.results import AgedResult
from store.integrity.digest import Digests
from store.integrity.verification import check_file

log = logging.getLogger(__name__)


def fallen_back(fallback: str, pins: Digests, error: StoreError) -> AgedResult | None:
    """Return the fallback as a result, or None where it is no regular file, or not what was pinned.

    Args:
        fallback: Its path; ``~`` is the home directory, a relative one begins at the working directory.
        pins: What it must be.
        error: What kept the source from giving its content.
    """
    path = Path(os.path.expanduser(fallback)).absolute()  # noqa: PTH111 - never fails
    if not path.is_file():
        log.warning("the fallback %s is no file", path)
        return None
    try:
        check_file(path, pins, follow_links=True)
        size = path.stat().st_size
    except (IntegrityError, OSError) as unfit:
        log.warning("the fallback cannot be used: %s", unfit)
        return None
    log.warning("the fallback %s is handed out, since the source failed: %s", path, error)
    return AgedResult(path=path, kept=path, origin="fallback", size=size, digests=pins, error=error)
