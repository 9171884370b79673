"""What is installed of the distributions that ours needs."""

from __future__ import annotations

from importlib import metadata

import pytest

from store.plugins.distributions import needed_distributions


def test_ours_has_what_it_needs() -> None:
    """The tests could not run otherwise; extras are told apart."""
    needed = list(needed_distributions())

    assert {"attrs", "click", "requests"} <= {one.name for one in needed if not one.extra}
    assert all(one.good for one in needed if not one.extra)
    assert {"keyring", "test"} <= {one.extra for one in needed}


def test_what_is_missing_or_too_old_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not for this machine is left out."""
    monkeypatch.setattr(
        metadata,
        "requires",
        lambda _name: ["attrs>=9999", "no-such-thing", 'click; python_version < "2"'],
    )

    needed = {one.name: one for one in needed_distributions()}

    assert set(needed) == {"attrs", "no-such-thing"}
    assert needed["attrs"].found
    assert not needed["attrs"].good
    assert needed["no-such-thing"].found is None


@pytest.mark.parametrize("name", ["no-such-thing", "pluggy"])
def test_nothing_may_be_needed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what is not installed, or says nothing."""
    if name == "pluggy":
        monkeypatch.setattr(metadata, "requires", lambda _name: None)

    assert list(needed_distributions(name)) == []
