"""Where the user's files lie, by the platform's rules."""

from __future__ import annotations

import os
import sys
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
    return _platforms("XDG_CACHE_HOME", ".cache", "user_cache_path")


def standing_file(cache_dir: Path | None) -> str:
    """Return the file in which is remembered which origins failed, below the cache's directory.

    Args:
        cache_dir: The directory that was chosen, or None.
    """
    return f"{cache_dir or cache_directory()}/mirrors/v1.json"


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
    return _platforms("XDG_CONFIG_HOME", ".config", "user_config_path") / "config.toml"


def _platforms(variable: str, below_home: str, function: str) -> Path:
    """Return the directory that platformdirs names.

    On Linux its rule (the XDG Base Directory Specification: an absolute path in a variable, else one below
    the home directory) is applied here, because to import it costs 10 of the 90 ms that a warm fetch may
    take; a test holds both to the same answer.
    """
    if sys.platform != "linux":
        import platformdirs

        found: Path = getattr(platformdirs, function)("store", appauthor=False)
        return found
    chosen = os.environ.get(variable, "").strip()
    home = chosen if os.path.isabs(chosen) else os.path.expanduser(f"~/{below_home}")  # noqa: PTH111, PTH117
    return Path(home, "store")
