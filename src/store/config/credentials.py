"""Secrets, each bound to the origin that it was given for."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from store.addresses import Origin, origin_of, public, userinfo
from store.errors import ConfigurationError
from store.frozen import Frozen, field

if TYPE_CHECKING:
    # A hit shows nobody a secret: what holds one is loaded with the first.
    from store.config.credential import Credential

log = logging.getLogger(__name__)


def _prefixes(explicit: Mapping[str, Credential]) -> tuple[tuple[Origin, str, Credential], ...]:
    """Return origin, path and secret of each key, the longest path first."""
    found = []
    for address, credential in explicit.items():
        try:
            origin = origin_of(address)
        except ValueError:
            origin = Origin("", "", None)
        if not origin.scheme or not origin.host:
            raise ConfigurationError(
                f"credentials are given for {public(address)!r}, which is no address: write"
                " 'https://host' or 'https://host/path/'"
            )
        found.append((origin, _path_of(address), credential))
    return tuple(sorted(found, key=lambda one: len(one[1]), reverse=True))


class Credentials(Frozen):
    """Finds the secret for an address: what is passed wins, then environment, then netrc.

    Where these have none that the server accepts, the keyring is asked.

    An origin is matched exactly: scheme, host and port.

    Attributes:
        explicit: Secrets by origin, optionally with a path prefix (``https://host/private/``), which
            matches whole segments; the longest prefix wins.
        use_environment: Look at ``STORE_TOKEN_<ORIGIN>``: see
            `secret_sources.token_variable`. The value is a token, or ``user:password``.
        use_keyring: Ask the system keyring, where the extra ``keyring`` is installed; the service is the
            origin (``https://host:8443``).
        use_netrc: Look at ``$NETRC`` or ``~/.netrc``: exact host, https only; its ``default`` is not used.

    Raises:
        ConfigurationError: A key of ``explicit`` is no address.
    """

    explicit: Mapping[str, Credential] = field(factory=dict, shown=False)
    use_environment: bool = True
    use_keyring: bool = True
    use_netrc: bool = True
    _table: tuple[tuple[Origin, str, Credential], ...]
    _kept: dict[Origin, Credential | None]

    def __init__(
        self,
        explicit: Mapping[str, Credential] | None = None,
        *,
        use_environment: bool = True,
        use_keyring: bool = True,
        use_netrc: bool = True,
    ) -> None:
        super().__init__(
            explicit={} if explicit is None else explicit,
            use_environment=use_environment,
            use_keyring=use_keyring,
            use_netrc=use_netrc,
        )
        self.__dict__["_table"] = _prefixes(self.explicit)
        self.__dict__["_kept"] = {}

    def find(self, address: str) -> Credential | None:
        """Return the secret for an address, or None. Nothing that fails here is fatal; it is logged.

        User and password that stand in the address itself win over everything. The keyring is not asked:
        see `find_challenged`.
        """
        try:
            origin = origin_of(address)
            if not origin.host:
                return None
            own = _from_address(address)
        except ValueError:  # ConfigurationError too
            log.debug("no credentials for %s: its user, host or port is malformed", public(address))
            return None
        found = own or self._from_table(origin, address) or self._from_outside(origin)
        if found is not None:
            log.debug("credentials for %s come from: %s", origin, found.source)
        return found

    def find_challenged(self, address: str) -> Credential | None:
        """Return the secret that the keyring has for an address whose server asked for one, or None.

        To load a keyring takes some 150 ms and may ask a person to unlock it, so it is left until a
        server has answered 401, and is asked once an origin.
        """
        if not self.use_keyring:
            return None
        try:
            origin = origin_of(address)
        except ValueError:
            return None
        if origin not in self._kept:
            from store.config.secret_sources import from_keyring

            self._kept[origin] = from_keyring(origin)
        return self._kept[origin]

    def depend_on_path(self, address: str) -> bool:
        """Whether what is found for an origin may be another for each of its paths.

        Raises:
            ValueError: The address cannot be parsed.
        """
        if not self._table:
            return False
        origin = origin_of(address)
        return any(known == origin and prefix for known, prefix, _ in self._table)

    def _from_table(self, origin: Origin, address: str) -> Credential | None:
        if not self._table:
            return None
        path = _path_of(address)
        for known, prefix, credential in self._table:
            if known == origin and (path == prefix or path.startswith(f"{prefix}/")):
                return credential
        return None

    def _from_outside(self, origin: Origin) -> Credential | None:
        from store.config.secret_sources import from_environment, from_netrc

        return (from_environment(origin) if self.use_environment else None) or (
            from_netrc(origin) if self.use_netrc else None
        )


def _path_of(address: str) -> str:
    """Return the path of an address without dot segments (RFC 3986, 5.2.4) and closing slash."""
    kept: list[str] = []
    for segment in re.sub("%2e", ".", urlsplit(address).path, flags=re.IGNORECASE).split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    return "".join(f"/{segment}" for segment in kept)


def _from_address(address: str) -> Credential | None:
    found = userinfo(address)
    if found is None:
        return None
    from store.config.credential import Credential

    return Credential(user=found[0], secret=found[1], source="address")
