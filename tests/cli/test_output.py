"""What is printed: sizes, text that may be hostile, bytes that are no text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from store.cli import output
from store.cli.options import frame_of

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (1536 * 1024**2, "1.5 GiB"),
        (1024**6, "1024.0 PiB"),
    ],
)
def test_sizes_are_written_as_people_do(size: int, text: str) -> None:
    """In powers of 1024, with their right names."""
    assert output.human_size(size) == text


def test_control_characters_are_spelled_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A server's text must not command a terminal."""
    output.say("a\x1b[2Jb\x9bc\rd\x7f\n")
    output.words("\x1b]0;title\x07 \udc80")

    out, err = capsys.readouterr()
    assert err == "store: a\\x1b[2Jb\\x9bc\\x0dd\\x7f\n\n"
    assert out == "\\x1b]0;title\\x07 \\udc80\n"


def test_a_table_keeps_to_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A name with a line break makes no new row, nor one with a tab a column."""
    output.table(("a", "b"), [("1\n2", "x"), ("3", "y")])
    output.columns([("1\n2", "x\ty")])

    assert capsys.readouterr().out == "a     b\n1\\n2  x\n3     y\n1\\n2\tx y\n"


def test_paths_are_printed_byte_by_byte(process: Run, house: Path) -> None:
    """Whatever they are made of: a script takes them as they are."""
    name = b"caf\xe9.txt"
    (house / os.fsdecode(name)).write_bytes(b"x")

    done = process("fetch", os.fsdecode(name), "--dest", "out", errors="surrogateescape")

    assert done.status == 0
    assert Path(done.out.removesuffix("\n")).read_bytes() == b"x"


def test_words_are_joined_as_people_do() -> None:
    """For one, two and three."""
    assert output.either(["a"]) == "a"
    assert output.either(["a", "b"]) == "a or b"
    assert output.either(["a", "b", "c"]) == "a, b or c"


def test_a_closed_stream_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is not there is none either."""
    monkeypatch.setattr(sys, "stdout", None)

    assert output.on_terminal() is False


def test_a_strangers_group_may_use_our_options() -> None:
    """A command that runs outside ours gets a frame of its own."""
    context = click.Context(click.Command("x"))

    assert frame_of(context) is frame_of(context)
