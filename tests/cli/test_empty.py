"""An empty argument, as of a variable that is not set, is never taken for the working directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("fetch", "file.bin", "--shared", ""),
            "--shared is empty: give a directory or an address",
        ),
        (
            ("release", "fetch", "a@1.0.0", "--from", ".", "--dest", ""),
            "--dest is empty: name the folder",
        ),
        (("registry", "export", ""), "DIR is empty: write . for the working directory"),
    ],
)
def test_an_empty_argument_is_named(
    cli: Run, house: Path, arguments: tuple[str, ...], said: str
) -> None:
    """With what to write in its place; nothing is done."""
    (house / "file.bin").write_bytes(b"content")
    before = sorted(house.rglob("*"))

    done = cli(*arguments)

    assert (done.status, said in done.err) == (2, True), done.err
    assert sorted(house.rglob("*")) == before
