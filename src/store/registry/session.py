"""A session: one registry for a program, and its trace, ended together."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import IO, Any

from store.registry.log import silence, trace
from store.registry.manager import Cache


@contextlib.contextmanager
def session(
    *arguments: Any,  # noqa: ANN401 - those of Cache
    trace_to: IO[str] | None = None,
    level: int | str = logging.INFO,
    **options: Any,  # noqa: ANN401 - those of Cache
) -> Iterator[Cache]:
    """Open a registry for a block, and close it afterwards.

    Args:
        arguments: Of `Cache`.
        trace_to: Where to write what it logs; None writes nothing.
        level: From which level on.
        options: Of `Cache`.
    """
    handler = None if trace_to is None else trace(level, trace_to)
    try:
        with Cache(*arguments, **options) as cache:
            yield cache
    finally:
        if handler is not None:
            silence(handler)
