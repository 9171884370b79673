"""Turns what object stores answer, and their library raises, into ours."""

from __future__ import annotations

import re
from typing import Final, TypeVar

from store.clock import SYSTEM_CLOCK
from store.errors import (
    CredentialsError,
    DriftError,
    MissingKeyError,
    OfflineError,
    RateLimitedError,
    ResourceNotFoundError,
    StoreError,
    TransportError,
    TransportTimeoutError,
    TruncatedError,
    UnsafeNameError,
)
from store.transports.deadlines import Deadline, current
from store.transports.objects.refusing import is_of_key, untaken
from store.transports.retrying import TRANSIENT

T = TypeVar("T")

_OTHERS: Final = re.compile(
    r"https?://(?!169\.254\.)[^\s\"')<>]+|location .*? not found|<\?xml.*|<Error>.*", re.DOTALL
)
"""What in the library's words is of others; the address that gives a machine its keys says something."""

_STATUS: Final = re.compile(r"status code: (\d{3})", re.ASCII)
_CODE: Final = re.compile(r"<Code>([A-Za-z0-9.]{1,80})</Code>")

ENDPOINT: Final = "is the endpoint right?"
"""The next step where a server answers as no store does."""

LATER: Final = "try again later"
"""The next step where what failed may pass."""

_MORE_TIME: Final = "try again later, or allow more time (read_timeout, --timeout)"
_NOT_UNDERSTOOD: Final = f"the store gave no answer that is understood: {ENDPOINT}"
_NO_UPLOAD: Final = "NoSuchUpload"
_NO_BUCKET: Final = frozenset({"NoSuchBucket", "ContainerNotFound"})
_SKEWED: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
_MISSING: Final = 404
_MOVED: Final = frozenset({301, 302, 307, 308})
_UNKNOWN: Final = ("ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch")
"""What means that the keys are wrong, whatever is asked for."""

_FORBIDDEN: Final = _SKEWED | {"AccessDenied", *_UNKNOWN}
"""What some stores say with a status of their own."""

_ELSEWHERE: Final = (
    "the bucket is in another region or at another endpoint: say which (region, endpoint)"
)
_SKEW: Final = 300.0
"""How far a clock may be off before signatures are refused (S3 has 15 minutes, others 5), in seconds."""

_GRAIN: Final = 0.02
"""By how much a wait may end early, in seconds."""

_KEYS: Final = {
    "s3": ", AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the AWS files",
    "gs": " (credentials_file), or in GOOGLE_APPLICATION_CREDENTIALS",
    "az": " (access_key, which is the account's name, and secret_key), or AZURE_STORAGE_ACCOUNT_NAME and"
    " AZURE_STORAGE_ACCOUNT_KEY",
}
"""Where keys are looked for, by the scheme of an address."""


class NotPartialError(Exception):
    """A range was not answered with a part: the whole is to be asked for."""


def are_unknown(error: CredentialsError) -> bool:
    """Whether a store did not know the keys it was asked with; else it forbids one thing."""
    return any(f"({code})" in str(error) for code in _UNKNOWN)


def is_not_understood(error: StoreError) -> bool:
    """Whether the library could make nothing of an answer."""
    return isinstance(error, TransportError) and str(error).endswith(_NOT_UNDERSTOOD)


def is_forgotten(error: StoreError) -> bool:
    """Whether a store says that it knows nothing of an upload: it was taken back, or has ended."""
    return isinstance(error, TransportError) and f"({_NO_UPLOAD})" in str(error)


def refused(
    status: int,
    address: str,
    *,
    key: str | None = None,
    code: str | None = None,
    expected: str | None = None,
    retry_after: float | None = None,
    skew: float = 0.0,
) -> StoreError:
    """Return our error for an answer that is none of those that were wanted.

    Args:
        status: The HTTP status.
        address: The bucket's address.
        key: What was asked for, or None for the bucket itself.
        code: What the store calls the error, such as ``NoSuchKey``, or None.
        expected: The entity tag that was a condition, or None.
        retry_after: Seconds that the server asked to wait, or None.
        skew: By how much the server's clock is ahead of ours, in seconds.
    """
    shown = address if key is None else f"{address}/{_printable(key)}"
    said = f"{shown}: the store answered {status}{f' ({code})' if code else ''}"
    if code == _NO_UPLOAD:
        forgot = f"{said}: it has forgotten the parts that went up, as after a restart"
        again = "'store bucket put' and 'store bucket sync' begin anew"
        return TransportError(f"{forgot}: {again}", url=shown, status=status)
    if status == _MISSING or is_of_key(status, key, code):
        return _missing(address, shown, key, status, code)
    if status in {401, 403} or code in _FORBIDDEN:
        hint = _hint(shown, code, skewed=abs(skew) > _SKEW)
        return CredentialsError(f"{said}: {hint}", url=shown, status=status)
    if status in {409, 412}:
        return drifted(shown, key, expected)
    if status in {429, 503} and retry_after is not None:
        return RateLimitedError(
            f"{said} and asks to come back in {retry_after:.0f} s",
            url=shown,
            status=status,
            retry_after=retry_after,
        )
    step = _ELSEWHERE if status in _MOVED else LATER if status in TRANSIENT else ENDPOINT
    return TransportError(f"{said}: {step}", url=shown, status=status)


