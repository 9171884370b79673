"""Says what came of a fetch: a result, or why there is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from store.backends.delivery import Obtained
from store.backends.resources import digests_of, origin_of, uid_of
from store.errors import IntegrityError, StoreError
from store.fetching.asking import Answer, Wanted, named
from store.fetching.results import Result

if TYPE_CHECKING:
    # A warm fetch tells nobody: events load when there is something to tell.
    from store.events import Listener


def result_of(answer: Answer, obtained: Obtained) -> Result:
    """Return the result of a resource that was obtained."""
    metadata = answer.metadata
    digests = digests_of(metadata) or answer.pins
    path = str(obtained.path)
    return Result(
        answer.locator.text,
        answer.locator.driver,
        uid_of(metadata),
        Path(path),
        os.stat(path).st_size,  # noqa: PTH116 - a hit makes one Path
        tuple([str(one) for one in digests]),
        bool(getattr(metadata, "verified", True)),
        obtained.cached,
        obtained.attempts,
    )


def failure_of(answer: Answer, obtained: Obtained) -> StoreError:
    """Return the error for a driver that answered None, or brought what does not verify."""
    if obtained.verified:
        return StoreError(
            f"the driver {answer.locator.driver!r} could not bring {answer.locator.text};"
            " its log says why (-v shows it)"
        )
    said = f"the driver {answer.locator.driver!r} brought something else than {answer.locator.text}"
    fault = obtained.fault
    if fault is None:
        return IntegrityError(said, expected=uid_of(answer.metadata))
    return IntegrityError(
        f"{said}: expected {fault.expected}, found {fault.found} ({fault.size} bytes)",
        url=origin_of(answer.metadata) or None,
        expected=fault.expected,
        found=fault.found,
        size=fault.size,
    )


def hold_against_pins(answer: Answer, path: str) -> None:
    """Check what a stranger's resource brought against what the caller pinned.

    Raises:
        IntegrityError: It is something else; the cache forgets it.
    """
    from store.integrity.verification import check_file

    try:
        check_file(path, answer.pins, url=answer.locator.text)
    except IntegrityError:
        answer.store.cache_backend.delete(uid_of(answer.metadata))
        raise


def tell_failure(
    listener: Listener | None, wanted: Wanted, answer: Answer | None, error: BaseException
) -> None:
    """Tell that a fetch has failed for good.

    Args:
        listener: Who is told, or None.
        wanted: What was asked for.
        answer: What it stands for, where that was found out.
        error: Why.
    """
    if listener is None:
        return
    from store.backends.telling import label_of, tell_failed

    if answer is None:
        tell_failed(listener, named(wanted), error, "", "")
    else:
        metadata = answer.metadata
        tell_failed(listener, label_of(metadata), error, answer.locator.driver, uid_of(metadata))
