"""One release is chosen among those that can be used."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from store.errors import StoreError
from store.releases.choosing import choose
from store.releases.filesystem import FileSystemArchive
from store.releases.names import DEFAULT_WORKSPACE, Requirement
from store.releases.publishing import Published

Release = Callable[..., Published]


def spoil(archive: FileSystemArchive, version: str, old: str, new: str) -> None:
    """Let a record say something that nothing can be made of, though it is YAML."""
    path = archive.archive_path / DEFAULT_WORKSPACE / "survey" / f"survey-v{version}.yml"
    text = path.read_text().replace(old, new)
    path.unlink()
    path.write_text(text)


@pytest.mark.parametrize(
    ("old", "new"), [('"project": {', '"project": [], "other": {'), ('"a.txt"', '"../a.txt"')]
)
def test_a_record_of_which_nothing_can_be_made_is_passed_over(
    archive: FileSystemArchive,
    release: Release,
    caplog: pytest.LogCaptureFixture,
    old: str,
    new: str,
) -> None:
    """The highest that can be used is chosen, with a warning; who names it is told."""
    release("1.0.0")
    release("1.1.0")
    spoil(archive, "1.1.0", old, new)

    with caplog.at_level(logging.WARNING):
        chosen = choose(archive, Requirement.parse("survey>=1"))

    assert str(chosen.version) == "1.0.0"
    assert "survey-v1.1.0 is passed over" in caplog.text
    with pytest.raises(StoreError):
        choose(archive, Requirement.parse("survey@1.1.0"))
    spoil(archive, "1.0.0", old, new)
    with pytest.raises(StoreError):
        choose(archive, Requirement.parse("survey>=1"))
