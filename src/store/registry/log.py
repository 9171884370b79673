"""The trace of a registry: simple log lines to a stream or a file."""

from __future__ import annotations

import logging
from typing import IO, Final

NAME: Final = "store.registry"
"""The logger of the registry."""

_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def get_logger(name: str | None = None) -> logging.Logger:
    """Return the registry's logger, or one below it."""
    return logging.getLogger(f"{NAME}.{name}" if name else NAME)


def trace(level: int | str = logging.DEBUG, stream: IO[str] | None = None) -> logging.Handler:
    """Write what the registry logs to a stream, until `silence` takes the handler away again.

    Args:
        level: From which level on.
        stream: Where to; None is stderr.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.setLevel(level)
    logger = get_logger()
    logger.addHandler(handler)
    logger.setLevel(min(logger.level or handler.level, handler.level))
    return handler


def silence(handler: logging.Handler) -> None:
    """Take away a handler that `trace` returned."""
    logger = get_logger()
    logger.removeHandler(handler)
    if not logger.handlers:
        logger.setLevel(logging.NOTSET)
