"""The panel draws a line for all and one for each, and leaves the screen clean."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable

import pytest

from store.events import Cached, Failed, Hit, Progressed, Started
from store.testing.fakes import FakeClock
from store.transports.bars import bar_class, sized
from store.transports.panel import Panel
from store.transports.totals import Totals


class Screen(io.StringIO):
    """A terminal that can be read: it knows new lines, returns, and the cursor's way up."""

    def isatty(self) -> bool:
        """Say that a person sits there."""
        return True

    @property
    def lines(self) -> list[str]:
        """What can be read there now."""
        rows = [""]
        row = column = 0
        for piece in re.findall(r"\x1b\[A|\x1b\[K|[\r\n]|[^\r\n\x1b]+", self.getvalue()):
            if piece == "\x1b[A":
                row = max(0, row - 1)
            elif piece == "\n":
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            elif piece == "\r":
                column = 0
            else:
                there = rows[row].ljust(column)
                rows[row] = there[:column] + piece + there[column + len(piece) :]
                column += len(piece)
        return [line.rstrip() for line in rows]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Give a screen of 80 columns and 24 lines."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    return Screen()


@pytest.fixture
def panel(
    screen: Screen, store_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], Panel]:
    """Make panels for so many files, which draw on the screen."""

    def make(files: int) -> Panel:
        monkeypatch.setattr(sys, "stderr", screen)
        return Panel(Totals(files, clock=store_clock), clock=store_clock)

    return make


def begin(panel: Panel, clock: FakeClock, *names: str) -> None:
    """Let files be half there."""
    for name in names:
        clock.advance(1.0)
        panel(Started(name, name))
        panel(Progressed(name, 512, 1024))


def test_all_have_a_line_and_each_has_one(
    screen: Screen, panel: Callable[[int], Panel], store_clock: FakeClock
) -> None:
    """Files done and wanted, bytes, rate; and each file's own bytes."""
    drawn = panel(3)

    begin(drawn, store_clock, "a.bin", "b.bin")
    store_clock.advance(1.0)
    drawn(Progressed("b.bin", 600, 1024))

    whole, first, second, *_ = screen.lines
    assert whole.startswith("0/3 files, 1.09KiB of ~3.00KiB, ")
    assert re.search(r"B/s, \d\d:\d\d left \|", whole)
    assert first.split()[0] == "a.bin"
    assert first.endswith("512/1.00k")
    assert second.endswith("600/1.00k")


def test_two_of_one_name_have_a_line_each(
    screen: Screen, panel: Callable[[int], Panel], store_clock: FakeClock
) -> None:
    """Each with a part of its digest, for as long as both are there."""
    drawn = panel(2)
    for uid, received in (("sha256:" + "a1" * 32, 512), ("sha256:" + "b2" * 32, 256)):
        store_clock.advance(1.0)
        drawn(Progressed("tool.tar.gz", received, 1024, uid))
    both = screen.lines[1:3]
    store_clock.advance(1.0)
    drawn(Cached("tool.tar.gz", "/p", "sha256:" + "a1" * 32))

    assert both[0].split(" |")[0] == "  tool.tar.gz (a1a1a1a1)".ljust(28)
    assert [line.rsplit(" ", 1)[1] for line in both] == ["512/1.00k", "256/1.00k"]
    assert [line.split()[0] for line in screen.lines[1:] if "/1.00k" in line] == ["tool.tar.gz"]
    assert "b2b2" not in screen.lines[2]


def test_a_file_that_has_come_gives_its_line_to_the_next(
    screen: Screen, panel: Callable[[int], Panel], store_clock: FakeClock
) -> None:
    """And a line that nobody needs is empty."""
    drawn = panel(3)
    begin(drawn, store_clock, "a.bin", "b.bin")

    store_clock.advance(1.0)
    drawn(Cached("a.bin", "/p", "a.bin"))
    alone = screen.lines
    begin(drawn, store_clock, "c.bin")

    assert alone[1] == ""
    assert alone[0].startswith("1/3 files")
    assert [line.split()[0] for line in screen.lines[1:3]] == ["c.bin", "b.bin"]


