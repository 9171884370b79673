"""Every setting, with its type, default and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


def setting(default: Any, meaning: str, *, env: str | None = None, kind: str = "text") -> Any:  # noqa: ANN401
    """Declare a setting.

    Args:
        default: What holds where nobody says otherwise.
        meaning: One sentence for the reference and ``store config list``.
        env: The variable that sets it, or None.
        kind: How its text is read: ``text``, ``flag``, ``seconds`` (``90``, ``30s``, ``1h``, ``7d``,
            ``none``), ``bytes`` (``1048576``, ``20G``, ``50GiB``, ``none``), ``count``, ``choice:a|b``,
            ``path``, ``list``.
    """
    raise NotImplementedError


@attrs.frozen(kw_only=True)
class Settings:
    """What the user decided, from flags, environment, project and user files.

    A key ``cache_dir`` is spelled ``cache_dir`` in a file's top level (``[tool.store]`` in
    pyproject.toml); tables ``[driver.NAME]`` are a driver's configuration.

    To be declared with `setting`: cache_dir (path, STORE_CACHE_DIR), cache (file-cache, STORE_CACHE: name
    of the cache backend), durability (choice full|relaxed, STORE_DURABILITY), verify (choice
    stamp|always|never, STORE_VERIFY), lock_timeout (seconds 60), offline (flag, STORE_OFFLINE),
    metadata_max_age (seconds 3600, STORE_METADATA_MAX_AGE), connect_timeout, read_timeout, stall_timeout,
    minimum_rate (bytes), deadline (seconds none, STORE_DEADLINE), max_size (bytes 50GiB, STORE_MAX_SIZE),
    retries (count 4), allow_downgrade (flag false), allow_unverified (flag false), progress (choice
    auto|always|never, STORE_PROGRESS), keyring (flag true), driver (tables).
    """

    drivers: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
