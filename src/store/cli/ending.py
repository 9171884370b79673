"""How a run ends: each error becomes a line on stderr and a status."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from store.cli.frame import Frame
from store.cli.interrupting import interrupted
from store.cli.output import document, either, fail, plain, say, silence
from store.cli.unwinding import unwinding

if TYPE_CHECKING:
    from store.errors import StoreError

_BROKEN_PIPE: Final = 141
"""128 and SIGPIPE: what a shell says of a program whose reader has gone."""

_DISK: Final = 10
_USAGE: Final = 2


class Ending:
    """The exit status, once it is known, and whether all that belongs on stdout is there."""

    status: int = 1
    printed: bool = False


@contextlib.contextmanager
def ended(frame: Frame) -> Iterator[Ending]:
    """Turn whatever ends the block into an exit status, and tell on stderr what went wrong.

    Args:
        frame: Tells how much is to be said.
    """
    ending = Ending()
    with unwinding(frame):
        try:
            yield ending
            ending.printed = True
            _flush()
            _write_back(frame)
        except KeyboardInterrupt:
            ending.status = interrupted(frame, printed=ending.printed)
        except SystemExit:
            if frame.stopped:
                interrupted(frame, frame.stopped, printed=ending.printed)
            raise
        except BrokenPipeError:
            silence("stdout")
            ending.status = _BROKEN_PIPE
        except Exception as error:  # noqa: BLE001 - a person gets a line, not a traceback
            frame.settle()
            status = _of_click(error, frame)
            ending.status = failure(error, frame) if status is None else status
        finally:
            if frame.stopped:
                _write_back(frame)
            frame.end()


def failure(error: Exception, frame: Frame, **beside: Any) -> int:  # noqa: ANN401 - plain data
    """Tell of an error: a line on stderr, with ``--json`` an object on stdout too.

    Args:
        error: One of ours, or a surprise.
        frame: Tells how much is to be said.
        beside: What the object holds beside ``error``.

    Returns:
        The exit status.
    """
    from store.addresses import without_secrets
    from store.errors import StoreError

    printable = True
    if isinstance(error, StoreError):
        status = error.exit_status
        fail(str(error))
        _tell_attempts(error, frame)
        _tell_step(error, frame)
    elif isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO} and not beside:
        silence("stdout")
        status, printable = _DISK, False
        fail(f"the result cannot be written: {error.strerror}")
    else:
        status = 1
        hint = "" if frame.verbose else "; run it again with -v for the traceback, and report it"
        fail(f"unexpected {type(error).__name__}: {without_secrets(str(error))}{hint}")
    if frame.verbose > isinstance(error, StoreError):
        _trace(error)
    if frame.json and printable:
        if frame.lines and not beside:
            beside = {"locator": None}
        record_failure(error, **beside)
    return status


def record_failure(error: Exception, **beside: Any) -> None:  # noqa: ANN401 - plain data
    """Print an error as an object on stdout; see `failure`."""
    _print({**beside, "error": described(error)}, line=bool(beside))


def _print(value: dict[str, Any], *, line: bool) -> None:
    """Print an object, on one line where it is one of several."""
    if line:
        from store.cli.output import record

        record(value)
    else:
        document(value)


def described(error: Exception) -> dict[str, Any]:
    """Return an error as plain data: its class, message, exit status, and what it carries."""
    from store.addresses import without_secrets
    from store.carried import class_of
    from store.cli.describing import as_data
    from store.errors import StoreError

    if not isinstance(error, StoreError):
        return {
            "type": type(error).__name__,
            "message": without_secrets(str(error)),
            "exit_status": 1,
        }
    data = {
        "type": class_of(error),
        "message": str(error),
        "exit_status": error.exit_status,
    }
    hidden = {"messages", "origin", "args"}
    for name, value in vars(error).items():
        if name not in hidden and not name.startswith("_") and value not in (None, ()):
            data[name] = as_data(value)
    return data


def _tell_step(error: StoreError, frame: Frame) -> None:
    """Tell what a person may do now."""
    from store.cli.steps import next_step

    step = next_step(error)
    if step is not None and not frame.quiet:
        say(step)


def _tell_attempts(error: Any, frame: Frame) -> None:  # noqa: ANN401 - a StoreError
    """List the tries that failed in another way than the last, so that each mirror's fault is seen."""
    if frame.quiet:
        return
    told = {str(error): True}
    for attempt in error.attempts:
        address, reason = getattr(attempt, "address", ""), str(getattr(attempt, "reason", attempt))
        text = reason if address in reason or reason == str(error) else f"{address}: {reason}"
        if not told.setdefault(text, False):
            told[text] = True
            say(f"  tried before: {text}")


def _of_click(error: Exception, frame: Frame) -> int | None:
    """Tell of an error of click's, which is not loaded for this; return None for another."""
    click = sys.modules.get("click")
    if click is None:
        return None
    if isinstance(error, click.Abort):
        if not isinstance(error.__context__, EOFError):
            return interrupted(frame)
        fail("the question was not answered: nothing was done")
        return 1
    return _usage(error, frame) if isinstance(error, click.ClickException) else None


def _usage(error: Any, frame: Frame) -> int:  # noqa: ANN401 - a click.ClickException
    near = getattr(error, "possibilities", None)
    hint = f": did you mean {either(near)}?" if near else ""
    message = _lower(error.message if near else error.format_message()) + hint
    fail(message)
    context = getattr(error, "ctx", None)
    if context is not None:
        plain(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.")
    # The error may stand before the flag, which then was not read.
    if frame.json or "--json" in frame.arguments:
        from store.addresses import without_secrets

        told = {"type": "UsageError", "message": without_secrets(message), "exit_status": _USAGE}
        lines = context is not None and _prints_lines(context.command)
        _print({"locator": None, "error": told} if lines else {"error": told}, line=lines)
    return _USAGE


def _prints_lines(command: Any) -> bool:  # noqa: ANN401 - a click.Command
    """Whether a command's ``--json`` is an object a line; its options may not have been read."""
    from store.cli.options import JsonLines

    return any(isinstance(one, JsonLines) for one in command.params)


def _lower(message: str) -> str:
    """Let click's sentences begin and end like ours."""
    message = message.rstrip(".")
    return message[:1].lower() + message[1:] if message[1:2].islower() else message


def _trace(error: Exception) -> None:
    import traceback

    from store.addresses import without_secrets

    plain(without_secrets("".join(traceback.format_exception(error)).rstrip()))


def _flush() -> None:
    """Hand on what was printed while an error can still be told; what cannot be told is no error."""
    if sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()
    try:
        if sys.stderr is not None and not sys.stderr.closed:
            sys.stderr.flush()
    except OSError:
        silence("stderr")


def _write_back(frame: Frame) -> None:
    """See to what is still written to shared tiers; it is loaded only where there are any."""
    if "store.sharing.writing" in sys.modules:
        from store.cli.finishing import finish, leave

        if frame.stopped:
            leave()
        else:
            finish(frame)
