"""The one module that prints: results to stdout, all else to stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

_UNITS: Final = ("KiB", "MiB", "GiB", "TiB", "PiB")
_BOLD: Final = "\x1b[1m"
_RED: Final = "\x1b[31;1m"
_UNSAFE: Final = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"
}
"""Control characters, which a server's text must not send to a terminal."""


def show_version() -> int:
    """Print the version that is installed; return the exit status 0."""
    import store

    line(f"store {store.__version__}")
    return 0


def line(text: str | os.PathLike[str]) -> None:
    """Print a line of the result as it is, whatever bytes a path is made of; it is seen at once."""
    _write(sys.stdout, os.fsencode(text))


def content(chunks: Iterable[bytes]) -> None:
    """Print a file's content as it is, nothing added."""
    for chunk in chunks:
        if sys.stdout is not None:
            sys.stdout.flush()
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()


def words(text: str) -> None:
    """Print a part of the result that people read: control characters are made visible."""
    _write(sys.stdout, _encoded(harmless(text)))


def record(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print one JSON object on a line of its own, as one of several."""
    import json

    line(json.dumps(value, default=str))


def document(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print a result that is one JSON document."""
    import json

    line(json.dumps(value, default=str, indent=2))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows as aligned columns below a bold header, where a person reads it."""
    cells = [[harmless(cell).replace("\n", "\\n") for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in (header, *cells)) for column in range(len(header))]
    for number, row in enumerate((header, *cells)):
        padded = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        text = padded.rstrip()
        shown = text if number else _styled(text, _BOLD, "stdout")
        _write(sys.stdout, _encoded(shown))


def columns(rows: Iterable[Sequence[str]]) -> None:
    """Print rows with a tab between the cells, where a program reads it."""
    for row in rows:
        line("\t".join(harmless(cell).replace("\n", "\\n").replace("\t", " ") for cell in row))


def fields(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values, a pair a line; a value that is a sequence takes several."""
    for name, value in pairs:
        label = f"{name}:"
        values = value if isinstance(value, list | tuple) else [value]
        for number, one in enumerate(values):
            words(f"{label if number == 0 else '':<11} {one}")


def say(text: str) -> None:
    """Tell a person something, on stderr."""
    _tell(_encoded(f"store: {harmless(text)}"))


def fail(text: str) -> None:
    """Tell what went wrong, on stderr."""
    label = _styled("store:", _RED, "stderr")
    _tell(_encoded(f"{label} {harmless(text)}"))


def note(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print one JSON object on a line of stderr, for whoever follows."""
    import json

    _write(sys.stderr, json.dumps(value, default=str).encode())


def plain(text: str) -> None:
    """Print a text on stderr as it is: help, a traceback, an empty line."""
    _tell(_encoded(text))


def silence(stream: str) -> None:
    """Let nobody write to a ``stdout`` or ``stderr`` that takes nothing, not even the interpreter's end."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.open(os.devnull, os.O_RDWR)
        os.dup2(descriptor, getattr(sys, stream).fileno())
        os.close(descriptor)


def replace_status_line(text: str) -> None:
    """Let the terminal's last line on stderr be this one, to be replaced again; "" takes it away."""
    sys.stderr.write(f"\r\x1b[K{_encoded(harmless(text)).decode()}")
    sys.stderr.flush()


def on_terminal(stream: str = "stdout") -> bool:
    """Whether ``stdin``, ``stdout`` or ``stderr`` is a terminal."""
    file = getattr(sys, stream)
    return file is not None and not file.closed and bool(file.isatty())


def harmless(text: str) -> str:
    """Return a text with its control characters spelled out, new lines and tabs kept."""
    return text.translate(_UNSAFE)


def one_line(text: str) -> str:
    """Return a name with its new lines spelled out, so that it stays on its line."""
    return text.replace("\n", "\\n")


def human_size(size: int) -> str:
    """Return a size in bytes as people write it, in powers of 1024: ``1.4 MiB``."""
    if size < 1024:  # noqa: PLR2004 - a KiB
        return f"{size} B"
    amount, unit = float(size), "B"
    for unit in _UNITS:  # noqa: B007 - the last one is used below
        amount /= 1024
        if amount < 1023.95:  # noqa: PLR2004 - what would be rounded to 1024.0
            break
    return f"{amount:.1f} {unit}"


def day(seconds: float | None) -> str:
    """Return the day, in UTC, of a time in seconds since 1970; ``-`` where none is known."""
    import time

    return "-" if seconds is None else time.strftime("%Y-%m-%d", time.gmtime(seconds))


def several(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def either(words: Sequence[str]) -> str:
    """Return words with commas and an ``or`` between them; at least one."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _styled(text: str, style: str, stream: str) -> str:
    """Return a text in a style where the stream takes colours and nobody minds (no-color.org)."""
    plain_wanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain_wanted or not on_terminal(stream) else f"{style}{text}\x1b[0m"


def _tell(data: bytes) -> None:
    """Write a line to stderr; where it takes none, the run goes on, and its exit status is what it says."""
    try:
        _write(sys.stderr, data)
    except OSError:
        silence("stderr")


def _write(stream: Any, data: bytes) -> None:  # noqa: ANN401 - a text stream, or None
    """Write a line of bytes at once; a stream that was closed before we began takes nothing."""
    if stream is not None:
        stream.flush()
        stream.buffer.write(data + b"\n")
        stream.buffer.flush()