def _missing(
    address: str, shown: str, key: str | None, status: int, code: str | None
) -> ResourceNotFoundError | UnsafeNameError:
    if key is not None and status != _MISSING:
        return untaken(shown, key, f"{status} {code}" if code else str(status))
    if key is None or code in _NO_BUCKET:
        return ResourceNotFoundError(
            f"the bucket {address} is not there: name another, or make it with create=True (--create of"
            " 'store bucket put' and 'store bucket sync')",
            url=address,
            status=404,
        )
    return MissingKeyError(f"{shown} is not there", key=key, url=shown, status=404)


def drifted(shown: str, key: str | None, expected: str | None) -> DriftError:
    """Return the error of a condition that does not hold.

    Args:
        shown: The object's address.
        key: The object's name.
        expected: The entity tag that was expected; None where nothing was.
    """
    return DriftError(
        f"{shown} was changed by another since it was looked at: look again",
        name=key,
        expected=expected,
    )


def late(shown: str, deadline: Deadline) -> TransportTimeoutError:
    """Return the error of what did not come in time.

    Args:
        shown: The object's address.
        deadline: The one that holds.
    """
    passed = deadline.left() <= _GRAIN
    why = f"the store was silent for too long: {_MORE_TIME}"
    if passed:
        why = f"{deadline} has passed: allow more time (deadline, --deadline)"
    return TransportTimeoutError(f"{shown}: {why}", url=shown)


def advised(error: TransportError) -> TransportError:
    """Return an error of a request that was not answered, with the next step in its message.

    Args:
        error: What our own HTTP says; what cannot pass tells what to do itself.
    """
    text = str(error)
    if getattr(error, "transient", None) is False or error.status is not None:
        return error
    step = _MORE_TIME if isinstance(error, TransportTimeoutError) else ENDPOINT
    if step not in text:
        error.messages = [f"{text}: {step}"]
    return error


def truncated(shown: str, *, expected: int, found: int) -> TruncatedError:
    """Return the error of a body that is shorter or longer than it was said to be, in bytes."""
    return TruncatedError(
        f"{shown}: the body had {found} of {expected} announced bytes: {LATER}",
        url=shown,
        expected=expected,
        found=found,
    )


def mapped(
    error: BaseException, address: str, *, key: str | None = None, expected: str | None = None
) -> StoreError:
    """Return our error for one that obstore raised, or what its body raised.

    Its message holds whole answers of the server, so that it is not kept as a cause.

    Args:
        error: What was raised.
        address: The bucket's address.
        key: What was asked for, or None.
        expected: The entity tag that was a condition, or None.

    Raises:
        NotPartialError: A range was not answered with a part.
    """
    text, whole = _said(error), str(error)
    kind = type(error).__name__
    if "NotPartial" in text:
        raise NotPartialError from None
    shown = address if key is None else f"{address}/{_printable(key)}"
    if "UnexpectedRange" in text:
        return TransportError(
            f"{shown}: the store answered with another part than was asked for: {LATER}",
            url=shown,
            status=206,
        )
    status, code = _STATUS.search(whole), _CODE.search(whole)
    missing = isinstance(error, FileNotFoundError)
    if kind in {"AlreadyExistsError", "PreconditionError"}:
        return drifted(shown, key, expected)
    if status is not None or missing:
        number = 404 if status is None else int(status[1])
        said = code[1] if code else None
        if "169.254." in text:  # what gives this machine its keys
            return _without_keys(shown)
        return refused(number, address, key=key, code=said, expected=expected)
    if kind in {"PermissionDeniedError", "UnauthenticatedError"}:
        return CredentialsError(f"{shown}: {_hint(shown)}", url=shown)
    return _unanswered(text.lower(), shown)


def _said(error: BaseException) -> str:
    """Return what the library says in words of its own, without keys, addresses and what the server said."""
    return _OTHERS.sub("…", str(error))


def _unanswered(text: str, shown: str) -> StoreError:
    """Return our error for what the library says, in lower case, where no answer came."""
    if "timed out" in text or "timedout" in text:
        return late(shown, current(SYSTEM_CLOCK))
    if "error decoding response body" in text or "incompletebody" in text:
        return TruncatedError(f"{shown}: the body ended too early: {LATER}", url=shown)
    if "credential" in text or "169.254." in text:
        return _without_keys(shown)
    return TransportError(f"{shown}: {_reason(text)}", url=shown)


def _without_keys(shown: str) -> CredentialsError:
    return CredentialsError(f"{shown}: no keys are at hand: {_hint(shown)}", url=shown)


def offline(address: str) -> OfflineError:
    """Return the error of whoever needs an object store while the network is not to be used."""
    return OfflineError(
        f"{address} needs the network, which is not to be used: go without --offline (STORE_OFFLINE)",
        missing=(address,),
    )


def _hint(shown: str, code: str | None = None, *, skewed: bool = False) -> str:
    if skewed or code in _SKEWED:
        return "the clock of this machine is off: set it right"
    where = _KEYS.get(shown.partition(":")[0], _KEYS["s3"])
    return f"give keys that may do that: in [connection.NAME]{where}; or say anonymous = true"


def _reason(text: str) -> str:
    """Say why no answer came, in words of ours: the library's hold addresses and answers."""
    if "redirect" in text:
        return _ELSEWHERE
    if "connection refused" in text:
        return f"the connection was refused: {ENDPOINT}"
    if "dns" in text or "lookup" in text:
        return f"the host's name does not resolve: {ENDPOINT}"
    if "certificate" in text:
        return "TLS failed: check the host's certificate, or name its authority in ca_bundle"
    if "connection reset" in text or "closed" in text or "broken pipe" in text:
        return f"the connection broke: {LATER}"
    return _NOT_UNDERSTOOD


def _printable(key: str) -> str:
    return key if key.isprintable() else ascii(key)[1:-1]
