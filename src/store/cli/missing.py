"""Tells which command fetches what is missing offline."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from store.cli.frame import Frame
from store.cli.output import say

if TYPE_CHECKING:
    from store.fetching.asking import Wanted

_MOST: Final = 20
"""How many locators a command has at most; beyond that, the command is given again that was run."""


def tell_command(
    missing: Sequence[Wanted], frame: Frame, allow_unverified: object, *, again: bool = False
) -> None:
    """Tell the command that fetches what is missing; see `command_for`."""
    if not frame.quiet:
        waived = bool(allow_unverified)
        command = command_for(missing, frame, allow_unverified=waived, again=again)
        say(f"with the network, this fetches {'them' if len(missing) > 1 else 'it'}:\n  {command}")


def command_for(
    missing: Sequence[Wanted], frame: Frame, *, allow_unverified: bool, again: bool = False
) -> str:
    """Return the command that fetches what is missing into the same cache, with the network.

    Args:
        missing: What is missing.
        frame: What was decided beside.
        allow_unverified: Whether URLs without a digest were accepted.
        again: Whether it takes more than the locators to fetch them: what was run is to be run again.
    """
    words = ["store"]
    if len(missing) <= _MOST and not again:
        words.append("fetch")
        if allow_unverified:
            words.append("--allow-unverified")
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


def _spelled(wanted: Wanted) -> str:
    from store.fetching.locator import Listed, spelled

    return str(wanted) if isinstance(wanted, Listed) else spelled(str(wanted))


def _without_secret(word: str) -> str:
    from store.fetching.locator import spelled

    return spelled(word) if "://" in word else word
