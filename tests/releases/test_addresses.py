"""What leads to no archive is told, without what is secret in it."""

from __future__ import annotations

import pytest

from store.errors import UnsafeNameError
from store.releases.beginning import begin
from store.releases.opening import get_interface, is_at_hand


@pytest.mark.parametrize("address", ["file:///tmp/a%00b", "file://[x/a", "file:%00"])
def test_an_address_of_no_directory_is_refused(address: str) -> None:
    """It is told as such, wherever it is asked for."""
    for opening in (get_interface, begin):
        with pytest.raises(UnsafeNameError, match="leads to no directory"):
            opening(address)
    assert not is_at_hand(address)


def test_an_address_of_another_machine_shows_no_password() -> None:
    """Only where it is."""
    with pytest.raises(UnsafeNameError, match="another machine") as caught:
        get_interface("file://ada:secret@host/a")

    assert "secret" not in str(caught.value)
