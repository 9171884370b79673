"""Makes and deletes buckets: what an object store's library lacks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, Protocol, runtime_checkable

from store.errors import (
    CredentialsError,
    RefusedError,
    ResourceNotFoundError,
    TransportError,
)
from store.transports.base import TransferOptions
from store.transports.objects.base import ObjectClient

_SIGNED_FOR: Final = timedelta(minutes=5)
"""How long a signature holds; a clock that is further off is told of by the server."""

_MADE: Final = frozenset({200, 201, 204})
_FORBIDDEN: Final = frozenset({401, 403})
_MISSING: Final = 404
_CONFLICT: Final = 409

_AMERICA: Final = "us-east-1"
"""The region of AWS that is not named when a bucket is made in it."""


@runtime_checkable
class Signing(Protocol):
    """A client whose store can sign requests."""

    store: Any
    """obstore's store."""


def bucket_exists(client: ObjectClient) -> bool:
    """Return whether the bucket is there: its listing is asked for.

    Raises:
        StoreError: What the client raises, a missing bucket apart.
    """
    try:
        next(iter(client.list()), None)
    except ResourceNotFoundError:
        return False
    return True


def create_bucket(
    client: ObjectClient, *, options: TransferOptions, ca_bundle: Path | None = None
) -> None:
    """Make the bucket that a client is for; one that is there already is no error.

    Args:
        client: The objects that are to lie in it.
        options: The bounds of the request.
        ca_bundle: A PEM file of the certificates to trust.

    Raises:
        CredentialsError: The keys may not make buckets.
        RefusedError: The store is none that buckets can be made in from here.
        TransportError: The server says no, or cannot be reached.
    """
    if bucket_exists(client):
        return
    store = _signing_store(client, "made")
    status = _ask(client, "PUT", _where(store), store=store, options=options, ca_bundle=ca_bundle)
    if status not in _MADE and not (status == _CONFLICT and bucket_exists(client)):
        raise _failed(client, "made", status)


def delete_bucket(
    client: ObjectClient, *, options: TransferOptions, ca_bundle: Path | None = None
) -> None:
    """Delete the bucket that a client is for; it must hold nothing.

    Args:
        client: The objects that lay in it.
        options: The bounds of the request.
        ca_bundle: A PEM file of the certificates to trust.

    Raises:
        ResourceNotFoundError: It is not there.
        CredentialsError: The keys may not delete it.
        RefusedError: It still holds something, or the store is none that buckets can be deleted in from here.
        TransportError: The server says no, or cannot be reached.
    """
    store = _signing_store(client, "deleted")
    status = _ask(client, "DELETE", store=store, options=options, ca_bundle=ca_bundle)
    if status == _MISSING:
        raise ResourceNotFoundError(
            f"{client.address} is not there", url=client.address, status=status
        )
    if status == _CONFLICT:
        raise RefusedError(
            f"{client.address} is not deleted: it still holds objects, older versions of them, or uploads"
            " that were never finished; remove these first",
            limit="not empty",
            url=client.address,
        )
    if status not in _MADE:
        raise _failed(client, "deleted", status)


def _signing_store(client: ObjectClient, what: str) -> Any:  # noqa: ANN401 - obstore's
    """Return the store that signs the request; only S3's names a bucket by a path of its own."""
    store = client.store if isinstance(client, Signing) else None
    if store is None or type(store).__name__ != "S3Store":
        raise RefusedError(
            f"{client.address} cannot be {what} from here: use the cloud's own command, such as"
            " 'gcloud storage buckets' or 'az storage container'",
            limit="kind",
            url=client.address,
        )
    return store


def _where(store: Any) -> bytes:  # noqa: ANN401 - obstore's
    """Return what tells AWS where the bucket is to lie; other servers know their only region."""
    region = store.config.get("region")
    if store.config.get("endpoint") is not None or region in {None, _AMERICA}:
        return b""
    return (
        '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
    ).encode()


def _ask(
    client: ObjectClient,
    method: Literal["PUT", "DELETE"],
    body: bytes = b"",
    *,
    store: Any,  # noqa: ANN401 - obstore's
    options: TransferOptions,
    ca_bundle: Path | None,
) -> int:
    """Send a signed request for the bucket itself, and return the status of the answer."""
    import obstore
    from obstore.exceptions import BaseError

    from store.transports.http.single import send

    try:
        address = obstore.sign(store, method, "", _SIGNED_FOR)
    except BaseError as error:
        # What it says may hold the request, signature included.
        raise CredentialsError(
            f"{client.address}: the request could not be signed: give an access key and its secret",
            url=client.address,
        ) from error
    answer = send(method, address, options=options, body=body, bundle=ca_bundle)
    return answer.status


def _failed(client: ObjectClient, what: str, status: int) -> CredentialsError | TransportError:
    said = f"{client.address} could not be {what}: the server answered {status}"
    if status in _FORBIDDEN:
        return CredentialsError(
            f"{said}; the keys are wrong, or may not do that", url=client.address, status=status
        )
    return TransportError(said, url=client.address, status=status)
