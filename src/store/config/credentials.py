"""Secrets, each bound to the origin that it was given for."""

from __future__ import annotations

import base64
import logging
import os
import re
import stat
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from store.addresses import Origin, origin_of, public, userinfo
from store.errors import ConfigurationError

log = logging.getLogger(__name__)

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_HOST: Final = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*")
_IPV4: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}")


@attrs.frozen(kw_only=True)
class Credential:
    """What to show a server: a user and password, or a bearer token.

    Attributes:
        user: The user's name, or None for a token; never shown, since some servers take tokens so.
        secret: The password or token; never shown.
        source: Where it comes from (``explicit``, ``environment``, ``keyring``, ``netrc``, ``address``).

    Raises:
        ConfigurationError: It cannot be sent in a header: it holds a control character, or the user's
            name a colon (RFC 7617).
    """

    user: str | None = attrs.field(default=None, repr=False)
    secret: str = attrs.field(repr=False)
    source: str

    def __attrs_post_init__(self) -> None:
        """Refuse what would break out of a header; the secret is not told."""
        if _CONTROL.search(self.secret) or _CONTROL.search(self.user or ""):
            raise ConfigurationError(
                f"a credential ({self.source}) holds a line break or another control character"
            )
        if ":" in (self.user or ""):
            raise ConfigurationError(
                f"the user's name of a credential ({self.source}) holds a colon"
            )

    @property
    def header(self) -> str:
        """The value of an ``Authorization`` header: Basic (RFC 7617) or Bearer (RFC 6750)."""
        if self.user is None:
            return f"Bearer {self.secret}"
        return f"Basic {base64.b64encode(f'{self.user}:{self.secret}'.encode()).decode()}"


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


@attrs.frozen
class Credentials:
    """Finds the secret for an address: what is passed wins, then environment, keyring, netrc.

    An origin is matched exactly: scheme, host and port.

    Attributes:
        explicit: Secrets by origin, optionally with a path prefix (``https://host/private/``), which
            matches whole segments; the longest prefix wins.
        use_environment: Look at ``STORE_TOKEN_<ORIGIN>``: see `token_variable`. The value is a token,
            or ``user:password``.
        use_keyring: Ask the system keyring, where the extra ``keyring`` is installed; the service is the
            origin (``https://host:8443``).
        use_netrc: Look at ``$NETRC`` or ``~/.netrc``: exact host, https only; its ``default`` is not used.

    Raises:
        ConfigurationError: A key of ``explicit`` is no address.
    """

    explicit: Mapping[str, Credential] = attrs.field(factory=dict, repr=False, hash=False)
    use_environment: bool = True
    use_keyring: bool = True
    use_netrc: bool = True
    _table: tuple[tuple[Origin, str, Credential], ...] = attrs.field(
        default=attrs.Factory(lambda self: _prefixes(self.explicit), takes_self=True),
        init=False,
        repr=False,
        eq=False,
    )

    def find(self, address: str) -> Credential | None:
        """Return the secret for an address, or None. Nothing that fails here is fatal; it is logged.

        User and password that stand in the address itself win over everything.
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

    def _from_table(self, origin: Origin, address: str) -> Credential | None:
        if not self._table:
            return None
        path = _path_of(address)
        for known, prefix, credential in self._table:
            if known == origin and (path == prefix or path.startswith(f"{prefix}/")):
                return credential
        return None

    def _from_outside(self, origin: Origin) -> Credential | None:
        return (
            (_from_environment(origin) if self.use_environment else None)
            or (_from_keyring(origin) if self.use_keyring else None)
            or (_from_netrc(origin) if self.use_netrc else None)
        )


def token_variable(origin: Origin) -> str | None:
    """Return the name of the variable that holds the secret of an origin.

    The origin in upper case, with ``_`` for each dot and before the port: ``STORE_TOKEN_HTTPS_HOST_8443``,
    ``STORE_TOKEN_HTTPS_EXAMPLE_ORG``. A hyphen is ``__``, so that ``my-host.org`` and ``my.host.org``
    share no secret.

    Returns:
        The name, or None for an origin that no name stands for alone: an IPv6 address, a host with
        other characters than letters, digits, dots and hyphens.
    """
    numeric = origin.host.rpartition(".")[2].isdigit()
    if not _HOST.fullmatch(origin.host) or (numeric and not _IPV4.fullmatch(origin.host)):
        return None
    if not origin.scheme.isalnum():
        return None
    text = str(origin).replace("-", "__").replace("://", "_").replace(":", "_").replace(".", "_")
    return f"STORE_TOKEN_{text.upper()}"


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
    return Credential(user=found[0], secret=found[1], source="address")


def _from_environment(origin: Origin) -> Credential | None:
    variable = token_variable(origin)
    if variable is None:
        return None
    text = os.environ.get(variable, "").strip()
    if not text:
        collapsed = re.sub("_+", "_", variable)
        if collapsed != variable and collapsed in os.environ:
            log.warning("%s is not read for %s: a hyphen is '__': %s", collapsed, origin, variable)
        return None
    user, colon, password = text.partition(":")
    try:
        if colon:
            return Credential(user=user, secret=password, source="environment")
        return Credential(secret=text, source="environment")
    except ConfigurationError as error:
        log.warning("%s is not used: %s", variable, error)
        return None


def _from_keyring(origin: Origin) -> Credential | None:
    try:
        import keyring

        found = keyring.get_credential(str(origin), None)
        if found is None or not found.password:
            return None
        return Credential(user=_user_of(found), secret=found.password, source="keyring")
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001 - a stranger's backend may raise anything
        # What it says may hold the secret, so only its kind is told.
        log.debug("the keyring failed for %s: %s", origin, type(error).__name__)
        return None


def _user_of(found: Any) -> str | None:  # noqa: ANN401 - keyring's own class
    try:
        return found.username or None
    except ValueError:  # keyring's AnonymousCredential has none: a token
        return None


def _from_netrc(origin: Origin) -> Credential | None:
    if origin.scheme != "https":
        return None
    path = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")  # noqa: PTH111 - as netrc does
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a text will do
            return None
        import netrc

        # `authenticators` would fall back to the entry `default`, which is bound to no host.
        hosts = {host.lower(): entry for host, entry in netrc.netrc(path).hosts.items()}
        hosts.pop("default", None)
        user, _, password = hosts.get(origin.host, ("", "", ""))
        if not password:
            return None
        return Credential(user=user or "", secret=password, source="netrc")
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - parse errors quote the file, which holds secrets
        line = getattr(error, "lineno", None)
        log.warning("%s is not used: %s (line %s)", path, type(error).__name__, line)
        return None
