"""What is installed of the distributions that we need."""

from __future__ import annotations

from collections.abc import Iterator

import attrs


@attrs.frozen
class Needed:
    """A distribution that ours needs.

    Attributes:
        name: Its name.
        wanted: Which versions will do (PEP 440), or an empty string.
        found: The version that is installed, or None.
        extra: The extra that needs it, or an empty string.
        good: Whether the version that is installed will do.
    """

    name: str
    wanted: str
    found: str | None
    extra: str
    good: bool


def needed_distributions(name: str = "pluggable-store") -> Iterator[Needed]:
    """Go through what a distribution requires here, its extras included.

    Args:
        name: The distribution.

    Yields:
        What is required on this interpreter and platform; nothing where the distribution is not installed.
    """
    from importlib import metadata

    from packaging.requirements import Requirement

    try:
        requirements = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for text in requirements:
        requirement = Requirement(text)
        marker = str(requirement.marker or "")
        extra = marker.partition("extra == ")[2].strip("\"'") if "extra ==" in marker else ""
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            found: str | None = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            found = None
        good = found is not None and requirement.specifier.contains(found, prereleases=True)
        yield Needed(requirement.name, str(requirement.specifier), found, extra, good)
