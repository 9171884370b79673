"""Tells which command fetches what is missing offline."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from store.cli.frame import Frame
from store.cli.output import say

if TYPE_CHECKING:
    from store.fetching.asking import Wanted

_MOST: Final = 20
"""How many locators a command has at most; beyond that, the command is given again that was run."""


class Pins(NamedTuple):
    """What says which content is wanted, and is no part of a locator.

    Attributes:
        allow_unverified: Whether URLs without a digest are accepted.
        digests: What the content must be.
        mirrors: Further addresses of the same resource.
        max_age: How old a file may be, in seconds, or ``none``; None where it does not grow old.
    """

    allow_unverified: bool | None = None
    digests: Sequence[str] = ()
    mirrors: Sequence[str] = ()
    max_age: float | str | None = None


def tell_command(missing: Sequence[Wanted], frame: Frame, pins: Pins) -> None:
    """Tell the command that fetches what is missing; see `command_for`."""
    if not frame.quiet:
        command = command_for(missing, frame, pins)
        say(f"with the network, this fetches {'them' if len(missing) > 1 else 'it'}:\n  {command}")


def command_for(missing: Sequence[Wanted], frame: Frame, pins: Pins) -> str:
    """Return the command that fetches what is missing into the same cache, with the network.

    Args:
        missing: What is missing.
        frame: What was decided beside.
        pins: What was said of their content.
    """
    words = ["store"]
    if len(missing) <= _MOST:
        words.append("fetch")
        words += _options(pins)
        for key, option in (("cache_dir", "--cache-dir"), ("cache", "--cache")):
            if key in frame.flags:
                words += [option, str(frame.flags[key])]
        words += [_spelled(one) for one in missing]
    else:
        words += [_without_secret(one) for one in frame.arguments if one != "--offline"]
    from store.config.reading import read_settings

    flags = {key: value for key, value in frame.flags.items() if key != "offline"}
    network = "STORE_OFFLINE=0 " if read_settings(flags).settings.offline else ""
    return network + shlex.join(words)


def _options(pins: Pins) -> list[str]:
    words = ["--allow-unverified"] if pins.allow_unverified else []
    if pins.max_age is not None:
        seconds = pins.max_age
        words += ["--max-age", seconds if isinstance(seconds, str) else f"{seconds:.15g}"]
    for one in pins.digests:
        words += ["--digest", one]
    for one in pins.mirrors:
        words += ["--mirror", _without_secret(one)]
    return words


def _spelled(wanted: Wanted) -> str:
    from store.fetching.locator import Listed, spelled

    return str(wanted) if isinstance(wanted, Listed) else spelled(str(wanted))


def _without_secret(word: str) -> str:
    from store.fetching.locator import spelled

    return spelled(word) if "://" in word else word
