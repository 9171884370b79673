"""The package indexes that pip was told of, read as pip reads them."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from store.errors import ConfigurationError
from store.files.names import derived_name

log = logging.getLogger(__name__)

_VARIABLES: Final = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_NO_INDEX")
_SECTIONS: Final = ("global", "install", "download")
_UNHEEDED: Final = ("no-index", "find-links")


def config_files(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield where pip's configuration may lie, the weakest first: system, user, environment, own.

    ``PIP_CONFIG_FILE`` comes last, and takes the place of the user's where it exists; set to the null
    device it is the only one, and empty.

    Args:
        environment: The variables; None takes the process's own.
    """
    variables = os.environ if environment is None else environment
    own = variables.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return
    home = variables.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - the warm path uses no Path
    if sys.platform == "darwin":
        yield "/Library/Application Support/pip/pip.conf"
    for directory in reversed((variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")):
        yield f"{directory}/pip/pip.conf"
    yield "/etc/pip.conf"
    if not (own and os.path.exists(own)):  # noqa: PTH110 - the warm path uses no Path
        yield f"{home}/.pip/pip.conf"
        if sys.platform == "darwin":
            yield f"{home}/Library/Application Support/pip/pip.conf"
        yield f"{variables.get('XDG_CONFIG_HOME') or home + '/.config'}/pip/pip.conf"
    yield f"{sys.prefix}/pip.conf"
    if own:
        yield own


def pip_fingerprint(environment: Mapping[str, str] | None = None) -> str:
    """Return what changes when pip's configuration does, without reading it: a few stats.

    Secrets in addresses take no part, so none could be guessed from it.

    Args:
        environment: The variables; None takes the process's own.
    """
    variables = os.environ if environment is None else environment
    seen = [_without_secrets(variables.get(name, "")) for name in _VARIABLES]
    for path in config_files(variables):
        try:
            status = os.stat(path)  # noqa: PTH116 - the warm path uses no Path
        except (OSError, ValueError):
            continue
        seen.append(f"{path}:{status.st_mtime_ns}:{status.st_size}:{status.st_ino}")
    return derived_name("\n".join(seen))[:32]


def pip_indexes(environment: Mapping[str, str] | None = None) -> tuple[str | None, tuple[str, ...]]:
    """Return the index that pip was told of, and the extra ones.

    As in pip, a later file wins over an earlier one, the sections ``install`` and ``download`` over
    ``global``, and ``PIP_INDEX_URL`` and ``PIP_EXTRA_INDEX_URL`` over every file. ``no-index`` and
    ``find-links`` are not heeded, which the log says at DEBUG: an index is what this store asks.

    Args:
        environment: The variables; None takes the process's own.

    Returns:
        The main index or None, and the extra ones in their order.

    Raises:
        ConfigurationError: A file is damaged or cannot be read. It is not passed over, since the public
            index would then be asked for what a private one has.
    """
    variables = os.environ if environment is None else environment
    told: dict[str, str] = {}
    files = [_read(path) for path in config_files(variables)]
    for section in _SECTIONS:
        for one in files:
            told.update(one.get(section, {}))
    for name in ("index-url", "extra-index-url", *_UNHEEDED):
        value = variables.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            told[name] = value
    for name in _UNHEEDED:
        if told.get(name):
            log.debug("pip's setting %s is not heeded: an index is asked all the same", name)
    return told.get("index-url", "").strip() or None, tuple(told.get("extra-index-url", "").split())


def _read(path: str) -> dict[str, dict[str, str]]:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        with Path(path).open(encoding="utf-8") as file:
            parser.read_file(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, Error) as error:
        # configparser quotes the damaged line, where a password may stand.
        raise ConfigurationError(
            f"pip's configuration {path} cannot be read ({type(error).__name__}): mend it, or set"
            " PIP_CONFIG_FILE to the null device and name the index by index_url",
            path=path,
            line=getattr(error, "lineno", None),
        ) from None
    return {
        section.lower(): {
            key.replace("_", "-").lower(): value for key, value in parser.items(section)
        }
        for section in parser.sections()
    }


def _without_secrets(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text) if "@" in text else text
