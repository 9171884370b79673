"""Makes and deletes buckets: what an object store's library lacks."""

from __future__ import annotations

import contextlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from store.errors import (
    CredentialsError,
    QueryError,
    RefusedError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
)
from store.transports.base import TransferOptions
from store.transports.objects.answers import code_of
from store.transports.objects.base import ObjectClient
from store.transports.objects.failures import ENDPOINT, LATER

if TYPE_CHECKING:
    from store.transports.objects.obstored import ObstoreObjects

_SIGNED_FOR: Final = timedelta(minutes=5)
"""How long a signature holds; a clock that is further off is told of by the server."""

_MADE: Final = frozenset({200, 201, 204})
_FORBIDDEN: Final = frozenset({401, 403})
_MISSING: Final = 404
_CONFLICT: Final = 409
_FAULTS: Final = 500
_BAD_NAME: Final = "InvalidBucketName"
_NAME: Final = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
"""What S3 takes for the name of a bucket."""

_AMERICA: Final = "us-east-1"
"""The region of AWS that is not named when a bucket is made in it."""


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


def create_bucket(client: ObjectClient, *, options: TransferOptions) -> None:
    """Make the bucket that a client is for; one that is there already is no error.

    Args:
        client: The objects that are to lie in it.
        options: The bounds of the request.

    Raises:
        CredentialsError: The keys may not make buckets.
        QueryError: The server takes no bucket of that name.
        RefusedError: The store is none that buckets can be made in from here.
        TransportError: The server says no, or cannot be reached.
    """
    if bucket_exists(client):
        return
    status, code = _ask(client, "PUT", "made", options)
    if status in _MADE or (status == _CONFLICT and bucket_exists(client)):
        return
    # Some servers take names that S3 does not, and some fail at them.
    if code == _BAD_NAME or not (status in _FORBIDDEN or re.fullmatch(_NAME, client.bucket)):
        raise QueryError(
            f"{client.address}: no bucket {client.bucket!r} can be made: its server takes no such name"
            f" ({status}). Choose one of 3 to 63 lower-case letters, digits, dots and hyphens",
            query=client.bucket,
        )
    raise _failed(client, "made", status, code)


def check_deletable(client: ObjectClient) -> None:
    """Make sure that a bucket can be deleted from here, before anything in it is.

    Raises:
        RefusedError: The store is none that buckets can be deleted in from here, or the bucket keeps
            versions.
    """
    from store.transports.objects.versions import keeps_versions

    _signing(client, "deleted")
    if keeps_versions(client):
        raise RefusedError(
            f"{client.address} is not deleted, nor is anything in it: it keeps versions of its objects;"
            " remove these first, with the store's own tool",
            limit="versions",
            url=client.address,
        )


def delete_bucket(client: ObjectClient, *, options: TransferOptions) -> None:
    """Delete the bucket that a client is for; it must hold nothing.

    Args:
        client: The objects that lay in it.
        options: The bounds of the request.

    Raises:
        ResourceNotFoundError: It is not there.
        CredentialsError: The keys may not delete it.
        RefusedError: It still holds something, or the store is none that buckets can be deleted in from here.
        TransportError: The server says no, or cannot be reached.
    """
    from store.transports.objects.unfinished import take_back, unfinished

    with contextlib.suppress(StoreError):  # what stands in the way is told below
        if next(iter(client.list()), None) is None:
            for one in unfinished(client):
                take_back(client, one)
    status, code = _ask(client, "DELETE", "deleted", options)
    if status == _MISSING:
        raise ResourceNotFoundError(
            f"{client.address} is not there", url=client.address, status=status
        )
    if status == _CONFLICT:
        raise RefusedError(
            f"{client.address} is not deleted: it still holds objects, or older versions of them;"
            " remove these first",
            limit="not empty",
            url=client.address,
        )
    if status not in _MADE:
        raise _failed(client, "deleted", status, code)


def _signing(client: ObjectClient, what: str) -> ObstoreObjects:
    """Return the client that can sign the request; only S3's names a bucket by a path of its own."""
    from store.transports.objects.obstored import ObstoreObjects

    if isinstance(client, ObstoreObjects) and client.is_s3:
        return client
    raise RefusedError(
        f"{client.address} cannot be {what} from here: use the cloud's own command, such as"
        " 'gcloud storage buckets' or 'az storage container'",
        limit="kind",
        url=client.address,
    )


def location_of(store: Any) -> bytes:  # noqa: ANN401 - obstore's
    """Return the body that tells AWS where a bucket is to lie; other servers know their only region.

    Args:
        store: obstore's store, which knows endpoint and region.
    """
    region = store.config.get("region")
    if store.config.get("endpoint") is not None or region in {None, _AMERICA}:
        return b""
    return (
        '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
    ).encode()


def _ask(
    client: ObjectClient, method: Literal["PUT", "DELETE"], what: str, options: TransferOptions
) -> tuple[int, str | None]:
    """Send a signed request for the bucket itself, and return the answer's status and the error's code."""
    signing = _signing(client, what)
    store = signing.store
    import obstore

    try:
        address = obstore.sign(store, method, "", _SIGNED_FOR)
    except Exception:  # noqa: BLE001 - the library's own, whose words may hold what was signed
        raise CredentialsError(
            f"{client.address} cannot be {what}: the request could not be signed; give an access key and its"
            " secret",
            url=client.address,
        ) from None
    from store.transports.http.asker import Asker

    body = location_of(store) if method == "PUT" else b""
    with contextlib.closing(Asker(options, signing.bundle)) as asker:
        answer = asker.ask(method, address, {"accept-encoding": "identity"}, body=body)
        return answer.status, code_of(answer.read())


def _failed(
    client: ObjectClient, what: str, status: int, code: str | None
) -> CredentialsError | TransportError:
    named = f" ({code})" if code else ""
    said = f"{client.address} could not be {what}: the server answered {status}{named}"
    if status in _FORBIDDEN:
        return CredentialsError(
            f"{said}; the keys are wrong, or may not do that", url=client.address, status=status
        )
    step = ENDPOINT if status < _FAULTS else LATER
    if status == _CONFLICT and what == "made":
        step = "another has a bucket of that name: choose another"
    return TransportError(f"{said}: {step}", url=client.address, status=status)
