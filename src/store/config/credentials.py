"""Secrets, each bound to the origin that it was given for."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Credential:
    """What to show a server: a user and password, or a bearer token.

    Attributes:
        user: The user's name, or None for a token.
        secret: The password or token; never shown.
        source: Where it comes from (``explicit``, ``environment``, ``keyring``, ``netrc``, ``address``).
    """

    user: str | None = None
    secret: str = attrs.field(repr=False)
    source: str

    @property
    def header(self) -> str:
        """The value of an ``Authorization`` header: Basic (RFC 7617) or Bearer (RFC 6750)."""
        raise NotImplementedError


@attrs.frozen
class Credentials:
    """Finds the secret for an address: what is passed wins, then environment, keyring, netrc.

    Attributes:
        explicit: Secrets by origin, optionally with a path prefix (``https://host/private/``); the
            longest prefix wins.
        use_environment: Look at ``STORE_TOKEN_<ORIGIN>`` (the origin in upper case, everything but
            letters and digits as ``_``: ``STORE_TOKEN_HTTPS_HOST_8443``; the value is a token, or
            ``user:password``).
        use_keyring: Ask the system keyring, where the extra ``keyring`` is installed.
        use_netrc: Look at ``$NETRC`` or ``~/.netrc``: exact host, https only.
    """

    explicit: Mapping[str, Credential] = attrs.field(factory=dict, repr=False)
    use_environment: bool = True
    use_keyring: bool = True
    use_netrc: bool = True

    def find(self, address: str) -> Credential | None:
        """Return the secret for an address, or None. Nothing that fails here is fatal; it is logged.

        User and password that stand in the address itself win over everything.
        """
        raise NotImplementedError
