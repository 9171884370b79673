"""Where secrets come from: variables, the keyring, netrc."""

from __future__ import annotations

import logging
import os
import re
import stat
from typing import Any, Final

from store.addresses import Origin
from store.config.credential import Credential
from store.errors import ConfigurationError

log = logging.getLogger(__name__)

_HOST: Final = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*")
_IPV4: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}")


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


def from_environment(origin: Origin) -> Credential | None:
    """Return the secret in an origin's variable, or None."""
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


def from_keyring(origin: Origin) -> Credential | None:
    """Return the secret that the system keyring has for an origin, or None."""
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


def from_netrc(origin: Origin) -> Credential | None:
    """Return the secret that netrc has for an https host, or None."""
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
