"""How an object store is reached: endpoint, region and keys."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from store.addresses import public
from store.errors import ConfigurationError
from store.frozen import Frozen, field

Kind = Literal["s3", "gs", "az"]
"""Which protocol a store speaks: S3's, Google's or Azure's; the scheme of its addresses."""

KINDS: Final[tuple[Kind, ...]] = ("s3", "gs", "az")
"""Every kind, which is also every scheme of an object's address."""


class Connection(Frozen):
    """How the buckets of one account are reached. What is None is looked for elsewhere.

    Where: the variables ``AWS_*``, then the profile in the usual AWS files (``~/.aws/config``,
    ``~/.aws/credentials``), then what the machine itself is allowed (web identity, ECS, EC2).

    Attributes:
        endpoint: The server's address, such as ``https://s3.example.org``; None for the cloud itself.
        access_key: The access key's id; the account's name for ``az``.
        secret_key: Its secret; the account's key for ``az``; never shown.
        session_token: What goes with temporary keys; never shown.
        region: The region, such as ``eu-west-1``; ``us-east-1`` where nobody names one.
        kind: The protocol, and the scheme of addresses: ``s3``, ``gs`` or ``az``.
        bucket: The bucket that ``bucket:NAME/key`` means; None takes it from the address's first segment.
        profile: The profile in the AWS files; None takes ``AWS_PROFILE``, else ``default``.
        anonymous: Sign nothing: for public buckets.
        path_style: Name the bucket in the path, not in the host; None does so where an endpoint is given.
        ca_bundle: A PEM file of the certificates to trust, in place of the machine's.
        allow_http: Whether the endpoint may be ``http://``; None allows it where `endpoint` says so, and
            not where a variable or AWS file does (unless it is this machine).
        credentials_file: The service account's file, for ``gs``.

    Raises:
        ConfigurationError: An endpoint is no http or https address or holds user, password or query; a
            key is given without its secret; ``anonymous`` is asked for together with keys; the kind is
            unknown.
    """

    endpoint: str | None = None
    access_key: str | None = field(default=None, shown=False)
    secret_key: str | None = field(default=None, shown=False)
    session_token: str | None = field(default=None, shown=False)
    region: str | None = None
    kind: Kind = "s3"
    bucket: str | None = None
    profile: str | None = None
    anonymous: bool = False
    path_style: bool | None = None
    ca_bundle: Path | None = None
    allow_http: bool | None = None
    credentials_file: Path | None = None

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        access_key: str | None = None,
        secret_key: str | None = None,
        session_token: str | None = None,
        region: str | None = None,
        kind: Kind = "s3",
        bucket: str | None = None,
        profile: str | None = None,
        anonymous: bool = False,
        path_style: bool | None = None,
        ca_bundle: Path | None = None,
        allow_http: bool | None = None,
        credentials_file: Path | None = None,
    ) -> None:
        super().__init__(
            endpoint=endpoint,
            access_key=access_key,
            secret_key=secret_key,
            session_token=session_token,
            region=region,
            kind=kind,
            bucket=bucket,
            profile=profile,
            anonymous=anonymous,
            path_style=path_style,
            ca_bundle=ca_bundle,
            allow_http=allow_http,
            credentials_file=credentials_file,
        )
        _check(self)


def _check(connection: Connection) -> None:
    """Refuse what cannot be meant; no secret is told."""
    if connection.kind not in KINDS:
        raise ConfigurationError(
            f"{connection.kind!r} is no kind of object store: write one of {', '.join(KINDS)}",
            key="kind",
            known=KINDS,
        )
    if connection.endpoint is not None:
        _check_endpoint(connection.endpoint, allow_http=connection.allow_http)
    if (connection.access_key is None) != (connection.secret_key is None):
        lacking = "secret_key" if connection.secret_key is None else "access_key"
        raise ConfigurationError(f"a connection with keys lacks its {lacking}", key=lacking)
    if connection.anonymous and connection.access_key is not None:
        raise ConfigurationError(
            "a connection is anonymous and has keys: leave one of them out", key="anonymous"
        )


def _check_endpoint(endpoint: str, *, allow_http: bool | None) -> None:
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    plain = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if not plain or parts.query or parts.fragment:
        raise ConfigurationError(
            f"the endpoint {public(endpoint)!r} is no address of a server: write 'https://host' or"
            " 'https://host:port', without user, password or query",
            key="endpoint",
        )
    if parts.scheme == "http" and allow_http is False:
        raise ConfigurationError(
            f"the endpoint {public(endpoint)!r} is plain http, which allow_http forbids: write https",
            key="endpoint",
        )
