"""What was decided beside a command's own options."""

from __future__ import annotations

import contextlib
import functools
import logging
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from store.config.model import Settings
    from store.config.reading import Reading
    from store.events import Saved

_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)

_LEAKY: Final = ("urllib3", "requests")
"""Loggers that write whole addresses, secrets included: never shown."""

COMMAND_DEADLINE: Final = 3600.0
"""How long a fetch may take on the command line where nobody says otherwise, in seconds."""


def ended_by(number: int) -> KeyboardInterrupt | SystemExit:
    """Return what unwinds a run that a signal ends, by its number."""
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


class Frame:
    """What was decided beside a command's own options; made by `store.cli.ending.run`.

    Attributes:
        quiet: Say nothing but errors.
        verbose: 1 logs what happens, 2 everything, tracebacks included.
        progress: Whether bars may be shown.
        json: Whether the result is to be JSON.
        lines: Whether that is an object a line, errors included.
        flags: Settings by key, as text, that flags decided.
        events: Whether every event is to be printed, in place of bars and lines for people.
        arguments: What the command line was given.
        stopped: The number of the signal that told the run to end, 0 for none: what is on its way is to
            break off.
        settle: Ends what is drawn on stderr, so that lines may follow; says whether anything was.
        note_hit: Takes note of a hit and its bytes, for who counts.
        pause: Takes away what is drawn while lines are printed.
        here: Says how many of several have come, and of how many: an interruption tells of it.
        saved: What is kept of bodies that are not whole yet, by uid: an interruption tells of it.
        kept: What else an interruption leaves to the next run, in words; an empty text where nothing is.
        again: Which run goes on with what is kept, in words.
    """

    def __init__(self) -> None:
        self.quiet = False
        self.verbose = 0
        self.progress = True
        self.json = False
        self.lines = False
        self.events = False
        self.stopped = 0
        self.arguments: tuple[str, ...] = ()
        self.flags: dict[str, Any] = {}
        self.settle: Callable[[], bool] = lambda: False
        self.note_hit: Callable[[int], None] = lambda _: None
        self.pause: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self.here: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self.saved: Mapping[str, Saved] = {}
        self.kept = ""
        self.again = "the same command goes on from there"
        self._handler: _Handler | None = None
        self._level_before = logging.WARNING

    def end_if_stopped(self) -> None:
        """Break off what is on its way, where a signal has told the run to end.

        Raises:
            KeyboardInterrupt: It was SIGINT.
            SystemExit: It was another, with the status that shells give it.
        """
        if self.stopped:
            raise ended_by(self.stopped)

    @functools.cached_property
    def reading(self) -> Reading:
        """The settings that hold, with their sources.

        Raises:
            ConfigurationError: They cannot be read.
        """
        from store.config.reading import read_settings

        return read_settings(self.flags)

    @property
    def settings(self) -> Settings:
        """The settings that hold, with the command line's own default for the deadline.

        Raises:
            ConfigurationError: They cannot be read.
        """
        settings = self.reading.settings
        if self.reading.sources.get("deadline", "default") == "default":
            return settings._replace(deadline=COMMAND_DEADLINE)
        return settings

    def shows_bars(self) -> bool:
        """Whether progress bars are to be drawn on stderr."""
        from store.cli.output import on_terminal

        wish = self.settings.progress
        if self.quiet or not self.progress or wish == "never":
            return False
        return wish == "always" or on_terminal("stderr")

    def listen(self) -> None:
        """Show the log on stderr, as far as the options ask for it."""
        if self._handler is None:
            self._handler = _Handler(self)
            self._handler.addFilter(_may_be_shown)
            self._level_before = logging.getLogger().level
            logging.getLogger().addHandler(self._handler)
        level = logging.ERROR if self.quiet else _LEVELS[min(self.verbose, 2)]
        pattern = "store: %(message)s" if level > logging.DEBUG else "%(name)s: %(message)s"
        self._handler.setFormatter(_Harmless(pattern))
        self._handler.setLevel(level)
        logging.getLogger().setLevel(min(level, logging.WARNING))

    def end(self) -> None:
        """Stop drawing, and stop showing the log."""
        self.settle()
        if self._handler is not None:
            self._handler.settle()
            logging.getLogger().removeHandler(self._handler)
            logging.getLogger().setLevel(self._level_before)
            self._handler = None


class _Handler(logging.StreamHandler[Any]):
    """Writes to stderr, and not into what is drawn there."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(sys.stderr)
        self._frame = frame

        self._told: dict[tuple[str, int], tuple[str, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record while the picture pauses; one of a kind that was told is only counted."""
        if not self._frame.verbose and self._is_known(record):
            return
        with self._frame.pause():
            super().emit(record)

    def settle(self) -> None:
        """Say how many more there were of each kind that was told once."""
        told, self._told = self._told, {}
        for text, count in told.values():
            if count > 1 and not self._frame.quiet:
                from store.cli.output import say, several

                say(f"{several(count - 1, 'more warning')} like that of {text} (-v tells each)")

    def _is_known(self, record: logging.LogRecord) -> bool:
        """Whether it says of another file what was told of one: a full disk is full for all."""
        given = record.args if isinstance(record.args, tuple) else ()
        number = next((one.errno for one in given if isinstance(one, OSError)), None)
        if number is None:
            return False
        key = (str(record.msg), number)
        of = next((str(one) for one in given if not isinstance(one, OSError)), record.msg)
        text, count = self._told.get(key, (of, 0))
        self._told[key] = (text, count + 1)
        return bool(count)


class _Harmless(logging.Formatter):
    """Spells out control characters, and leaves tracebacks to those who ask for everything."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line without secrets; its traceback is for those who debug."""
        from store.addresses import without_secrets
        from store.cli.output import harmless

        # A copy, since formatters keep the traceback's text in the record for one another.
        alone = logging.makeLogRecord(vars(record))
        alone.exc_info = alone.exc_text = None
        text = super().format(alone)
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            wanted = logging.getLogger().level <= logging.DEBUG
            kind, error, _ = record.exc_info
            short = f"  {kind.__name__}: {error}"
            text += "\n" + without_secrets(
                self.formatException(record.exc_info) if wanted else short
            )
        return harmless(text)


def _may_be_shown(entry: logging.LogRecord) -> bool:
    return entry.name.partition(".")[0] not in _LEAKY
