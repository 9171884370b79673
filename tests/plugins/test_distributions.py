"""What is installed of the distributions that one needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from store.plugins.distributions import Needed, needed_distributions


def test_requirements_are_held_against_what_is_installed(
    publish: Callable[..., Path],
) -> None:
    """Found, too old, missing; extras are told; what is for other platforms is left out."""
    metadata = publish("hungry", {}, {})
    with (metadata / "METADATA").open("a") as file:
        file.write(
            "Requires-Dist: pluggy>=1\n"
            "Requires-Dist: attrs>=9999\n"
            "Requires-Dist: no-such-distribution\n"
            "Requires-Dist: requests; extra == 'net'\n"
            "Requires-Dist: requests; sys_platform == 'no-such-platform'\n"
        )

    found = {one.name: one for one in needed_distributions("hungry")}

    assert [(one.name, one.good, one.extra) for one in found.values()] == [
        ("pluggy", True, ""),
        ("attrs", False, ""),
        ("no-such-distribution", False, ""),
        ("requests", True, "net"),
    ]
    assert found["no-such-distribution"] == Needed("no-such-distribution", "", None, "", good=False)


def test_a_distribution_that_is_not_installed_needs_nothing() -> None:
    """There is nothing to say of it."""
    assert list(needed_distributions("no-such-distribution")) == []
