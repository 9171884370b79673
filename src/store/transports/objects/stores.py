"""Makes the stores of the library obstore, and keeps them within bounds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from store.addresses import public
from store.errors import ConfigurationError, RefusedError, TransportTimeoutError, UnknownNameError
from store.transports.base import Bounds, TransferOptions
from store.transports.deadlines import current
from store.transports.objects.account import Account
from store.transports.objects.clouds import check_cloud
from store.transports.objects.connection import Connection

_LEAST: Final = 0.05
"""The shortest time that a request is given, in seconds."""

_SLOWEST: Final = 128 << 10
"""How fast a server takes up what it is sent at least, in bytes a second: its silence meanwhile is none."""

_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_TOKENS: Final = ("AWS_SESSION_TOKEN", "AWS_TOKEN")

_CLOUDS: Final = {
    "S3Store": "https://s3.amazonaws.com",
    "GCSStore": "gs:",
    "AzureStore": "az:",
}
"""The server of each of the library's stores where it is told no endpoint."""


_MEANT: Final = {
    "S3Store": "endpoint, region and keys",
    "GCSStore": "endpoint and credentials_file (or GOOGLE_APPLICATION_CREDENTIALS)",
    "AzureStore": "endpoint, access_key (the account's name) and secret_key",
}
"""What may be wrong, by the library's store."""


class _Used:
    """In which process the library's threads run: a fork's child has none of them."""

    process: int | None = None


def usable() -> bool:
    """Whether the library can be called here: in a fork's child of who has called it, it would hang."""
    return _Used.process in {None, os.getpid()}


def library(shown: str) -> Any:  # noqa: ANN401 - a module
    """Return the module ``obstore``.

    Args:
        shown: What needs it, for the message.

    Raises:
        UnknownNameError: It is not installed (``kind`` is ``extra``, ``name`` is ``s3``).
        RefusedError: This is a fork's child of a process that has used it.
    """
    try:
        import obstore
        import obstore.store
    except ImportError as error:
        raise UnknownNameError(
            f"{shown} needs the extra s3: pip install 'pluggable-store[s3]'",
            kind="extra",
            name="s3",
        ) from error
    if not usable():
        raise RefusedError(
            f"{shown} cannot be asked in the child of a fork: the library's threads stayed with the parent;"
            " start processes with 'spawn', or give keys, which S3 can be asked with all the same",
            limit="fork",
        )
    _Used.process = os.getpid()
    return obstore


