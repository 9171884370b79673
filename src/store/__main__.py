"""The door of the command line: ``store`` and ``python -m store``."""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

_GARBAGE: Final = 100_000
"""How many objects are made between two looks for garbage: more than a hit makes."""


def main() -> int:
    """Run the command line with the process's own arguments.

    Returns:
        The exit status: see ``store --help``.
    """
    gc.set_threshold(_GARBAGE, 10, 10)
    try:
        return _run()
    finally:
        # The interpreter looks for garbage once more as it ends; what lives is not to be looked at.
        gc.freeze()


def _run() -> int:
    if sys.platform == "win32":
        sys.stderr.write(
            "store: Windows is not supported until it is tested: use Linux, macOS or WSL\n"
        )
        return 1
    try:
        if sys.argv[1:] == ["--version"]:
            # Asked by scripts and by shells' prompts: click alone would cost half of the time.
            from store.cli.output import show_version

            try:
                return show_version()
            except OSError:
                pass  # and is told below, like any result that cannot be written
        if _is_plain_fetch(sys.argv[1:]):
            from store.cli.bringing import fetched_plainly

            return fetched_plainly(sys.argv[2:])
        from store.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


def _is_plain_fetch(arguments: list[str]) -> bool:
    """Whether it is ``store fetch`` with locators alone, and no shell that asks for completions."""
    locators = arguments[1:]
    return (
        arguments[:1] == ["fetch"]
        and bool(locators)
        and not any(one.startswith("-") for one in locators)
        and "_STORE_COMPLETE" not in os.environ
    )


if __name__ == "__main__":
    sys.exit(main())
