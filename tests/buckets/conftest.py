"""A bucket for each test."""

from __future__ import annotations

import pytest

from store.testing.objects import FakeObjects


@pytest.fixture
def objects() -> FakeObjects:
    """Make an empty bucket in memory."""
    return FakeObjects("bucket")