class Stores:
    """The obstore stores of one bucket: the usual one, and one in a hurry where the deadline is near.

    The library knows no deadline of a call, only timeouts of a store.

    Args:
        bucket: The bucket's name.
        address: Its address.
        options: The bounds.
        connection: How it is reached; None where ``given`` is.
        account: What was found out of S3, or None for the others.
        given: A store of obstore's that is used as it is, or None.

    Attributes:
        bucket: The bucket's name.
    """

    def __init__(
        self,
        bucket: str,
        address: str,
        options: TransferOptions,
        *,
        connection: Connection | None = None,
        account: Account | None = None,
        given: Any = None,  # noqa: ANN401 - obstore's
    ) -> None:
        self.bucket = bucket
        self._address = address
        self._options = options
        self._connection = connection or Connection()
        self._account = account
        self._given = given
        self._kept: dict[float, Any] = {}
        self._library: Any = None

    @property
    def bundle(self) -> Path | None:
        """A PEM file of the certificates to trust, or None for the machine's."""
        return self._account.bundle if self._account else self._connection.ca_bundle

    @property
    def is_s3(self) -> bool:
        """Whether S3's protocol is spoken."""
        return self._account is not None or type(self._given).__name__ == "S3Store"

    @property
    def server(self) -> str | None:
        """What names the server, or None: see `store.transports.objects.base.ObjectClient.server`."""
        if self._account is not None:
            return self._account.server
        if self._given is None:
            told, kind = self._connection.endpoint, str(self._connection.kind)
            account = self._connection.access_key or os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
            return told or f"{kind}:{account or ''}"
        kind = type(self._given).__name__
        if kind not in _CLOUDS:
            return None
        config = self._given.config
        told = config.get("endpoint") or config.get("base_url") or _CLOUDS[kind]
        return f"{public(str(told))}{config.get('account_name') or ''}"

    @property
    def library(self) -> Any:  # noqa: ANN401 - a module
        """The module ``obstore``."""
        if self._library is None or not usable():
            self._library = library(self._address)
        return self._library

    def at_hand(self, *, sending: int = 0) -> Any:  # noqa: ANN401 - obstore's
        """Return a store whose requests end within the bounds, and before the deadline that holds here.

        Args:
            sending: How many bytes a request's body has.

        Raises:
            TransportTimeoutError: The deadline has passed.
            UnknownNameError: See `library`.
        """
        library = self.library
        if self._given is not None:
            return self._given
        bounds = self._options.bounds
        patience = bounds.read_timeout + _sent_within(sending)
        left = current(self._options.clock).left()
        if left <= 0:
            raise TransportTimeoutError(
                f"{self._address}: {current(self._options.clock)} has passed", url=self._address
            )
        if left < bounds.connect_timeout + patience:
            return self._made(library, bounds, max(left, _LEAST), hurried=True)
        if patience not in self._kept:
            self._kept[patience] = self._made(library, bounds, patience, hurried=False)
        return self._kept[patience]

    def _made(self, library: Any, bounds: Bounds, patience: float, *, hurried: bool) -> Any:  # noqa: ANN401
        connect = min(bounds.connect_timeout, patience)
        client: dict[str, Any] = {
            "connect_timeout": timedelta(seconds=connect),
            "read_timeout": timedelta(seconds=patience),
            # Else the whole body would have to come in 30 s.
            "timeout": timedelta(seconds=patience if hurried else 10 * 365 * 86_400),
            "allow_http": True,  # whether it may be was decided where the endpoint was found
            **self._trust(),
        }
        agent = self._options.user_agent
        if agent:
            client["user_agent"] = agent
        retry = {"max_retries": 0, "retry_timeout": timedelta(seconds=patience + connect)}
        kind, config = self._config()
        if self._account is None:
            check_cloud(self._connection, self._address)
        made = getattr(library.store, kind)
        try:
            return made(
                self.bucket,
                config=config,
                client_options=client,
                retry_config=retry,
                **_provider(self._account),
            )
        except Exception:  # noqa: BLE001 - its message may hold what it was given
            raise ConfigurationError(
                f"{self._address}: no connection can be made of what is given: look at {_MEANT[kind]}"
            ) from None

    def _trust(self) -> dict[str, Any]:
        bundle = self.bundle
        if bundle is None:
            return {}
        try:
            return {"root_certificate": bundle.read_bytes()}
        except OSError as error:
            raise ConfigurationError(
                f"the certificates to trust cannot be read from {bundle}: {error.strerror}",
                key="ca_bundle",
                path=str(bundle),
            ) from error

    def _config(self) -> tuple[str, Mapping[str, Any]]:
        """Return the name of the library's class, and what it is told."""
        given = self._connection
        if self._account is not None:
            return "S3Store", _s3(self._account, self.bucket)
        told: dict[str, Any] = {}
        if given.kind == "gs":
            if given.credentials_file is not None:
                told["service_account"] = str(given.credentials_file)
            if given.endpoint is not None:
                told["base_url"] = given.endpoint
        else:
            if given.access_key is not None:
                told |= {"account_name": given.access_key, "account_key": given.secret_key}
            if given.endpoint is not None:
                told["endpoint"] = given.endpoint
        if given.anonymous:
            told["skip_signature"] = True
        return ("GCSStore" if given.kind == "gs" else "AzureStore"), told


def _sent_within(size: int) -> float:
    """Return how many seconds the sending of a body may take; few values, since stores share nothing."""
    seconds = 1.0 if size else 0.0
    while seconds < size / _SLOWEST:
        seconds *= 8.0
    return seconds


def _s3(account: Account, bucket: str) -> dict[str, Any]:
    """Return what the library is told of S3; what it would find in the environment by itself is overruled."""
    told: dict[str, Any] = {
        "region": account.region,
        "virtual_hosted_style_request": not account.path_style,
        "skip_signature": account.anonymous,
    }
    around = [one for one in _ENDPOINTS if os.environ.get(one)]
    if account.endpoint is not None or around:
        # With a virtual host the library wants the bucket in the endpoint.
        server = (
            account.bucket_address("") if account.path_style else account.bucket_address(bucket)
        )
        told["endpoint"] = server.rstrip("/")
        if "AWS_ENDPOINT_URL_S3" in around:
            told["aws_endpoint_url_s3"] = told["endpoint"]
    if account.keys is not None:
        told["access_key_id"] = account.keys.access_key
        told["secret_access_key"] = account.keys.secret_key
        if account.keys.session_token:
            told["session_token"] = account.keys.session_token
    return told


def _provider(account: Account | None) -> dict[str, Any]:
    """Return what gives the keys where a token of the environment's would be taken for theirs."""
    if account is None or account.keys is None or account.keys.session_token:
        return {}
    if not any(os.environ.get(one) for one in _TOKENS):
        return {}
    found = {
        "access_key_id": account.keys.access_key,
        "secret_access_key": account.keys.secret_key,
        "token": None,
        "expires_at": None,
    }
    return {"credential_provider": lambda: found}
