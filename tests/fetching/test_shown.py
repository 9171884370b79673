"""A driver's locator is shown whole but for the secrets of addresses in it."""

from __future__ import annotations

import pytest

from store.fetching.locator import parse_locator, spelled
from store.fetching.shown import shown_locator


@pytest.mark.parametrize(
    ("locator", "shown"),
    [
        ("release:c@1.0.0?path=a&archive=http://host:80/x", None),
        ("release:c>=1,<2?archive=s3://bucket/x&path=a", None),
        ("release:title=c&archive=https://host/", None),
        ("pypi:six==1.17.0", None),
        (
            "release:c@1?archive=https://me:secret@host/&path=a",
            "release:c@1?archive=https://host/&path=a",
        ),
        (
            "release:c@1?archive=https%3A%2F%2Fme:secret@host/&path=a",
            "release:c@1?archive=https://host/&path=a",
        ),
        (
            "release:c@1?archive=https://host/x?sig=secret&token=secret",
            "release:c@1?archive=https://host/x",
        ),
        ("other:https://me:secret@host/x?sig=secret", None),
        ("https://me:secret@host/x?sig=secret", "https://host/x"),
    ],
)
def test_addresses_in_pairs_are_shown_as_addresses(locator: str, shown: str | None) -> None:
    """What has no secret can be asked for as it is shown; a secret is never shown."""
    told = shown_locator(locator)

    assert "secret" not in told
    if shown is not None or "secret" not in locator:
        assert told == (shown or locator)


def test_a_locator_of_a_release_is_shown_as_it_was_asked() -> None:
    """In messages, and in the command that fetches it."""
    text = "release:c@1.0.0?path=a&archive=http://127.0.0.1:8000"

    assert parse_locator(text).text == text
    assert spelled(text) == text
