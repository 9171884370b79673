"""Archives by their names in the settings: tables ``[archive.NAME]``.

=============  ===============================================================================================
key            means
=============  ===============================================================================================
``host``       the archive's address; a relative directory counts from the file that it stands in
``user``       who asks, where the archive wants to know
``workspace``  where releases are published and looked for, unless another workspace is named
``default``    ``true`` for the one that is meant where none is named
=============  ===============================================================================================

A server's table may have ``ca_file`` (the certificates to trust there), ``certificate`` and ``key`` (what to
log in with, in place of a password), too: paths of PEM files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from store.config.tables import configuration_of, located
from store.errors import ConfigurationError, QueryError, UnsafeNameError
from store.releases.names import DEFAULT_WORKSPACE, check_workspace
from store.releases.opening import is_url, scheme_of

KEYS: Final = frozenset({"host", "user", "workspace", "default", "ca_file", "certificate", "key"})
"""The keys that a table may have."""


class Named(NamedTuple):
    """Where an archive is, and what is meant there.

    Attributes:
        host: Its address.
        user: Who asks, or None.
        workspace: Where releases are, unless another workspace is named.
        name: What the settings call it, or None.
    """

    host: str
    user: str | None = None
    workspace: str = DEFAULT_WORKSPACE
    name: str | None = None


def archive_named(
    where: str | None, archives: Mapping[str, Mapping[str, Any]], *, user: str | None = None
) -> Named:
    """Return the archive that is meant.

    Args:
        where: A name in the settings, an address or a directory; None for the default one, which is the one
            with ``default = true``, else the only one.
        archives: The tables of the settings.
        user: Who asks, whatever the settings say.

    Raises:
        QueryError: None is named, and none is the default one.
        ConfigurationError: A table is malformed.
    """
    if where is not None and where not in archives:
        return Named(where, user)
    name = _default(archives) if where is None else where
    table = archives[name]
    unknown = sorted(table.keys() - KEYS)
    if unknown:
        raise _malformed(
            name, table, f"has no {unknown[0]!r}; known are {', '.join(sorted(KEYS))}", unknown[0]
        )
    for key in sorted(KEYS - {"default"}):
        if not isinstance(table.get(key, ""), str):
            raise _malformed(name, table, f"needs a text for {key!r}", key)
    if not isinstance(table.get("default", False), bool):
        raise _malformed(name, table, "has a default that is neither true nor false", "default")
    host = table.get("host")
    if not host:
        raise _malformed(
            name, table, "needs a 'host': a directory, or the address of an archive", "host"
        )
    if not is_url(host) and scheme_of(host) == "":
        host = configuration_of(table, {"host"})["host"]
    workspace = table.get("workspace") or DEFAULT_WORKSPACE
    try:
        check_workspace(workspace)
    except UnsafeNameError as error:
        raise _malformed(name, table, f"cannot be used: {error}", "workspace") from error
    return Named(host, user or table.get("user"), workspace, name)


def _default(archives: Mapping[str, Mapping[str, Any]]) -> str:
    marked = [name for name, table in archives.items() if table.get("default", False) is not False]
    found = marked or list(archives)
    if len(found) != 1:
        told = f"known are {', '.join(sorted(archives))}" if archives else "none is in the settings"
        if marked:
            told = f"{' and '.join(sorted(marked))} both have default = true"
        raise QueryError(
            f"which archive? {told}: name one, or set default = true in the table [archive.NAME] of one",
            known=tuple(sorted(archives)),
        )
    return found[0]


def _malformed(name: str, table: Mapping[str, Any], reason: str, key: str) -> ConfigurationError:
    return located(ConfigurationError(f"[archive.{name}] {reason}", key=key), table)
