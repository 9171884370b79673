"""Says which of the versions that there are a choice means."""

from __future__ import annotations

from collections.abc import Iterable

from store.releases.versions import Choice, Version


def meant(choice: Choice, there: Iterable[Version]) -> list[Version]:
    """Return the versions that a choice means, in the order given; yanked ones too.

    Args:
        choice: What was asked for.
        there: All versions that there are of a title.
    """
    return plain_alone(choice, [one for one in there if choice.admits(one)])


def plain_alone(choice: Choice, found: list[Version]) -> list[Version]:
    """Return a version alone that is named without build metadata, and exists as such; else all.

    Builds of it are meant where it does not exist.

    Args:
        choice: What was asked for.
        found: What it admits.
    """
    return [one for one in found if choice.names(one) and not one.build] or found
