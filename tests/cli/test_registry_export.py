"""``store registry export`` makes a registry, or says that it could not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def stocked(cli: Run, house: Path) -> Path:
    """Put a file into the registry, and return its path there."""
    (house / "data.tsv").write_bytes(b"a\tb\n")
    return Path(cli("registry", "add", "demo", "data.tsv").out.strip())


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("where", ["/dev/null/x", "data.tsv"])
def test_where_no_registry_can_be_it_fails(cli: Run, where: str) -> None:
    """Once, and not item by item."""
    done = cli("registry", "export", where)

    assert (done.status, done.out) == (10, "")
    assert "copied" not in done.err
    assert len(done.err.splitlines()) <= 2


@pytest.mark.usefixtures("stocked")
def test_of_no_items_a_registry_is_made_too(cli: Run) -> None:
    """It is empty, and can be imported."""
    assert cli("registry", "export", "none", "--where", "label = 'x'").status == 0

    done = cli("registry", "import", "none", "--registry", "third", "--json")

    assert done.json == {"taken": 0, "known": 0, "failed": 0}


def test_an_item_that_cannot_be_copied_is_counted(cli: Run, stocked: Path, house: Path) -> None:
    """The others are, and the status says so."""
    assert cli("registry", "add", "whole", "data.tsv").status == 0
    stocked.chmod(0o644)
    stocked.write_bytes(b"evil")

    done = cli("registry", "export", "there")

    assert done.status == 10
    assert "1 item copied to there; 1 could not be" in done.err
    again = cli("registry", "export", "there", "--json")
    assert again.json == {"exported": 0, "known": 1, "failed": 1}
