"""Brings locators here, and prints where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from store.cli.asking import NETWORK, each, opened_fetcher, show, tell_kept
from store.cli.ending import ended
from store.cli.frame import Frame
from store.transports.deadlines import keeping

if TYPE_CHECKING:
    from store.fetching.asking import Wanted

OFFLINE: Final = 6
"""The exit status of what is not in the cache while the network is not to be used."""


def fetched_plainly(locators: Sequence[str]) -> int:
    """Run ``store fetch`` without options: what scripts ask most, spared the import of click.

    Args:
        locators: At least one, and no options.

    Returns:
        The exit status.
    """
    frame = Frame()
    frame.arguments = ("fetch", *locators)
    with ended(frame) as ending:
        frame.listen()
        if len(locators) == 1:
            ending.status = bring(locators[0], frame)
        else:
            from store.cli.many import bring_many

            ending.status = bring_many(locators, frame)
    return ending.status


def bring(
    locator: str,
    frame: Frame,
    *,
    dest: str | None = None,
    output: str | None = None,
    digests: tuple[str, ...] = (),
    link: bool = False,
    refresh: bool = False,
    allow_unverified: bool | None = None,
    mirrors: tuple[str, ...] = (),
    max_age: float | str | None = None,
    stale_if_error: float | str = 0,
    **parts: Any,  # noqa: ANN401 - flags
) -> int:
    """Fetch a locator and print its path, or with ``--json`` an object.

    Args:
        locator: What to fetch.
        frame: What was decided beside.
        dest: The directory of a private copy, or None.
        output: The path of a private copy, or None.
        digests: What the content must be.
        link: Make a hard link in place of the copy.
        refresh: Ask the store anew.
        allow_unverified: Accept a URL without a digest; None takes the setting.
        mirrors: Further addresses of the same resource.
        max_age: How old a file may be, in seconds, or ``none``; None where it does not grow old.
        stale_if_error: How old a copy may be where the source fails, in seconds, or ``none``.
        parts: What is wanted of archives: ``unpack``, ``decompress``, ``symlinks``.

    Returns:
        The exit status.
    """
    with opened_fetcher(frame, counted=True) as fetcher, keeping(fetcher.begin_deadline()):

        def one(locator: str) -> None:
            """Fetch it and show where it is; a failure is told by whoever calls."""
            result = fetcher.fetch(
                _with_mirrors(locator, mirrors),
                dest=dest,
                output=output,
                # One digest stays a text, which the fetcher can remember its answer by.
                digest=digests[0] if len(digests) == 1 else digests or None,
                link=link,
                refresh=refresh,
                allow_unverified=allow_unverified,
                max_age=max_age,
                stale_if_error=stale_if_error,
                **parts,
            )
            show(result, frame)

        status = each([locator], one, frame)
    _tell_more(status, locator, frame)
    return status


def _tell_more(status: int, locator: str, frame: Frame) -> None:
    """Tell what a person may do after a failure."""
    if status == NETWORK:
        tell_kept(frame)
    elif status == OFFLINE:
        from store.cli.missing import tell_command

        tell_command([locator], frame)


def _with_mirrors(locator: str, mirrors: tuple[str, ...]) -> Wanted:
    if not mirrors:
        return locator
    from store.fetching.mirrored import with_mirrors

    return with_mirrors(locator, mirrors)
