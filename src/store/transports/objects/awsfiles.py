"""Reads what the usual AWS files say of one profile."""

from __future__ import annotations

import configparser
import logging
import os
from collections.abc import Mapping
from typing import Final

from store.errors import ConfigurationError

log = logging.getLogger(__name__)

_MAX_BYTES: Final = 4 << 20
"""The largest file that is read, in bytes."""


def profile_values(
    name: str | None, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return what ``~/.aws/config`` and ``~/.aws/credentials`` say of a profile.

    Source: the AWS SDKs and Tools reference guide, "Shared config and credentials files". The section is
    ``[profile NAME]`` in the first and ``[NAME]`` in the second, which wins; ``[default]`` in both.
    ``AWS_CONFIG_FILE`` and ``AWS_SHARED_CREDENTIALS_FILE`` name other files. Settings of a service stand in
    ``[services NAME]``, under ``s3``: of those the ``endpoint_url`` is read.

    Args:
        name: The profile; None takes ``AWS_PROFILE``, else ``default``, which need not be there.
        environment: The variables; None takes the process's own.

    Raises:
        ConfigurationError: A profile that was named is in neither file, or a file cannot be read.
    """
    variables = os.environ if environment is None else environment
    wanted = name or variables.get("AWS_PROFILE") or None
    profile = wanted or "default"
    home = variables.get("HOME") or "~"
    config = _read(variables.get("AWS_CONFIG_FILE") or f"{home}/.aws/config")
    secrets = _read(variables.get("AWS_SHARED_CREDENTIALS_FILE") or f"{home}/.aws/credentials")
    section = "default" if profile == "default" else f"profile {profile}"
    found = {**config.get(section, {}), **secrets.get(profile, {})}
    if not found and wanted is not None:
        raise ConfigurationError(
            f"the AWS profile {wanted!r} is in neither ~/.aws/config nor ~/.aws/credentials: name another"
            " one (AWS_PROFILE, or 'profile' of the connection)",
            key="profile",
        )
    services = config.get(f"services {found.get('services', '')}", {})
    endpoint = _nested(services.get("s3", "")).get("endpoint_url")
    return {**found, **({"endpoint_url": endpoint} if endpoint else {})}


def _read(path: str) -> dict[str, dict[str, str]]:
    """Return the sections of a file; none where there is none. What cannot be parsed is not shown."""
    place = os.path.expanduser(path)  # noqa: PTH111 - Path.expanduser fails where there is no home
    try:
        with open(place, encoding="utf-8") as file:  # noqa: PTH123 - a text, not a Path
            text = file.read(_MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8"
        raise ConfigurationError(
            f"the AWS file {place} cannot be read: {reason}", path=place
        ) from None
    parser = configparser.RawConfigParser(strict=False, default_section="\0")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ConfigurationError(
            f"the AWS file {place} cannot be understood: {type(error).__name__}; mend it",
            path=place,
            line=getattr(error, "lineno", None),
        ) from None
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _nested(text: str) -> dict[str, str]:
    """Return the settings below a setting, each on an indented line of its own."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}
