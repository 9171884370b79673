"""Keeps the conditions of reading and writing, where a store does not."""

from __future__ import annotations

from collections.abc import Callable

from store.errors import DriftError, MissingKeyError, StoreError
from store.transports.base import TransferOptions
from store.transports.objects.answers import bare, quoted
from store.transports.objects.base import (
    Absent,
    Body,
    Condition,
    ObjectClient,
    ObjectMeta,
    Unchanged,
)
from store.transports.objects.failures import drifted
from store.transports.objects.refusing import misread
from store.transports.repeating import repeated


def condition_headers(condition: Condition | None) -> dict[str, str]:
    """Return the headers that a condition is sent as."""
    if condition is None:
        return {}
    if isinstance(condition, Absent):
        return {"If-None-Match": "*"}
    return {"If-Match": quoted(condition.etag)}


def settled(
    client: ObjectClient,
    once: Callable[[], ObjectMeta],
    options: TransferOptions,
    wanted: ObjectMeta,
    condition: Condition | None,
    *,
    respell: Callable[[], None] | None = None,
) -> ObjectMeta:
    """Return what a put returns, tried again where that may help.

    Where an answer was lost, what was asked may have been done; the next try then finds that its condition
    does not hold, because of ourselves.

    Args:
        client: Asks the store.
        once: Puts the object.
        options: The bounds and the policy.
        wanted: The object as it is to be: its key, size and metadata.
        condition: Under which condition it is put.
        respell: Lets ``once`` send an entity tag without its quotes: Ceph compares it as it is spelled.
    """
    failures: list[StoreError] = []

    def put() -> ObjectMeta:
        """Put it once; what is to be made cannot be missing."""
        try:
            return once()
        except MissingKeyError as error:
            if isinstance(condition, Unchanged):
                raise
            raise misread(error, f"{client.address}/{wanted.key}", wanted.key) from error

    try:
        return repeated(put, options, told=lambda error, _: failures.append(error))
    except DriftError:
        found = None if condition is None else _found(client, wanted.key)
        if found is None:
            raise
        if isinstance(condition, Unchanged) and found.etag == bare(condition.etag) and respell:
            respell()
            return repeated(once, options)
        same = (found.size, found.metadata) == (wanted.size, wanted.metadata)
        if not (failures and same and wanted.metadata):
            raise
        return found


def _found(client: ObjectClient, key: str) -> ObjectMeta | None:
    try:
        return client.head(key)
    except MissingKeyError:
        return None


def checked_tag(body: Body, shown: str, etag: str | None) -> Body:
    """Return a body that is of the version that was wanted; some servers pass ``If-Match`` over.

    Args:
        body: What came; closed where it is another.
        shown: The object's address.
        etag: The entity tag that was wanted, or None.

    Raises:
        DriftError: It is another.
    """
    if etag is None or body.meta.etag is None or bare(etag) == body.meta.etag:
        return body
    body.close()
    raise drifted(shown, body.meta.key, etag)


def hold(client: ObjectClient, key: str, condition: Condition | None) -> None:
    """Raise a DriftError where a condition does not hold now; between this and a write another may write."""
    if condition is None:
        return
    found = _found(client, key)
    etag = None if found is None else found.etag
    if etag != (bare(condition.etag) if isinstance(condition, Unchanged) else None) or (
        found is not None and isinstance(condition, Absent)
    ):
        raise drifted(f"{client.address}/{key}", key, getattr(condition, "etag", None))


def refuse_taken(client: ObjectClient, key: str) -> None:
    """Raise a DriftError where something lies under a key already."""
    if _found(client, key) is not None:
        raise drifted(f"{client.address}/{key}", key, None)
