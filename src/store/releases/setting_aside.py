"""Sets a directory aside that stands in the place of a blob."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
from pathlib import Path
from typing import Final

from store.files.atomic import rename

log = logging.getLogger(__name__)

_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
"""Error numbers that mean that no directory stands there any more."""

_FULL: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST})


def set_aside(path: str) -> None:
    """Make room for a blob: an empty directory goes, one with something in it gets another name beside it.

    Another who does the same may be first.

    Args:
        path: Where the blob belongs, and a directory stands.

    Raises:
        OSError: It stays there.
    """
    try:
        Path(path).rmdir()
    except OSError as error:
        if error.errno in _GONE:
            return
        if error.errno not in _FULL:
            raise
        names = (f"{path}.aside-{number}" for number in itertools.count(1))
        free = next(one for one in names if not os.path.lexists(one))
        with contextlib.suppress(FileNotFoundError):  # another was first
            rename(path, free)
            log.warning("a directory stood in the place of a blob: it is %s now", free)
