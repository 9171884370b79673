"""Takes back uploads that were begun and never finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from store.cli.bucket.opening import Place
from store.cli.frame import Frame
from store.cli.output import document, say, several, words

if TYPE_CHECKING:
    from store.transports.objects.unfinished import Unfinished

_AGE: Final = 86_400.0
"""How old an upload is that nobody is taken to be at any more, in seconds: a day."""


def old_uploads(place: Place) -> list[Unfinished]:
    """Return the uploads below an address that began a day ago; one without a time counts as old."""
    from store.transports.objects.unfinished import unfinished

    since = place.options.clock.now() - _AGE
    return [
        one
        for one in unfinished(place.client, place.key)
        if one.begun is None or one.begun.timestamp() < since
    ]


def take_all_back(place: Place, found: list[Unfinished]) -> None:
    """Let the store forget uploads and their parts."""
    from store.transports.objects.unfinished import take_back

    for one in found:
        take_back(place.client, one)


def show_uploads(
    found: list[tuple[Place, list[Unfinished]]], frame: Frame, *, dry_run: bool
) -> None:
    """Print the address of each upload."""
    told = [(place.spelled(one.key), one) for place, some in found for one in some]
    if frame.json:
        uploads: list[dict[str, Any]] = [
            {
                "address": address,
                "upload": one.upload,
                "begun": None if one.begun is None else one.begun.isoformat(),
            }
            for address, one in told
        ]
        document({"dry_run": dry_run, "uploads": uploads})
    else:
        for address, _ in told:
            words(address)
    if not frame.quiet:
        say(f"{'would take' if dry_run else 'took'} back {several(len(told), 'upload')}")
