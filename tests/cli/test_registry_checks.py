"""What ``store registry`` holds against a digest, and when: as the reference has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def altered(cli: Run, house: Path) -> Path:
    """Alter the file of an item on the disk, its size as it was; return its path."""
    (house / "data.txt").write_bytes(b"data\n")
    path = Path(cli("registry", "add", "demo", "data.txt").out.strip())
    path.chmod(0o644)
    path.write_bytes(b"evil\n")
    return path


def test_a_hit_reads_nothing_again(cli: Run, altered: Path) -> None:
    """The file is handed out as it is."""
    assert cli("registry", "get", "demo").out.strip() == str(altered)
    assert cli("registry", "open", "demo").out == "evil\n"


@pytest.mark.usefixtures("altered")
def test_a_fetch_holds_it_against_the_digest(cli: Run) -> None:
    """So do imports and exports."""
    assert cli("fetch", "registry:demo").status == 4
    assert cli("registry", "export", "out").status == 10
    assert cli("registry", "export", "out", "--json").json["failed"] == 1


def test_a_rebuild_looks_at_sizes(cli: Run, altered: Path) -> None:
    """One that is another is left out."""
    assert cli("registry", "rebuild", "--json").json["items"] == 1

    altered.write_bytes(b"another size\n")

    assert cli("registry", "rebuild", "--json").json == {"items": 0, "bare": 0, "missing": 1}
