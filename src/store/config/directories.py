"""Where the user's files lie, by the platform's rules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def cache_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Return ``$STORE_CACHE_DIR``, else the user's cache directory for ``store`` (platformdirs).

    Args:
        environment: The variables; None takes the process's own.
    """
    raise NotImplementedError


def configuration_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return ``$STORE_CONFIG_FILE``, else ``config.toml`` in the user's configuration directory."""
    raise NotImplementedError
