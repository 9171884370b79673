"""The declaration of settings."""

from __future__ import annotations

import pytest

from store.config.model import Setting, Settings, declared
from store.config.values import parse_value

_FIELDS = declared()


@pytest.mark.parametrize("field", _FIELDS, ids=lambda field: field.name)
def test_every_setting_says_what_it_is(field: Setting) -> None:
    """Meaning, kind and variable stand in the metadata, for the reference to be held against."""
    meaning = field.meaning
    variable = field.env

    assert meaning.endswith(".")
    assert variable in {None, f"STORE_{field.name.upper()}"}


def test_defaults_are_of_their_own_kind() -> None:
    """Each default would be read back as itself, but for what is unset."""
    for field in _FIELDS:
        value = getattr(Settings(), field.name)
        unset = value is None and not field.optional
        if field.kind not in {"tables", "rules", "tiers"} and not unset:
            assert parse_value(value, field.kind) == value


def test_settings_never_show_what_a_driver_is_told() -> None:
    """A driver's table may hold secrets."""
    settings = Settings(drivers={"mirror": {"token": "s3cret"}})

    assert "s3cret" not in repr(settings)