def test_no_more_lines_than_there_is_room(
    screen: Screen,
    panel: Callable[[int], Panel],
    store_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eight at most, and fewer on a low terminal."""
    many = panel(20)
    begin(many, store_clock, *(f"{number}.bin" for number in range(12)))
    assert len([line for line in screen.lines if ".bin" in line]) == 8
    many.close()
    screen.truncate(0)
    screen.seek(0)

    monkeypatch.setenv("LINES", "5")
    low = panel(20)
    begin(low, store_clock, *(f"{number}.bin" for number in range(12)))

    assert len([line for line in screen.lines if ".bin" in line]) == 3


def test_lines_are_printed_above_the_picture(
    screen: Screen, panel: Callable[[int], Panel], store_clock: FakeClock
) -> None:
    """The picture goes away for them, and comes back below."""
    drawn = panel(2)
    begin(drawn, store_clock, "a.bin")

    with drawn.paused():
        assert "".join(screen.lines) == ""
        screen.write("a line\n")

    assert screen.lines[0] == "a line"
    assert screen.lines[1].startswith("0/2 files")
    assert "a.bin" in screen.lines[2]


def test_the_end_leaves_one_line(
    screen: Screen, panel: Callable[[int], Panel], store_clock: FakeClock
) -> None:
    """However it comes about; later events draw nothing."""
    drawn = panel(3)
    begin(drawn, store_clock, "a.bin", "b.bin")
    drawn(Failed("b.bin", "gone", "TransportError"))

    assert drawn.close()
    assert not drawn.close()
    begin(drawn, store_clock, "c.bin")
    with drawn.paused():
        pass

    assert [line for line in screen.lines if line] == [screen.lines[0]]
    assert screen.lines[0].startswith("1/3 files, 1 failed, 512B")
    assert screen.getvalue().endswith("\n")


def test_hits_need_no_picture(
    screen: Screen, panel: Callable[[int], Panel], store_clock: FakeClock
) -> None:
    """Where nothing is fetched there is nothing to wait for."""
    drawn = panel(2)

    drawn(Hit("a", "/p", 5))
    with drawn.paused():
        pass

    assert not drawn.close()
    assert screen.getvalue() == ""


@pytest.mark.parametrize("columns", ["12", "20", "40", "200"])
def test_a_line_is_never_wider_than_the_terminal(
    screen: Screen,
    panel: Callable[[int], Panel],
    store_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
) -> None:
    """Long names lose their middle, and what a server calls a file moves no cursor."""
    monkeypatch.setenv("COLUMNS", columns)
    drawn = panel(2)

    begin(drawn, store_clock, "a-very-long-name-" * 5 + ".tar.gz", "\x1b[2J数据" * 20)

    shown = screen.lines
    assert max(len(line) for line in shown) <= int(columns)
    assert "\x1b[2J" not in screen.getvalue()
    if columns == "200":
        assert (
            "a-very-long-name-a-ve…ame-.tar.gz" in shown[1].replace(" ", "")[:40] or "…" in shown[1]
        )


def test_a_total_may_be_unknown(
    screen: Screen, panel: Callable[[int], Panel], store_clock: FakeClock
) -> None:
    """Then only what has come is shown."""
    drawn = panel(1)

    drawn(Started("a.bin", "a.bin"))
    store_clock.advance(1.0)
    drawn(Progressed("a.bin", 2048, None))

    assert screen.lines[0].startswith("0/1 files, 2.00KiB, ")
    assert screen.lines[1].endswith("2.00k/?")


def test_units_are_called_by_their_names() -> None:
    """As the plain lines have them: 1024 bytes are a KiB."""
    bar = bar_class()(
        total=3 << 20, unit="B", unit_scale=True, unit_divisor=1024, file=io.StringIO()
    )
    bar.start_t -= 1
    bar.n = 2 << 20
    shown = str(bar)
    bar.close()

    assert "iB/s" in shown
    assert sized(bar.format_sizeof, 5) == "5.00B"
    assert sized(bar.format_sizeof, 5 << 10, "B/s") == "5.00KiB/s"
