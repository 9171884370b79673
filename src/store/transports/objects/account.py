"""Finds out how S3 is reached: what is given, then what is around."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from store.addresses import public
from store.errors import ConfigurationError
from store.transports.objects.awsfiles import profile_values
from store.transports.objects.connection import Connection

_REGION: Final = "us-east-1"
"""The region where nobody names one, as AWS has it."""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_UNREAD: Final = ("role_arn", "credential_process", "sso_session", "sso_start_url")
"""Ways of a profile to get keys that are not gone here."""


@attrs.frozen
class Keys:
    """What requests are signed with; never shown.

    Attributes:
        access_key: The access key's id.
        secret_key: Its secret.
        session_token: What goes with temporary keys, or None.
    """

    access_key: str = attrs.field(repr=False)
    secret_key: str = attrs.field(repr=False)
    session_token: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Account:
    """How S3 is reached, with nothing left open.

    Attributes:
        endpoint: The server's address without a slash at the end, or None for AWS itself.
        region: The region.
        keys: What is signed with; None where nothing is signed, or the machine's own keys are to be found
            by the library.
        anonymous: Whether nothing is signed.
        path_style: Whether the bucket is named in the path.
        bundle: A PEM file of the certificates to trust, or None.
    """

    endpoint: str | None
    region: str
    keys: Keys | None
    anonymous: bool
    path_style: bool
    bundle: Path | None

    @property
    def server(self) -> str:
        """What names the server; AWS is one, whatever the region: a bucket's name stands once in all."""
        return self.endpoint or "https://s3.amazonaws.com"

    def bucket_address(self, bucket: str) -> str:
        """Return where a bucket is, without a slash at the end."""
        server = self.endpoint or f"https://s3.{self.region}.amazonaws.com"
        if self.path_style:
            return f"{server}/{bucket}"
        scheme, _, rest = server.partition("://")
        return f"{scheme}://{bucket}.{rest}"


def account_of(connection: Connection, environment: Mapping[str, str] | None = None) -> Account:
    """Return how S3 is reached: the connection's own word, the variables ``AWS_*``, the AWS files.

    Endpoint and keys are looked for apart from one another, except that keys of the environment or files
    are used at an endpoint of the connection's own too: whoever writes the one without the other means so.

    Args:
        connection: What is given.
        environment: The variables; None takes the process's own.

    Raises:
        ConfigurationError: A profile or file cannot be read, or an endpoint that was found is plain http.
    """
    variables = os.environ if environment is None else environment
    given = connection
    told = {} if _complete(given) else profile_values(given.profile, variables)
    endpoint = given.endpoint or _found_endpoint(variables, told, given)
    region = (
        given.region
        or (None if given.profile else _variable(variables, "AWS_REGION", "AWS_DEFAULT_REGION"))
        or told.get("region")
        or _REGION
    )
    bundle = given.ca_bundle or _variable(variables, "AWS_CA_BUNDLE") or told.get("ca_bundle")
    style = given.path_style
    return Account(
        endpoint=endpoint.rstrip("/") if endpoint else None,
        region=region,
        keys=None if given.anonymous else _keys(given, variables, told),
        anonymous=given.anonymous,
        path_style=endpoint is not None if style is None else style,
        bundle=Path(bundle).expanduser() if bundle else None,
    )


def _complete(given: Connection) -> bool:
    """Whether a connection says all that the files could."""
    known = given.anonymous or given.access_key is not None
    return given.profile is None and known and None not in {given.endpoint, given.region}


def _keys(given: Connection, variables: Mapping[str, str], told: Mapping[str, str]) -> Keys | None:
    if given.access_key is not None and given.secret_key is not None:
        return Keys(given.access_key, given.secret_key, given.session_token)
    key, secret = variables.get("AWS_ACCESS_KEY_ID"), variables.get("AWS_SECRET_ACCESS_KEY")
    if key and secret and given.profile is None:
        return Keys(key, secret, variables.get("AWS_SESSION_TOKEN") or None)
    key, secret = told.get("aws_access_key_id"), told.get("aws_secret_access_key")
    if key and secret:
        return Keys(key, secret, told.get("aws_session_token"))
    unread = [one for one in _UNREAD if one in told]
    if unread:
        raise ConfigurationError(
            f"the AWS profile gets its keys by {unread[0]}, which is not understood here: put keys into the"
            " environment, as 'aws configure export-credentials --format env' prints them",
            key="profile",
        )
    given_alone = variables.get("AWS_ACCESS_KEY_ID") and given.profile is None
    if given_alone and not variables.get("AWS_SECRET_ACCESS_KEY"):
        raise ConfigurationError(
            "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not: set both, or none",
            key="AWS_SECRET_ACCESS_KEY",
        )
    return None


def _found_endpoint(
    variables: Mapping[str, str], told: Mapping[str, str], given: Connection
) -> str | None:
    if variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    own = _variable(variables, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    found = own or told.get("endpoint_url")
    if found is None:
        return None
    checked = Connection(found)
    parts = urlsplit(found)
    if parts.scheme == "http" and not given.allow_http and parts.hostname not in _LOOPBACK:
        raise ConfigurationError(
            f"the endpoint {public(found)!r} of the environment or AWS files is plain http: write https, or"
            " allow_http = true in [connection.NAME]",
            key="allow_http",
        )
    return checked.endpoint


def _variable(variables: Mapping[str, str], *names: str) -> str | None:
    return next((variables[one] for one in names if variables.get(one)), None)
