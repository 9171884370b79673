"""Reads the settings: flag, then variable, then project file, then user file, then default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from store.config.model import Settings


@attrs.frozen
class Reading:
    """Settings, and where each was found.

    Attributes:
        settings: The settings.
        sources: For each key ``default``, ``flag``, the variable's name, or ``file:line``.
        files: The files that were looked for, in order of precedence, whether they exist or not.
    """

    settings: Settings
    sources: Mapping[str, str]
    files: tuple[Path, ...]


def read_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Reading:
    """Read the settings that hold here and now.

    Warm path: no file, no tomllib. A ``pyproject.toml`` is parsed only if it has ``[tool.store``.

    Args:
        flags: Values given on the command line or by the caller, those that are None left out.
        environment: The variables; None takes the process's own.
        directory: Where ``store.toml`` and ``pyproject.toml`` are looked for; None is the working
            directory.

    Raises:
        ConfigurationError: A file is damaged, a key unknown (naming file, line and the nearest known
            key), a value of the wrong kind, or both project files speak.
    """
    raise NotImplementedError
