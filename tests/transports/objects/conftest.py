"""What the tests of object stores share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.transports.base import Bounds, Retrying, TransferOptions


@pytest.fixture(autouse=True)
def _no_settings_of_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep this machine's own keys and endpoints out."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def quick() -> TransferOptions:
    """Options of a call that gives up soon."""
    return TransferOptions(
        bounds=Bounds(connect_timeout=1.0, read_timeout=0.4, deadline=5.0),
        retrying=Retrying(attempts=3, base=0.01),
    )
