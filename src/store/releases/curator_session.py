"""One user's session at a CDCS: its log-in, and what is asked in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from store.addresses import Origin, public
from store.config.credential import Credential
from store.config.credentials import Credentials
from store.errors import ConfigurationError, TransportError
from store.releases.curating import text
from store.releases.logins import origin_for
from store.transports.base import TransferOptions
from store.transports.http.asking import Posted
from store.transports.http.exchanging import DONE, Answer, Exchange
from store.transports.http.posting import Form
from store.transports.tls import Tls

_NO_TOKENS: Final = frozenset({200, 400, 401, 403, 404, 405})
"""What a server says that gives a token, or none."""


class CuratorSession:
    """One user's session at one CDCS; nothing of it is shared with another. Safe for many threads.

    A user and password are shown once, for a token, where the server gives tokens: a password costs it
    a third of a second a request. Without a user, the password is a token itself.

    Args:
        host: The server's address; a path may belong to it (``https://host/cdcs``).
        user: The user's name, or None.
        password: The password, or the token; None asks as nobody, or as the certificate says.
        certificate: The path of the client's certificate (PEM), with its key, or None.
        key: The path of the key, where it lies by itself.
        ca_file: The path of the certificates to trust at this server (PEM), or None.
        options: How bytes are to be moved.

    Attributes:
        host: The address, without a slash at the end, without secrets.
        username: The user's name, or None.
        origin: Scheme, host and port.

    Raises:
        QueryError: The host is no address of a server.
        ConfigurationError: A file of certificates, or of a key, is not there or cannot be read; or there is a
            key, and no certificate.
    """

    def __init__(
        self,
        host: str,
        user: str | None = None,
        password: str | None = None,
        *,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
        ca_file: str | Path | None = None,
        options: TransferOptions | None = None,
    ) -> None:
        self.host = public(host).rstrip("/")
        self.username = user
        self.origin: Origin = origin_for(self.host)
        self._secret = (
            None
            if password is None
            else Credential(user=user or None, secret=password, source="explicit", scheme="Token")
        )
        _check_files({"certificate": certificate, "key": key, "ca_file": ca_file})
        tls = Tls(
            origin=self.host,
            authorities=_path(ca_file),
            certificate=_path(certificate),
            key=_path(key),
        )
        self._given = (options or TransferOptions())._replace(tls=tls)
        self._logging_in = threading.Lock()
        self._opened: Exchange | None = None

    @property
    def options(self) -> TransferOptions:
        """How bytes are moved, with the secrets of this session: bound to its origin."""
        return self._session().options

    def ask(
        self,
        method: str,
        path: str,
        *,
        posted: Posted | None = None,
        repeatable: bool | None = None,
        taken: Collection[int] = DONE,
        **query: str | int | None,
    ) -> Answer:
        """Ask the server; see `Exchange.ask`.

        Args:
            method: The method.
            path: Below the host, such as ``rest/workspace/``.
            posted: What goes along.
            repeatable: Whether asking twice is as good as once.
            taken: The statuses that are an answer.
            query: What follows the question mark; None is left out.
        """
        given = {name: value for name, value in query.items() if value is not None}
        address = f"{self.host}/{path}" + (f"?{urlencode(given)}" if given else "")
        session = self._session()
        return session.ask(method, address, posted=posted, repeatable=repeatable, taken=taken)

    def _session(self) -> Exchange:
        """Return what asks, logged in: with a token where the server gives one."""
        if self._opened is None:
            with self._logging_in:
                if self._opened is None:
                    self._opened = self._log_in()
        return self._opened

    def _log_in(self) -> Exchange:
        secret = self._secret
        if secret is None or secret.user is None:
            return self._asking(secret)
        form = Form({"username": secret.user, "password": secret.secret})
        nobody = self._asking(None)
        answer = nobody.ask(
            "POST", f"{self.host}/api-token-auth/", posted=form, repeatable=True, taken=_NO_TOKENS
        )
        try:
            token = text(answer.value(), "token")
        except TransportError:  # it gives none, or not to this one: the password is shown each time
            return self._asking(secret)
        return self._asking(Credential(secret=token, source=secret.source, scheme="Token"))

    def _asking(self, secret: Credential | None) -> Exchange:
        """Return what asks with a secret. The keyring is not asked again: it may know another user."""
        explicit = {} if secret is None else {self.host: secret}
        credentials = Credentials(explicit, use_keyring=False)
        return Exchange(self._given._replace(credentials=credentials))


def _path(given: str | Path | None) -> str | None:
    return None if given is None else str(given)


def _check_files(given: Mapping[str, str | Path | None]) -> None:
    """Refuse files that cannot be read, which nobody could tell from a server that is not to be trusted."""
    if given["key"] is not None and given["certificate"] is None:
        raise ConfigurationError(
            "a key alone logs nobody in: name the certificate that it belongs to, too", key="key"
        )
    for name, path in given.items():
        if path is not None and not (Path(path).is_file() and os.access(path, os.R_OK)):
            raise ConfigurationError(
                f"the {name} {path} cannot be read: give the path of a file (PEM)", key=name
            )
