"""Reads what a cache's configuration says of its content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from store.config.directories import cache_directory
from store.errors import ConfigurationError

_CHOICES: Final = {"durability": ("full", "relaxed"), "verify": ("stamp", "always", "never")}


def directory_from(configuration: Any) -> Path | None:  # noqa: ANN401 - e3-core's configuration
    """Return the ``cache_dir`` of a configuration, absolute, or None where it names none.

    Raises:
        ConfigurationError: It is no path.
    """
    given = configuration.get("cache_dir") if isinstance(configuration, Mapping) else None
    if given is None:
        return None
    if not isinstance(given, str | os.PathLike) or not os.fspath(given) or "\0" in str(given):
        raise ConfigurationError(
            f"cache_dir is a directory's path or nothing, not {given!r}", key="cache_dir"
        )
    return Path(given).expanduser().absolute()


def directory_of(configuration: Any) -> Path:  # noqa: ANN401 - e3-core's configuration
    """Return the ``cache_dir`` of a configuration, else the user's cache directory.

    Raises:
        ConfigurationError: It is no path.
    """
    return directory_from(configuration) or cache_directory()


def options_from(configuration: Any) -> dict[str, Any]:  # noqa: ANN401 - e3-core's configuration
    """Return the arguments of `Content` that a configuration gives, apart from the directory.

    Raises:
        ConfigurationError: One of them cannot be what it says.
    """
    if not isinstance(configuration, Mapping):
        return {}
    options: dict[str, Any] = {}
    for key, choices in _CHOICES.items():
        value = configuration.get(key)
        if value is None:
            continue
        if value not in choices:
            raise ConfigurationError(
                f"{key} is one of {', '.join(choices)}, not {value!r}", key=key, known=choices
            )
        options[key] = value
    seconds = configuration.get("lock_timeout")
    if seconds is not None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
            raise ConfigurationError(
                f"lock_timeout is a number of seconds from 0, not {seconds!r}", key="lock_timeout"
            )
        options["lock_timeout"] = float(seconds)
    return options
