"""Where the user's files lie, by the platform's rules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from store.config.values import parse_path


def cache_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Return ``$STORE_CACHE_DIR``, else the user's cache directory for ``store`` (platformdirs).

    Args:
        environment: The variables; None takes the process's own. The platform's own variables, such as
            ``XDG_CACHE_HOME``, are always the process's.

    Returns:
        An absolute path; nothing is created.
    """
    chosen = (os.environ if environment is None else environment).get("STORE_CACHE_DIR", "")
    if chosen.strip():
        return parse_path(chosen)
    import platformdirs

    return platformdirs.user_cache_path("store", appauthor=False)


def configuration_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return ``$STORE_CONFIG_FILE``, else ``config.toml`` in the user's configuration directory.

    Args:
        environment: The variables; None takes the process's own.

    Returns:
        An absolute path; whether the file exists is not looked at.
    """
    chosen = (os.environ if environment is None else environment).get("STORE_CONFIG_FILE", "")
    if chosen.strip():
        return parse_path(chosen)
    import platformdirs

    return platformdirs.user_config_path("store", appauthor=False) / "config.toml"
